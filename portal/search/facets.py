"""What a list of answers can be filtered by, with names for people and counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.accounts.models import Site, Team
from portal.articles.models import Topic

FACETS: Final = ("topic", "type", "team", "site")
MOST_VALUES: Final = 8
"""Values of a facet to choose from, the commonest; the chosen one is always among them."""


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value to filter by, and how many of the articles that match have it."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """What the list can be filtered by, the commonest value first. `name` is one of FACETS."""

    name: str
    label: str
    values: tuple[FacetValue, ...]


def named(
    session: Session, counted: Mapping[str, Mapping[str, int]], only: Mapping[str, str]
) -> tuple[Facet, ...]:
    """The facets that there is a choice in, with names for their values. One statement."""
    worth = {name: counts for name, counts in counted.items() if len(counts) > 1 or name in only}
    if not worth:
        return ()
    names = {(kind, value): name for kind, value, name in session.execute(_NAMES)}
    names["type", "article"] = "Articles"
    return tuple(
        Facet(
            name,
            FACET_LABELS[name],
            tuple(
                FacetValue(value, names[name, value], count, chosen=only.get(name) == value)
                for value, count in _commonest(counts, only.get(name))
                if (name, value) in names
            ),
        )
        for name, counts in worth.items()
        if counts
    )


def _commonest(counts: Mapping[str, int], chosen: str | None) -> list[tuple[str, int]]:
    ordered = sorted(counts.items(), key=lambda pair: (pair[0] != chosen, -pair[1], pair[0]))[:MOST_VALUES]
    return sorted(ordered, key=lambda pair: (-pair[1], pair[0]))


FACET_LABELS: Final = {"topic": "Topic", "type": "Kind", "team": "Team", "site": "Site"}
_NAMES: Final = sa.union_all(
    sa.select(sa.literal("topic"), sa.cast(Topic.id, sa.String), Topic.name),
    sa.select(sa.literal("team"), sa.cast(Team.id, sa.String), Team.name),
    sa.select(sa.literal("site"), Site.slug, Site.name),
)
