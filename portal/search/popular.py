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
from portal.search.models import EventKind, SearchEvent

PERIOD: Final = timedelta(days=28)
EVENTS: Final = 2000
"""The newest searches looked at; enough for a top eight, and bounded however busy the portal is."""


def top_articles(session: Session, *, by: Person, limit: int) -> Sequence[Teaser]:
    """The articles that were the first answer most often lately and that `by` may see.

    While there are few searches, the rest is filled up with articles that answer the most questions.
    """
    details = session.scalars(
        sa.select(SearchEvent.detail)
        .where(SearchEvent.kind == EventKind.SEARCH, SearchEvent.at > clock.now() - PERIOD)
        .order_by(SearchEvent.id.desc())
        .limit(EVENTS)
    )
    counted = Counter(detail["top"][0] for detail in details if detail.get("top"))
    slugs = [slug for slug, _ in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[: limit * 4]]
    rows = session.execute(
        visible_to(by)
        .join(Revision, Revision.id == Article.live_id)
        .with_only_columns(Article.slug, Revision.title, Revision.answer)
        .order_by(
            Article.slug.in_(slugs).desc(),
            sa.func.length(sa.cast(Revision.questions, sa.Text)).desc(),
            Article.id,
        )
        .limit(limit * 5)
    ).all()
    order = {slug: place for place, slug in enumerate(slugs)}
    found = [Teaser(slug, title, answer) for slug, title, answer in rows]
    found.sort(key=lambda one: order.get(one.slug, len(order)))
    return found[:limit]
