"""The places of a page that links can lead to, found without rendering the page.

Rendering takes a process and some milliseconds for each page; an import asks for the headings of
every page that is linked to. A test compares what is found here with what the renderer makes.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from portal.articles.transfer.regions import Regions
from portal.markdown.page import PREFIX, slug

_HEADING: Final = re.compile(
    r"^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*#{1,6}[ \t]+(?P<atx>[^\n]*)$"
    r"|^[ \t>]*(?P<setext>[^\s>#|-][^\n]*)\n[ \t>]*(?:=+|-+)[ \t]*$"
    r"|<h[1-6]\b[^<>]{0,500}>(?P<html>[^<]{0,500}(?:<(?!/h)[^<]{0,500}){0,20})</h",
    re.MULTILINE | re.IGNORECASE,
)
MAX_HEADING: Final = 1000
"""A longer heading is cut; so is the anchor of any heading, far earlier."""

_OWN_NAME: Final = re.compile(r"\{:?[ \t]*#([^{}\s]{1,80})[ \t]*\}\Z")
_LINK: Final = re.compile(r"!?\[([^\]]*)\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\])")
_TAG: Final = re.compile(r"<[^<>]*>")
_MARKS: Final = re.compile(r"(?<!\\)[*`]|(?<![^\W_])_+|_+(?![^\W_])|~~")
_ESCAPE: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_RENDERED: Final = re.compile(r"<h[2-6] id=\"([^\"]+)\">(.*?)</h[2-6]>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Anchors:
    """The ids of a page's headings, and each spelling of them -> id."""

    ids: frozenset[str]
    by_key: Mapping[str, str]

    def find(self, fragment: str) -> str | None:
        """The fragment to write for `fragment`: itself when the renderer understands it, else the id of
        the heading that is meant; None when there is none."""
        wanted = unquote(fragment)
        if f"{PREFIX}{slug(wanted)}" in self.ids or wanted in self.ids:
            return fragment
        found = self.by_key.get(_key(wanted))
        return found.removeprefix(PREFIX) if found is not None else None


NONE: Final = Anchors(frozenset(), {})


def in_html(rendered: str) -> Anchors:
    """The anchors of a page as rendered."""
    by_key: dict[str, str] = {}
    for found, text in _RENDERED.findall(rendered):
        by_key.setdefault(_key(found.removeprefix(PREFIX)), found)
        by_key.setdefault(_key(html.unescape(_TAG.sub("", text))), found)
    return Anchors(frozenset(found for found, _ in _RENDERED.findall(rendered)), by_key)


def in_markdown(body: str) -> Anchors:
    """The anchors that `body` will have."""
    by_key: dict[str, str] = {}
    seen: Counter[str] = Counter()
    ids: set[str] = set()
    for text, own in _headings(body):
        natural = slug(own or text)
        seen[natural] += 1
        number = seen[natural]
        found = PREFIX + (natural if number == 1 else f"{natural}-{number}")
        ids.add(found)
        for known in (found.removeprefix(PREFIX), text, own):
            by_key.setdefault(_key(known), found)
    return Anchors(frozenset(ids), by_key)


def _headings(body: str) -> Iterator[tuple[str, str]]:
    """The plain text of each heading outside code blocks, and the name its author gave it."""
    regions = Regions(body, inline=False)
    for match in _HEADING.finditer(body):
        if regions.end(match.start()) is None:
            source = (match["setext"] or match["html"] or "").rstrip()[:MAX_HEADING]
            if match["atx"] is not None:
                source = match["atx"].rstrip().rstrip("#").rstrip()[:MAX_HEADING]
            own = _OWN_NAME.search(source)
            yield _plain(source[: own.start()] if own else source), own[1] if own else ""


def _plain(source: str) -> str:
    text = _TAG.sub("", _LINK.sub(r"\1", source))
    return " ".join(html.unescape(_ESCAPE.sub(r"\1", _MARKS.sub("", text))).split())


def _key(text: str) -> str:
    """What is equal in all spellings of an anchor."""
    return re.sub(r"[\W_]+", "", text.casefold().replace("&", "and"))
