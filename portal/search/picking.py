"""Choosing an article in a form: found by a question, chosen by its address."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from portal.accounts.models import Person
from portal.articles.models import Article, Revision
from portal.articles.queries import visible_to
from portal.indexing.engine import SearchEngine
from portal.search import services
from portal.search.tuning_checks import Content

OFFERED: Final = 8


def choices(
    session: Session, engine: SearchEngine, question: str, *, chosen: str | None, by: Person
) -> Sequence[tuple[str, str]]:
    """(slug, title and team) of the articles that answer `question` best for `by`, that with the
    address `chosen` first."""
    found = services.ask(session, engine, question, by=by, limit=OFFERED).hits if question.strip() else ()
    slugs = list(dict.fromkeys([*([chosen] if chosen else []), *(hit.slug for hit in found)]))
    articles = {
        article.slug: article
        for article in session.scalars(
            visible_to(by)
            .where(Article.slug.in_(slugs))
            .options(joinedload(Article.live), joinedload(Article.team))
        )
    }
    shown = [articles[slug] for slug in slugs if slug in articles]
    return [
        (article.slug, f"{article.live.title} ({article.team.name})")
        for article in shown
        if article.live is not None
    ]


def article_id(session: Session, slug: str | None, *, by: Person) -> int | None:
    """The id of the published article with this address; None when `by` sees none there."""
    if not slug:
        return None
    return session.scalar(visible_to(by).with_only_columns(Article.id).where(Article.slug == slug))


def titles_of(session: Session, contents: Iterable[Content | None]) -> Mapping[int, str]:
    """The titles of the articles that these rules recommend, in whatever state, by id; for admins."""
    ids = {one.article_id for one in contents if one is not None and one.article_id is not None}
    rows = session.execute(
        sa.select(Article.id, Revision.title)
        .join(Revision, Revision.id == sa.func.coalesce(Article.live_id, Article.latest_id))
        .where(Article.id.in_(ids))
    )
    return {row.id: row.title for row in rows}
