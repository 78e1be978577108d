"""What the database already holds, as plain values: they stay what they are after a transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from portal import markdown
from portal.accounts.models import Audience, Person, Team
from portal.articles import attachments, drafts, languages, rendering
from portal.articles.drafts import Draft
from portal.articles.models import (
    Alias,
    Article,
    Attachment,
    ImportedFile,
    Rendering,
    Revision,
    State,
    Topic,
)


@dataclass(frozen=True, slots=True)
class Words:
    """All that a revision says."""

    title: str
    answer: str = ""
    body: str = ""
    keywords: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    language: str = languages.DEFAULT


def draft_of(words: Words) -> Draft:
    """`words` as something to save, not yet in any place."""
    return Draft(words.title, words.answer, words.body, words.keywords, words.questions, words.language)


def tidied(words: Words) -> Words:
    """`words` as they will stand in the database."""
    tidy = drafts.tidied(draft_of(words))
    return Words(tidy.title, tidy.answer, tidy.body, tidy.keywords, tidy.questions, tidy.language)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an article belongs and whose it is. `audience` is the canonical text of its rules."""

    topic: str
    team: str
    owner: str
    audience: str
    review_days: int


@dataclass(frozen=True, slots=True)
class Stored:
    """An imported file and its article as they are now."""

    article_id: int
    slug: str
    state: State
    sha256: str
    edited: bool
    """Whether somebody changed the article in the portal after the import."""
    live: Words | None
    latest: Words | None
    whole: bool
    """Whether the file became the live revision (and not only a draft of an import that was cut off)."""
    place: Place
    checked: date | None
    html: str
    """The live text as rendered, empty when it is not at hand."""


@dataclass(slots=True)
class Database:
    """What an import has to know of everything else."""

    files: Mapping[str, Stored]
    """Path -> what was imported from it under the same source."""
    slugs: dict[str, int]
    """Every present and old address -> id of its article."""
    topics: dict[str, int]
    """Path -> review interval in days."""
    teams: frozenset[str]
    owners: frozenset[str]
    """Addresses of active people."""
    attachments: dict[tuple[int, str], tuple[str, str]] = field(default_factory=dict)
    """(article id, path) -> (address, SHA-256)."""


def read(session: Session, source: str) -> Database:
    """The database as it is for an import of `source`; a handful of statements."""
    aliases = pairs(session, sa.select(Alias.slug, Alias.article_id))
    return Database(
        files=dict(_files(session, source)),
        slugs=aliases | pairs(session, sa.select(Article.slug, Article.id)),
        topics=pairs(session, sa.select(Topic.path, Topic.review_days)),
        teams=frozenset(session.scalars(sa.select(Team.slug))),
        owners=frozenset(session.scalars(sa.select(Person.email).where(Person.active))),
        attachments=_attachments(session, source),
    )


def pairs(session: Session, query: sa.Select[str, int]) -> dict[str, int]:
    """The rows of a query for a text and a number."""
    return {row[0]: row[1] for row in session.execute(query)}


def _files(session: Session, source: str) -> list[tuple[str, Stored]]:
    live, latest = aliased(Revision), aliased(Revision)
    rows = session.execute(
        sa.select(ImportedFile, Article, live, latest)
        .add_columns(Topic.path, Team.slug, Person.email, Audience.key, Rendering.html)
        .join(Article, Article.id == ImportedFile.article_id)
        .join(Topic, Topic.id == Article.topic_id)
        .join(Team, Team.id == Article.team_id)
        .join(Audience, Audience.id == Article.audience_id)
        .outerjoin(Person, Person.id == Article.owner_id)
        .outerjoin(live, live.id == Article.live_id)
        .outerjoin(latest, latest.id == Article.latest_id)
        .outerjoin(
            Rendering,
            sa.and_(Rendering.revision_id == Article.live_id, Rendering.renderer == markdown.RENDERER),
        )
        .where(ImportedFile.source == source)
    )
    found: list[tuple[str, Stored]] = []
    for file, article, shown, newest, topic, team, owner, audience, html in rows:
        stored = Stored(
            article_id=article.id,
            slug=article.slug,
            state=article.state,
            sha256=file.sha256,
            edited=article.version != file.version,
            live=words_of(shown),
            latest=words_of(newest),
            whole=file.revision_id is not None and file.revision_id == article.latest_id,
            place=Place(topic, team, owner or "", audience, article.review_days),
            checked=article.checked_on,
            html=html or "",
        )
        found.append((file.path, stored))
    return found


def words_of(revision: Revision | None) -> Words | None:
    """All that `revision` says; None for none."""
    if revision is None:
        return None
    return Words(
        title=revision.title,
        answer=revision.answer,
        body=revision.body,
        keywords=tuple(revision.keywords),
        questions=tuple(revision.questions),
        language=revision.language,
    )


def _attachments(session: Session, source: str) -> dict[tuple[int, str], tuple[str, str]]:
    rows = session.scalars(
        sa.select(Attachment)
        .join(ImportedFile, ImportedFile.article_id == Attachment.article_id)
        .where(ImportedFile.source == source)
    )
    return {(one.article_id, one.path): (attachments.address(one), one.sha256) for one in rows}


def html_of(session: Session, slug: str) -> str:
    """The text that readers see of the article at a present or old address; empty when there is none."""
    article = session.scalar(
        sa.select(Article)
        .outerjoin(Alias, Alias.article_id == Article.id)
        .where(sa.or_(Article.slug == slug, Alias.slug == slug))
        .limit(1)
    )
    if article is None or article.live is None:
        return ""
    return rendering.for_reading(session, article.live).html
