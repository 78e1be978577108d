"""What colleagues look up most, from the log of searches."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Person
from portal.articles.models import Article, Revision
from portal.articles.queries import Teaser, visible_to
from portal.search.confidence import WEAK
from portal.search.models import EventKind, SearchEvent

PERIOD: Final = timedelta(days=28)
EVENTS: Final = 2000
"""The newest searches looked at; enough for a top eight, and bounded however busy the portal is."""


def top_articles(session: Session, *, by: Person, limit: int) -> Sequence[Teaser]:
    """The articles that were a sure first answer most often lately and that `by` may see.

    While there are few searches, the list is filled up with one article of each topic, the one with
    the shortest title: what is needed most has short names.
    """
    slugs = _first_answers(session)[: limit * 4]
    door = visible_to(by).join(Revision, Revision.id == Article.live_id)
    shown = door.with_only_columns(Article.slug, Revision.title, Revision.answer, Revision.language)
    asked = {row.slug: Teaser(*row) for row in session.execute(shown.where(Article.slug.in_(slugs)))}
    found = [asked[slug] for slug in slugs if slug in asked][:limit]
    if len(found) < limit:
        place = sa.func.row_number().over(
            partition_by=Article.topic_id, order_by=(sa.func.length(Revision.title), Article.id)
        )
        ranked = shown.add_columns(place.label("place"), Article.topic_id).subquery()
        rest = sa.select(ranked.c.slug, ranked.c.title, ranked.c.answer, ranked.c.language).order_by(
            ranked.c.place, ranked.c.topic_id
        )
        more = (Teaser(*row) for row in session.execute(rest.limit(limit * 2)))
        found += [teaser for teaser in more if teaser.slug not in asked][: limit - len(found)]
    return found


def _first_answers(session: Session) -> list[str]:
    """The slugs that were a sure first answer lately, the commonest first."""
    details = session.scalars(
        sa.select(SearchEvent.detail)
        .where(SearchEvent.kind == EventKind.SEARCH, SearchEvent.at > clock.now() - PERIOD)
        .order_by(SearchEvent.id.desc())
        .limit(EVENTS)
    )
    counted = Counter(
        detail["top"][0] for detail in details if detail.get("top") and detail.get("confidence", 0) >= WEAK
    )
    return [slug for slug, _ in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))]
