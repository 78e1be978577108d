"""Links and images of a Markdown text: finding them where they stand, and giving them other addresses.

Nothing but addresses is changed, so that a text whose links are turned round and back is the same.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from portal.articles.transfer.regions import Regions

_DEFINITION: Final = re.compile(
    r"^[ \t>]{0,12}\[(?P<label>[^\[\]\n^][^\[\]\n]{0,200})\]:[ \t]*\n?[ \t]*"
    r"(?P<address><[^<>\n]*>|[^\s<]\S*)[^\n]*$",
    re.MULTILINE,
)
_HTML: Final = re.compile(
    r"<(?P<tag>a|img)\b[^<>]{0,2000}?\b(?P<attribute>(?:href|src)\s*=\s*(?P<quote>[\"'])(?P<address>[^\"'<>]*)(?P=quote))",
    re.IGNORECASE,
)
_REFERENCE: Final = re.compile(r"\[(?P<label>[^\[\]\n]*)\]")
_ESCAPE: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_TITLE: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\((?:[^()\\]|\\.)*\)", re.DOTALL)
_LETTER: Final = r"\\.|[^\s()\\]"
_BARE: Final = re.compile(rf"(?:{_LETTER}|\((?:{_LETTER}|\((?:{_LETTER})*+\))*+\)){{0,3000}}+")
"""An address without angle brackets: parentheses in it are in pairs, at most two deep."""
_SPECIAL: Final = re.compile(r"\\.|!\[|[\[\]]", re.DOTALL)
_BRACKET: Final = re.compile(r"[\[\]\\]")
_NEEDS_BRACKETS: Final = re.compile(r"[\s()<>]")
MAX_ADDRESS: Final = 3000
MAX_TITLE: Final = 1000
"""Longer ones are taken for text, so that a broken page costs no minutes."""


@dataclass(frozen=True, slots=True)
class Link:
    """One link or image. `address` is without escapes and brackets; spans are positions in the text."""

    address: str
    image: bool
    label: str
    span: tuple[int, int]
    address_span: tuple[int, int]
    kind: str
    """`inline` for `[text](address)`, `definition` for `[name]: address`, `html` for an attribute."""


@dataclass(frozen=True, slots=True)
class Unlink:
    """Leave the visible text of a link and take the link away; `image` stands in for a picture."""

    image: str = ""


Answer = str | Unlink | None


def rewrite(text: str, answer: Callable[[Link], Answer]) -> str:
    """`text` with each link as `answer` says: a new address, `Unlink`, or None to keep it."""
    edits: list[tuple[int, int, str]] = []
    gone: set[str] = set()
    for link in found(text):
        reply = answer(link)
        if isinstance(reply, Unlink):
            edits.extend(_unlinked(text, link, reply))
            if link.kind == "definition":
                gone.add(_name(link.label))
        elif reply is not None:
            edits.append((*link.address_span, _quoted(reply, link)))
    if gone:
        edits.extend(_uses(text, gone))
    return _edited(text, edits)


def markdown_link(label: str, address: str) -> str:
    """A link in Markdown; the label is plain text."""
    quoted = _BRACKET.sub(r"\\\g<0>", label)
    return f"[{quoted}](<{address}>)"


def found(text: str) -> Iterator[Link]:
    """The links of `text` outside code. A picture within a link is given before the link."""
    regions = Regions(text)
    if "](" in text:
        yield from _inline(text, regions)
    for match in _DEFINITION.finditer(text):
        if regions.end(match.start("label")) is None:
            raw = match["address"]
            span = match.span("address")
            yield Link(_plain(raw), False, match["label"], match.span(), span, "definition")  # noqa: FBT003
    for match in _HTML.finditer(text):
        if regions.end(match.start()) is None:
            image = match["tag"].lower() == "img"
            address = match["address"].strip()
            yield Link(address, image, "", match.span("attribute"), match.span("address"), "html")


def _inline(text: str, regions: Regions) -> Iterator[Link]:
    opened: list[tuple[int, bool]] = []
    position = 0
    while (match := _SPECIAL.search(text, position)) is not None:
        at, position = match.start(), match.end()
        code_end = regions.end(at)
        if code_end is not None:
            position = code_end
        elif match[0] in ("[", "!["):
            opened.append((at, match[0] == "!["))
        elif match[0] == "]" and opened:
            start, image = opened.pop()
            target = _target(text, position)
            if target is not None:
                label = text[start + 1 + image : at]
                address_span, end = target
                address = _plain(text[slice(*address_span)])
                yield Link(address, image, label, (start, end), address_span, "inline")
                position = end


def _target(text: str, position: int) -> tuple[tuple[int, int], int] | None:
    """The span of the address in `(address "title")` at `position`, and where all of it ends."""
    if not text.startswith("(", position):
        return None
    start = _skip_space(text, position + 1)
    if text.startswith("<", start):
        close = text.find(">", start, start + MAX_ADDRESS)
        end = close + 1
        if close < 0 or "\n" in text[start:close]:
            return None
    else:
        bare = _BARE.match(text, start)
        end = bare.end() if bare is not None else start
    after = _skip_space(text, end)
    if after > end:
        title = _TITLE.match(text, after, after + MAX_TITLE)
        if title is not None:
            after = _skip_space(text, title.end())
    return ((start, end), after + 1) if text.startswith(")", after) else None


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\n":
        at += 1
    return at


def _plain(raw: str) -> str:
    inner = raw[1:-1] if raw.startswith("<") and raw.endswith(">") else raw
    return _ESCAPE.sub(r"\1", inner)


def _quoted(address: str, link: Link) -> str:
    if link.kind == "html":
        return address.replace("&", "&amp;").replace('"', "&quot;").replace("'", "&#39;")
    return f"<{address}>" if _NEEDS_BRACKETS.search(address) or not address else address


def _unlinked(text: str, link: Link, reply: Unlink) -> Iterator[tuple[int, int, str]]:
    start, end = link.span
    if link.kind == "inline":
        if link.image:
            yield start, end, reply.image
        else:
            yield start, start + 1, ""
            yield start + 1 + len(link.label), end, ""
    else:
        # a definition goes with its line; of an HTML tag only the attribute
        yield start, end + (link.kind == "definition" and text.startswith("\n", end)), ""


def _name(label: str) -> str:
    return " ".join(label.casefold().split())


def _uses(text: str, gone: set[str]) -> Iterator[tuple[int, int, str]]:
    """Take away the brackets of `[text][name]`, `[name][]` and `[name]` of definitions that are gone."""
    regions = Regions(text)
    position = 0
    while (match := _REFERENCE.search(text, position)) is not None:
        position = match.end()
        if regions.end(match.start()) is not None or text.startswith((":", "("), position):
            continue
        second = _REFERENCE.match(text, position)
        name = second["label"] or match["label"] if second is not None else match["label"]
        if _name(name) in gone:
            position = second.end() if second is not None else position
            yield match.start(), match.start() + 1, ""
            yield match.end() - 1, position, ""


def _edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    kept: list[str] = []
    position = 0
    for start, end, new in sorted(edits):
        if start < position:
            continue  # within something that is gone already
        kept += [text[position:start], new]
        position = end
    return "".join([*kept, text[position:]])
