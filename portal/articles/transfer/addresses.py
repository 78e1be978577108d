"""Which address each imported page gets, and which old addresses lead to it."""

from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from portal.articles import slugs
from portal.articles.transfer.frontmatter import FileProblem
from portal.articles.transfer.known import Database
from portal.articles.transfer.report import Report
from portal.articles.transfer.sitemap import site_key


def precedence(path: str) -> tuple[int, str]:
    """The order in which pages choose: those nearer to the top of the folder first."""
    key = site_key(path)
    return key.count("/"), key


class Slugs:
    """Addresses given out so far, beside those that the database has."""

    def __init__(self, database: Database, report: Report) -> None:
        self._database = database
        self._report = report
        self._given = {stored.slug: path for path, stored in database.files.items()}

    def give(self, path: str, wanted: str, *, line: int) -> str:
        """The address of the page at `path`: the one it has, else `wanted`, else one made of its name.

        Raises FileProblem when `wanted` is not well-formed or is taken.
        """
        stored = self._database.files.get(path)
        if stored is not None:
            return stored.slug
        slug = self._own(wanted, line) if wanted else self._made_of(path)
        self._given[slug] = path
        return slug

    def aliases(self, path: str, slug: str, old: Iterable[str], *, line: int) -> tuple[str, ...]:
        """The old addresses of a page that can lead to it here; others are reported."""
        stored = self._database.files.get(path)
        found: list[str] = []
        for address in old:
            name = unquote(urlsplit(address).path).strip("/").lower()
            if name == slug or name in found:
                continue
            problem = self._problem(name, path, stored.article_id if stored is not None else None)
            if problem:
                self._report.note("address", path, line, f"{address}: {problem}")
            else:
                self._given[name] = path
                found.append(name)
        return tuple(found)

    def _problem(self, name: str, path: str, article_id: int | None) -> str:
        if not _well_formed(name):
            return "an address here is one word without slashes"
        if name in slugs.RESERVED or self._database.slugs.get(name, article_id) != article_id:
            return "another page has this address"
        return "" if self._given.get(name, path) == path else "another page has this address"

    def _own(self, wanted: str, line: int) -> str:
        if not _well_formed(wanted):
            raise FileProblem(
                line, f"slug must be like {slugs.slug_of(wanted)!r}: small letters, digits, hyphens."
            )
        if self._taken(wanted):
            raise FileProblem(line, f"Another page has or had the address {wanted!r}.")
        return wanted

    def _made_of(self, path: str) -> str:
        """The file's name; with the names of its folders in front while that is taken; then a number."""
        parts = [slugs.slug_of(part) for part in (site_key(path) or "start").split("/")]
        candidates = ["-".join(parts[start:]) for start in range(len(parts) - 1, -1, -1)]
        candidates = [slugs.slug_of(candidate) for candidate in candidates]
        free = next((slug for slug in candidates if not self._taken(slug)), None)
        number = 1
        while free is None:
            number += 1
            numbered = f"{candidates[0]}-{number}"
            free = None if self._taken(numbered) else numbered
        return free

    def _taken(self, slug: str) -> bool:
        return slug in self._given or slug in self._database.slugs or slug in slugs.RESERVED


def _well_formed(slug: str) -> bool:
    return len(slug) <= slugs.MAX_SLUG and all(slugs.slug_of(part) == part for part in slug.split("-"))
