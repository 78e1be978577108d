"""The last touches on converted Markdown: heading ids and levels, links, tables, images, sections.

Works on the output of a sanitiser only, which is well-formed; it is sanitised once more afterwards.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any, Final
from urllib.parse import unquote

PREFIX: Final = "s-"
"""Begins the id of every heading, so that none can be equal to an id of the page around it."""

VOID: Final = {"br", "hr", "img", "input", "wbr"}
BLOCKS: Final = {
    *("p", "li", "tr", "pre", "div", "dt", "dd", "blockquote", "caption", "summary", "figcaption", "hr"),
    *("br", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "dl", "details"),
}
CELLS: Final = {"td", "th"}
HEADINGS: Final = {f"h{level}" for level in range(1, 7)}
SECTION_LEVELS: Final = 3

_APOSTROPHE = re.compile("['\u2018\u2019]")
_OWN_NAME = re.compile(r"\s*\{:?\s*#([^{}\s]{1,80})\s*\}\s*\Z")
_MARK = re.compile(r"\A\{:?\s*[.#][^{}\n]{1,80}\}")
_NOT_SLUG = re.compile(r"[^\w]+")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")


@dataclass(slots=True)
class Token:
    """A start tag (`tag`, `attrs`), an end tag (`tag`, `end`) or text (`text`)."""

    tag: str = ""
    text: str = ""
    end: bool = False
    attrs: dict[str, str] = field(default_factory=dict)

    def html(self) -> str:
        if not self.tag:
            return escape(self.text, quote=False)
        if self.end:
            return f"</{self.tag}>"
        attributes = "".join(f' {name}="{escape(value)}"' for name, value in self.attrs.items())
        return f"<{self.tag}{attributes}>"


@dataclass(frozen=True, slots=True)
class Page:
    """HTML with its sections ({"anchor", "level", "heading", "text"}) and number of words."""

    html: str
    sections: list[dict[str, Any]]
    words: int


class _Reader(HTMLParser):
    """Well-formed HTML as tokens."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tokens: list[Token] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kept = {name: value or "" for name, value in attrs if value or name != "class"}
        self.tokens.append(Token(tag=tag, attrs=kept))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.tokens.append(Token(tag=tag, end=True))

    def handle_data(self, data: str) -> None:
        self.tokens.append(Token(text=data))


def arrange(html: str) -> Page:
    """Give sanitised `html` its final form."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    tokens = _without_empty(reader.tokens)
    _tidy(tokens)
    anchors = _number_headings(tokens)
    _unique_ids(tokens)
    _aim_links(tokens, anchors)
    sections = _sections(tokens)
    words = sum(len(_WORD.findall(f"{s['heading']} {s['text']}")) for s in sections)
    return Page("".join(_finished(tokens)), sections, words)


def _without_empty(tokens: list[Token]) -> list[Token]:
    """`tokens` without empty paragraphs, which the sanitiser leaves where blocks stood in one; a link
    without a text gets its address as text."""
    kept: list[Token] = []
    for token in tokens:
        start = kept[-1] if token.end and kept and kept[-1].tag == token.tag else None
        if start is not None and not start.end and token.tag in ("p", "a"):
            address = start.attrs.get("href", "")
            if not address:
                kept.pop()
                continue
            kept.append(Token(text=address))
        kept.append(token)
    return kept


def slug(text: str) -> str:
    """`text` as an anchor without prefix: letters and digits of any script, in lower case."""
    folded = _APOSTROPHE.sub("", unicodedata.normalize("NFKC", text).casefold())
    return _NOT_SLUG.sub("-", folded).strip("-_")[:80].rstrip("-_") or "section"


def _key(text: str) -> str:
    """What is equal for a heading and the anchors that other programs would make of it."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def _tidy(tokens: list[Token]) -> None:
    """Take away `{.class}` behind a link, which other programs read and ours does not; a header
    cell without a text is no header."""
    for before, token in pairwise(tokens):
        if before.tag == token.tag == "th" and token.end and not before.end:
            before.tag = token.tag = "td"
        if before.end and before.tag == "a" and token.text.startswith("{"):
            token.text = _MARK.sub("", token.text)


def _heading_spans(tokens: list[Token]) -> list[tuple[int, int]]:
    """Positions of the start and end tag of each heading. One within another (raw HTML can hold a
    table in a heading) is no heading any more."""
    spans: list[tuple[int, int]] = []
    open_at: list[int] = []
    for position, token in enumerate(tokens):
        if token.tag not in HEADINGS:
            continue
        if not token.end:
            open_at.append(position)
        elif len(open_at) > 1:
            tokens[open_at.pop()].tag = token.tag = "div"
        else:
            spans.append((open_at.pop(), position))
    return spans


def _text(tokens: list[Token]) -> str:
    return " ".join("".join(t.text or t.attrs.get("alt", "") for t in tokens).split())


def _own_name(tokens: list[Token]) -> str:
    """The name that an author gave a heading as `{#name}` at its end, taken out of it; else ""."""
    last = next((token for token in reversed(tokens) if token.text.strip()), None)
    match = _OWN_NAME.search(last.text) if last else None
    if last is None or match is None:
        return ""
    last.text = last.text[: match.start()].rstrip("# ")
    return match[1]


def _number_headings(tokens: list[Token]) -> dict[str, str]:
    """Levels without gaps from 2 on (the page has the only h1), and ids; gives ids by their keys.

    The first heading with a text always has the id of that text alone, so that a link to it
    stays right whatever is added before or after. Later ones get the next free number.
    """
    spans = [span for span in _heading_spans(tokens) if not _dropped(tokens, *span)]
    named = [_own_name(tokens[start:end]) for start, end in spans]
    texts = [_text(tokens[start:end]) for start, end in spans]
    natural = [slug(name or text) for name, text in zip(named, texts, strict=True)]
    taken = set(natural)
    seen: set[str] = set()
    numbers: dict[str, int] = {}
    outer: list[int] = []
    anchors: dict[str, str] = {}
    for index, (start, end) in enumerate(spans):
        tokens[start].tag = tokens[end].tag = _level(outer, int(tokens[start].tag[1]))
        anchor = name = natural[index]
        while anchor in seen or (anchor != name and anchor in taken):
            numbers[name] = numbers.get(name, 1) + 1
            anchor = f"{name}-{numbers[name]}"
        seen.add(anchor)
        tokens[start].attrs = {"id": PREFIX + anchor}
        for known in (anchor, texts[index], named[index]):
            anchors.setdefault(_key(known), PREFIX + anchor)
    return anchors


def _dropped(tokens: list[Token], start: int, end: int) -> bool:
    """Whether a heading had no text and is gone now."""
    if _text(tokens[start:end]):
        return False
    tokens[start] = tokens[end] = Token()
    return True


def _level(outer: list[int], level: int) -> str:
    """The tag for a heading of `level` among the levels of the headings around it, which it joins."""
    while outer and outer[-1] >= level:
        outer.pop()
    outer.append(level)
    return f"h{min(1 + len(outer), 6)}"


def _unique_ids(tokens: list[Token]) -> None:
    """Take away ids that are there already (raw HTML can repeat those of footnotes)."""
    seen: set[str] = set()
    for token in tokens:
        found = token.attrs.get("id")
        if found in seen:
            del token.attrs["id"]
        elif found:
            seen.add(found)


def _aim_links(tokens: list[Token], anchors: dict[str, str]) -> None:
    """Links to headings, as other programs name them, to our ids; one that leads nowhere is no link."""
    ids = {token.attrs["id"] for token in tokens if "id" in token.attrs}
    for token in tokens:
        address = token.attrs.get("href", "") if token.tag == "a" else ""
        path, mark, fragment = address.partition("#")
        if not mark or fragment in ids:
            continue
        if not path:
            target = anchors.get(_key(unquote(fragment)))
            if target:
                token.attrs["href"] = f"#{target}"
            else:
                del token.attrs["href"]
        elif path.startswith("/articles/") and fragment and not fragment.startswith((PREFIX, "fn")):
            token.attrs["href"] = f"{path}#{PREFIX}{slug(unquote(fragment))}"


def _sections(tokens: list[Token]) -> list[dict[str, Any]]:
    """The plain text under each heading of level 2 and 3; deeper headings are part of the text."""
    sections: list[dict[str, Any]] = [{"anchor": "", "level": 0, "heading": "", "text": []}]
    in_heading = in_code = in_footnote_link = False
    for token in tokens:
        if token.tag in HEADINGS and int(token.tag[1]) <= SECTION_LEVELS:
            in_heading = not token.end
            if in_heading:
                level = int(token.tag[1])
                sections.append({"anchor": token.attrs["id"], "level": level, "heading": [], "text": []})
            continue
        if token.tag == "pre":
            in_code = not token.end
        elif token.tag == "a":
            in_footnote_link = token.attrs.get("class", "").startswith("footnote-")
        if not in_footnote_link:
            sections[-1]["heading" if in_heading else "text"].append(_plain(token, in_code=in_code))
    for section in sections:
        section["heading"] = " ".join("".join(section["heading"]).split())
        section["text"] = _LINES.sub("\n", _SPACES.sub(" ", "".join(section["text"]))).strip()
    return sections


def _plain(token: Token, *, in_code: bool) -> str:
    """The text of a token: one line for each block, however the source was broken into lines."""
    if token.tag in BLOCKS:
        return "\n"
    if token.tag in CELLS:
        return " "
    if token.tag == "img":
        return token.attrs.get("alt", "")
    return token.text if in_code else token.text.replace("\n", " ")


def _finished(tokens: list[Token]) -> list[str]:
    """The HTML of each token, with what readers need added."""
    result: list[str] = []
    tables = 0
    in_link = False
    for token in tokens:
        if token.tag == "a":
            in_link = not token.end
        if token.tag == "table":
            tables += not token.end
            result.append(_table(token, tables))
        elif token.end or not token.tag:
            result.append(token.html())
        elif token.tag == "input":
            result.append(_task(done="checked" in token.attrs))
        elif token.tag == "img":
            result.append(_image(token, in_link=in_link))
        else:
            _touch(token)
            result.append(token.html())
    return result


def _table(token: Token, number: int) -> str:
    """A table scrolls in its own box on narrow screens; the box can be reached with the keyboard."""
    if token.end:
        return "</table></div>"
    return f'<div class="table-box" role="group" tabindex="0" aria-label="Table {number}">{token.html()}'


def _task(*, done: bool) -> str:
    state, label = ("task task-done", "Done") if done else ("task", "To do")
    return f'<span class="{state}" role="img" aria-label="{label}"></span>'


def _external(address: str) -> bool:
    return address.lower().startswith(("http://", "https://", "//", "\\", "/\\"))


def _image(token: Token, *, in_link: bool) -> str:
    """An image of ours, loaded when it comes into view; one from elsewhere becomes a link to it,
    as the browser may load nothing from other servers."""
    source = token.attrs.get("src", "")
    alt = token.attrs.get("alt", "")
    if not source or source.lower().startswith(("mailto:", "tel:")):
        return escape(alt)
    if _external(source):
        label = escape(alt or "Image on another site")
        return label if in_link else f'<a class="external" rel="noopener" href="{escape(source)}">{label}</a>'
    token.attrs = {**token.attrs, "alt": alt, "loading": "lazy", "decoding": "async"}
    return token.html()


def _touch(token: Token) -> None:
    """Change the attributes of a start tag where its kind asks for it."""
    if token.tag == "a" and _external(token.attrs.get("href", "")):
        token.attrs |= {"rel": "noopener", "class": "external"}
    elif token.tag == "pre":
        token.attrs["tabindex"] = "0"
    elif token.tag in CELLS:
        align = token.attrs.pop("align", "")
        if align in ("left", "center", "right"):
            token.attrs["class"] = f"align-{align}"
        if token.tag == "th":
            token.attrs.setdefault("scope", "col")
