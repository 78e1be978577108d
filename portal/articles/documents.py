"""Published articles as documents for the search engine, one for each section."""

from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from portal import clock, markdown
from portal.accounts import audiences, permissions
from portal.accounts.models import Audience, Person, Site
from portal.articles import rendering
from portal.articles.models import Article, Rendering, Revision, State
from portal.articles.queries import overdue, visible_to
from portal.indexing import outbox
from portal.indexing.engine import Document
from portal.indexing.languages import base

OVERDUE_PRIOR = 0.97
"""An overdue article ranks a little lower: enough to lose a tie, too little to hide the answer."""


FEW: Final = 500
"""So many articles are asked for by their ids; more wait for the index during an import only."""


def document_id(group: int, anchor: str) -> str:
    """The id of a section's document; the anchor is kept so that a hit leads to its place."""
    return f"{group}#{anchor}"


def section_of(document: str) -> tuple[int, str]:
    """The article id and the anchor of a document id."""
    group, _, anchor = document.partition("#")
    return int(group), anchor


def load(session: Session, ids: Sequence[int]) -> Mapping[int, Sequence[Document]]:
    """The documents of these articles as they are now; none for one that readers do not see."""
    found = session.scalars(
        sa.select(Article)
        .where(Article.id.in_(ids), Article.state == State.PUBLISHED, Article.live_id.is_not(None))
        .options(joinedload(Article.live), joinedload(Article.audience), joinedload(Article.team))
    ).all()
    stored = session.scalars(
        sa.select(Rendering).where(
            Rendering.revision_id.in_([article.live_id for article in found]),
            Rendering.renderer == markdown.RENDERER,
        )
    )
    renderings = {one.revision_id: one for one in stored}
    sites = [(site.slug, site.country) for site in session.scalars(sa.select(Site).order_by(Site.slug))]
    return {
        article.id: _documents(
            article,
            article.live,
            renderings.get(article.live.id) or _render(session, article.live),
            _facets(article, sites),
        )
        for article in found
        if article.live is not None
    }


def versions(session: Session) -> Mapping[str, int]:
    """The version of every article that belongs into the index."""
    rows = session.execute(
        sa.select(Article.id, Article.version).where(
            Article.state == State.PUBLISHED, Article.live_id.is_not(None)
        )
    )
    return {str(number): version for number, version in rows}


def tokens(session: Session, person: Person) -> frozenset[str]:
    """The audience tokens of a person: what the engine may rank for them."""
    if person.admin:
        return frozenset(session.scalars(sa.select(Audience.key)))
    mine = {audience.key for audience in audiences.of_person(session, person)}
    teams = permissions.teams_with(person, "write")
    mine |= {_team_token(one.team.slug) for one in person.memberships if one.team_id in teams}
    return frozenset(mine)


def hidden(session: Session, *, by: Person) -> frozenset[str]:
    """The groups that changed so lately that the index may still hold them although `by` may not see
    them any more. One statement while there is nothing to index, which is nearly always."""
    changed = outbox.pending(session)
    if not changed:
        return frozenset()
    shown = visible_to(by).with_only_columns(Article.id)
    seen = set(session.scalars(shown.where(Article.id.in_(changed)) if len(changed) <= FEW else shown))
    return frozenset(str(group) for group in changed - seen)


def _team_token(slug: str) -> str:
    return f"written by {slug}"


def _render(session: Session, revision: Revision) -> Rendering:
    return rendering.for_reading(session, revision)


def _facets(article: Article, sites: Sequence[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """What an article is filtered by. Its sites are those it is meant for; none when it is for all."""
    rules = article.audience.rules
    meant = [
        slug
        for slug, country in sites
        if slug in rules.get("sites", ()) or country in rules.get("countries", ())
    ]
    return {
        "topic": (str(article.topic_id),),
        "type": ("article",),
        "team": (str(article.team_id),),
        "site": tuple(meant),
    }


def _documents(
    article: Article, live: Revision, rendered: Rendering, facets: Mapping[str, tuple[str, ...]]
) -> list[Document]:
    prior = OVERDUE_PRIOR if overdue(article, today=clock.today()) else 1.0
    whole = {
        "title": live.title,
        "questions": "\n".join(live.questions),
        "keywords": "\n".join(live.keywords),
        "answer": live.answer,
    }
    sections = rendered.sections or [{"anchor": "", "heading": "", "text": ""}]
    return [
        Document(
            id=document_id(article.id, section["anchor"]),
            group=str(article.id),
            version=article.version,
            audiences=frozenset({article.audience.key, _team_token(article.team.slug)}),
            fields={"heading": section["heading"], "body": section["text"]} | (whole if number == 0 else {}),
            language=base(live.language),
            prior=prior,
            facets=facets,
        )
        for number, section in enumerate(sections)
    ]
