"""The questions people asked lately, as the log has them: redacted, without names."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.articles.models import Article, Revision
from portal.articles.queries import visible_to
from portal.search.confidence import WEAK
from portal.search.models import EventKind, SearchEvent

EVENTS: Final = 5000
"""The newest searches looked at; bounded however busy the portal is."""

Show = Literal["newest", "often", "weak"]
SHOWS: Final[tuple[Show, ...]] = ("newest", "often", "weak")

_REDACTED: Final = re.compile(r"\[(?:e-mail|number)\]")


@dataclass(frozen=True, slots=True)
class Recent:
    """One question in one spelling. `count` and `confidence` are those of the last time; `first` is
    the slug and title of the article that came first then, None when there was none or it is gone."""

    text: str
    times: int
    at: datetime
    count: int
    confidence: float
    first: tuple[str, str] | None

    @property
    def weak(self) -> bool:
        return self.confidence < WEAK


def askable(text: str) -> str:
    """A question of the log without what stands for redacted parts; "" when nothing is left."""
    return " ".join(_REDACTED.sub(" ", text).split())


def questions(
    session: Session, *, show: Show = "newest", limit: int, offset: int = 0, by: Person
) -> tuple[list[Recent], int]:
    """One page of the distinct questions asked lately, and how many there are."""
    grouped = _grouped()
    last, times = grouped.c.last, grouped.c.times
    asked = sa.select(SearchEvent, times).join(grouped, SearchEvent.id == last)
    if show == "weak":
        confidence = SearchEvent.detail["confidence"].as_float()
        asked = asked.where(sa.or_(SearchEvent.count == 0, confidence < WEAK))
    total = session.scalar(sa.select(sa.func.count()).select_from(asked.subquery())) or 0
    order = (times.desc(), last.desc()) if show == "often" else (last.desc(),)
    rows = session.execute(asked.order_by(*order).limit(limit).offset(offset)).all()
    titles = _titles(session, {slug for event, _ in rows for slug in _top(event)}, by=by)
    return [
        Recent(
            text=event.query,
            times=number,
            at=event.at,
            count=event.count or 0,
            confidence=float(event.detail.get("confidence", 0.0)),
            first=next(((slug, titles[slug]) for slug in _top(event) if slug in titles), None),
        )
        for event, number in rows
    ], total


def texts(session: Session, *, limit: int) -> list[tuple[str, int]]:
    """The newest distinct questions that can be asked again, and how often each was asked."""
    grouped = _grouped()
    rows = session.execute(
        sa.select(SearchEvent.query, grouped.c.times)
        .join(grouped, SearchEvent.id == grouped.c.last)
        .order_by(grouped.c.last.desc())
        .limit(limit)
    )
    return [(text, times) for text, times in rows if askable(text)]


def _grouped() -> sa.Subquery:
    """Of every question in one spelling: the id of its newest search, and how many there are."""
    newest = (
        sa.select(SearchEvent.id, SearchEvent.normalised)
        .where(SearchEvent.kind == EventKind.SEARCH, SearchEvent.normalised != "")
        .order_by(SearchEvent.id.desc())
        .limit(EVENTS)
        .subquery()
    )
    return (
        sa.select(sa.func.max(newest.c.id).label("last"), sa.func.count().label("times"))
        .group_by(newest.c.normalised)
        .subquery()
    )


def _top(event: SearchEvent) -> list[str]:
    return list(event.detail.get("top", ()))[:1]


def _titles(session: Session, slugs: set[str], *, by: Person) -> dict[str, str]:
    shown = visible_to(by).join(Revision, Revision.id == Article.live_id).where(Article.slug.in_(slugs))
    rows = session.execute(shown.with_only_columns(Article.slug, Revision.title))
    return {row.slug: row.title for row in rows}
