"""The body of a file as the portal keeps it: tags written out, links turned to articles and attachments."""

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from portal.articles.attachments import INLINE
from portal.articles.transfer import liquid
from portal.articles.transfer.anchors import Anchors
from portal.articles.transfer.frontmatter import FileProblem
from portal.articles.transfer.links import Answer, Link, Unlink, rewrite
from portal.articles.transfer.regions import Regions
from portal.articles.transfer.report import Report
from portal.articles.transfer.sitemap import MAIL, SiteMap, Target

PENDING: Final = "attachment:"
"""Begins the address of a file that is not yet an attachment; its path in the folder follows."""

_NUMBERED_ITEM: Final = re.compile(r"^(?P<item>[ ]*[-*+][ ]+\d{1,9})(?P<dot>[.)])(?=[ ])", re.MULTILINE)
_H1: Final = re.compile(r"\A\s*(?:#[ \t]+(?P<atx>[^\n]*?)[ \t]*#*|(?P<setext>[^\n]+)\n=+)[ \t]*(?:\n|\Z)")


def first_heading(body: str) -> tuple[str, str]:
    """The top heading that `body` begins with and the rest; no heading: an empty text and all of it."""
    match = _H1.match(body)
    if match is None:
        return "", body
    text = (match["atx"] or match["setext"] or "").strip()
    return text, body[match.end() :].lstrip("\n")


@dataclass(slots=True)
class Body:
    """A file's body on its way. `text` is in Markdown; `assets` are the files that it shows or links."""

    path: str
    source: str
    """The file's text as it came, in which lines are counted."""
    text: str
    first_line: int
    """The line of the file on which `text` begins."""
    own: bool
    assets: list[str]


@dataclass(slots=True)
class Context:
    """What all pages of an import have in common."""

    sitemap: SiteMap
    slug_of: Mapping[str, str]
    """Path of a page -> its address; pages that readers will not see are not in it."""
    known_slugs: frozenset[str]
    anchors: Callable[[str], Anchors]
    """The anchors of the article at a slug."""
    media_type: Callable[[str], str]
    """The type of a file of the folder; raises FileProblem when it cannot be an attachment."""
    report: Report


def with_addresses(text: str, addresses: Mapping[str, str]) -> str:
    """`text` with the addresses of its attachments in place of their paths, as far as they are known."""

    def _answer(link: Link) -> Answer:
        pending = link.address.startswith(PENDING)
        return addresses.get(link.address.removeprefix(PENDING)) if pending else None

    return rewrite(text, _answer) if PENDING in text else text


def without_tags(body: Body, *, title: str, report: Report) -> None:
    """Write out the Liquid tags of a body that is not in the portal's own form.

    A number at the start of a list item stays one; it would begin a list within the item.
    """
    found = liquid.to_markdown(body.text, title=title)
    regions = Regions(found.text)
    body.text = _NUMBERED_ITEM.sub(
        lambda m: m[0] if regions.end(m.start()) is not None else f"{m['item']}\\{m['dot']}", found.text
    )
    for line, tag in found.left_out:
        report.note("tag", body.path, line + body.first_line - 1, tag)


def link(body: Body, context: Context) -> None:
    """Turn the links of a body: pages become articles, files become attachments-to-be.

    What leads nowhere is reported. In the portal's own form it stays as written; otherwise its text
    stays and the link goes, so that readers meet no dead ends.
    """
    body.text = rewrite(body.text, _Linker(body, context).answer)


class _Linker:
    def __init__(self, body: Body, context: Context) -> None:
        self._body = body
        self._context = context
        self._seen: Counter[str] = Counter()

    def answer(self, link: Link) -> Answer:
        """What becomes of one link."""
        target = self._context.sitemap.resolve(link.address, path=self._body.path)
        if target.kind == "elsewhere":
            return self._elsewhere(link)
        if target.kind == "file":
            return self._asset(link, target.path)
        slug_there = self._slug(target)
        if slug_there is None or link.image:
            return self._nowhere(link, target)
        return self._article(link, slug_there, target.fragment)

    def _asset(self, link: Link, path: str) -> Answer:
        try:
            kind = self._context.media_type(path)
        except FileProblem as problem:
            return self._nowhere(link, Target("nowhere", problem.reason))
        if path not in self._body.assets:
            self._body.assets.append(path)
        if link.image and link.kind == "inline" and kind not in INLINE:
            self._note(
                "picture", link, f"{link.address}: a page cannot show this kind of picture; it is a link"
            )
            return Unlink(f"[{link.label or posixpath.basename(path)}](<{PENDING}{path}>)")
        return PENDING + path

    def _slug(self, target: Target) -> str | None:
        if target.kind == "page":
            return self._context.slug_of.get(target.path)
        if target.kind == "article" and target.path in self._context.known_slugs:
            return target.path
        return None

    def _article(self, link: Link, slug_there: str, fragment: str) -> str:
        address = f"/articles/{slug_there}"
        if not fragment:
            return address
        found = self._context.anchors(slug_there).find(fragment)
        if found is None:
            self._note("anchor", link, f"{link.address}: there is no #{fragment} on that page")
            return f"{address}#{fragment}" if self._body.own else address
        return f"{address}#{found}"

    def _elsewhere(self, link: Link) -> Answer:
        if link.address.startswith("#"):
            return self._same_page(link)
        bare_mail = MAIL.fullmatch(link.address) and not self._body.own
        return f"mailto:{link.address}" if bare_mail else None

    def _same_page(self, link: Link) -> Answer:
        """A link to a heading of this page; the renderer leaves out one that leads nowhere."""
        own_slug = self._context.slug_of.get(self._body.path, "")
        fragment = link.address[1:]
        if not fragment or not own_slug or fragment.startswith("fn"):
            return None
        found = self._context.anchors(own_slug).find(fragment)
        if found is None:
            self._note("anchor", link, f"{link.address}: there is no such place on this page")
        return f"#{found}" if found not in (None, fragment) else None

    def _nowhere(self, link: Link, target: Target) -> Answer:
        reason = target.path if target.kind == "nowhere" else "that page is not shown to readers"
        if link.image:
            reason = "there is no such picture" if target.kind != "nowhere" else reason
        self._note("picture" if link.image else "link", link, f"{link.address}: {reason}")
        if self._body.own:
            return None
        label = link.label.strip()
        return Unlink(f"(Image: {label})" if label else "")

    def _note(self, kind: str, link: Link, text: str) -> None:
        self._context.report.note(kind, self._body.path, self._line(link.address), text)

    def _line(self, address: str) -> int:
        """The line on which an address stands in the file as it came; tags have moved since."""
        wanted = address.strip("/") or ('"/"' if '"/"' in self._body.source else "(/)")
        self._seen[wanted] += 1
        at = -1
        for _ in range(self._seen[wanted]):
            following = self._body.source.find(wanted, at + 1)
            if following < 0:
                break
            at = following
        return self._body.source.count("\n", 0, at) + 1 if at >= 0 else 0
