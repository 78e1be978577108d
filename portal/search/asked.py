"""What the address of a results page asks for: the question, the filters, how much of the list."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from portal.articles import drafts
from portal.search.facets import FACETS
from portal.search.services import LIMIT
from portal.search.understanding import MAX_CHARS

MOST_PAGES: Final = 5
"""A page of the list adds LIMIT results; nobody reads further than this."""

_SAFE: Final = "!$'()*,/:;?@"
"""Signs that need no escape in a query, as `url_for` writes them."""

_VALUE = re.compile(r"[\w-]{1,80}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with all that its address says.

    `text` is on one line, at most as long as a question can be (`cut` when more was typed); `exact`
    asks for the very words; `only` are the filters; `page` counts from 1 and is cumulative: page 2
    shows what page 1 shows, and more.
    """

    text: str
    cut: bool = False
    exact: bool = False
    only: Mapping[str, str] = field(default_factory=dict)
    page: int = 1

    @property
    def limit(self) -> int:
        """How many results to show."""
        return self.page * LIMIT

    @property
    def more(self) -> bool:
        """Whether the list may be made longer."""
        return self.page < MOST_PAGES

    @property
    def settled(self) -> bool:
        """Whether this is a search of its own, rather than another look at one."""
        return not (self.exact or self.only or self.page > 1)

    def fields(self, **changes: object) -> dict[str, str]:
        """The fields of the address with some changed; one that is None or false is left out. Another
        filter or reading begins on page 1 again."""
        now = {"q": self.text, **self.only, "exact": int(self.exact), **changes}
        return {name: str(now[name]) for name in ("q", *FACETS, "exact", "page") if now.get(name)}

    def query(self, **changes: object) -> str:
        """`fields` as they stand in an address. A page links to itself once for each value of a filter:
        `url_for` would write the same address each time from the start."""
        return urlencode(self.fields(**changes), safe=_SAFE)


def read(arguments: Mapping[str, str]) -> Asked:
    """What the fields of an address ask for. What makes no sense in them is left out."""
    line = one_line(arguments.get("q", ""))
    text = typed(line)
    only = {name: arguments[name] for name in FACETS if _VALUE.fullmatch(arguments.get(name, ""))}
    number = arguments.get("page", "")
    page = int(number) if number.isascii() and number.isdecimal() and len(number) < 6 else 1
    return Asked(
        text=text,
        cut=text != line,
        exact=arguments.get("exact") == "1",
        only=only,
        page=min(max(page, 1), MOST_PAGES),
    )


def typed(text: str) -> str:
    """What was typed, on one line, cut between words when it is longer than a question can be."""
    text = one_line(text)
    if len(text) <= MAX_CHARS:
        return text
    return text[: MAX_CHARS + 1].rpartition(" ")[0] or text[:MAX_CHARS]


def one_line(text: str) -> str:
    """`text` on one line, without characters that no page may show and no database takes."""
    return drafts.one_line(text.replace("\x00", " "))
