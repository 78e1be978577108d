"""Which page of a folder an address stands for: file names, the addresses a site would give its
pages, and the old addresses that pages name in their front matter."""

import posixpath
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from portal.articles.transfer.folder import MARKDOWN

INDEX_NAMES: Final = ("index", "readme", "_index")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
MAIL: Final = re.compile(r"[^\s@/:]+@[^\s@/]+\.[^\s@/.]+")
_ARTICLE: Final = re.compile(r"/articles/(?P<slug>[^/?#]+)/?")


@dataclass(frozen=True, slots=True)
class Target:
    """What an address stands for.

    `kind`: `elsewhere` (another site, or a place on the same page), `page` (`path` is a Markdown
    file), `file` (`path` is another file), `article` (`path` is a slug), or `nowhere` (`path` says why).
    """

    kind: str
    path: str = ""
    fragment: str = ""


ELSEWHERE: Final = Target("elsewhere")


@dataclass(slots=True)
class SiteMap:
    """The addresses of one folder."""

    pages: dict[str, str] = field(default_factory=dict)
    """Site address without slashes at its ends, case folded -> path of the Markdown file."""
    files: dict[str, str] = field(default_factory=dict)
    """Path of any other file, case folded -> path as it is."""

    def resolve(self, address: str, *, path: str) -> Target:
        """What `address` in the file `path` stands for."""
        if not address or address.startswith("#") or _SCHEME.match(address) or MAIL.fullmatch(address):
            return ELSEWHERE
        parts = urlsplit(address)
        wanted = unquote(parts.path)
        if not wanted:
            return ELSEWHERE  # `?query` alone stays on the page
        found = self._lookup(wanted, path)
        article = _ARTICLE.fullmatch(parts.path)
        if found.kind == "nowhere" and article is not None:
            found = Target("article", unquote(article["slug"]))
        return Target(found.kind, found.path, parts.fragment)

    def _lookup(self, wanted: str, path: str) -> Target:
        outside = False
        for candidate in _candidates(wanted, path):
            if candidate is None:
                outside = True
                continue
            key = _fold(candidate)
            page = self.pages.get(key) or self.pages.get(_without_ending(key))
            if page is not None:
                return Target("page", page)
            if key in self.files:
                return Target("file", self.files[key])
        return Target("nowhere", "it leads out of the folder" if outside else "there is no such page or file")


def site_key(path: str) -> str:
    """The address that site generators give a Markdown file: without ending, `index` stands for its
    folder, and so does a file with the name of its folder."""
    stem = _without_ending(path)
    folder, _, name = stem.rpartition("/")
    same_as_folder = bool(folder) and name == folder.rpartition("/")[2]
    return folder if name.lower() in INDEX_NAMES or same_as_folder else stem


def build(paths: Iterable[str], others: Iterable[str], old: Mapping[str, Iterable[str]]) -> SiteMap:
    """The addresses of the Markdown files `paths`; `old` maps them to permalinks and old addresses."""
    found = SiteMap()
    ordered = sorted(paths, key=lambda path: (path.count("/"), path))
    for path in ordered:
        # the exact name first: `guide.md` beats `guide/index.md` for the address `guide`
        found.pages.setdefault(_fold(_without_ending(path)), path)
    for path in ordered:
        found.pages.setdefault(_fold(site_key(path)), path)
    for path in ordered:
        for address in old.get(path, ()):
            found.pages.setdefault(_fold(unquote(urlsplit(address).path)), path)
    found.files.update({_fold(path): path for path in others})
    return found


def _candidates(wanted: str, path: str) -> list[str | None]:
    """Where an address may lead, most likely first; None for a place outside the folder.

    A site shows `tools/slack.md` at `/tools/slack/`, so that `../zoom/` leads to `tools/zoom`; in a
    folder of files, `../zoom.md` is meant as it stands.
    """
    if wanted.startswith("/"):
        return [_within("", wanted.lstrip("/"))]
    as_file = _within(posixpath.dirname(path), wanted)
    as_site = _within(site_key(path), wanted)
    named = bool(posixpath.splitext(wanted)[1])
    return [as_file, as_site] if named else [as_site, as_file]


def _within(base: str, wanted: str) -> str | None:
    joined = posixpath.normpath(posixpath.join(base, wanted)) if wanted or base else ""
    if joined == ".." or joined.startswith(("../", "/")) or "\0" in joined:
        return None
    return "" if joined == "." else joined


def _without_ending(path: str) -> str:
    for ending in (*MARKDOWN, ".html"):
        if path.lower().endswith(ending):
            return path[: -len(ending)]
    return path


def _fold(path: str) -> str:
    return unicodedata.normalize("NFC", path.strip("/")).casefold()
