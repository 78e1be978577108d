"""Asking: from a question in plain words to the articles, and the sections of them, that answer it.

The engine ranks; the database decides. Every hit is read again through `visible_to`, and everything
shown (title, snippet, link) comes from the database, so a stale index can neither leak nor mislead.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from portal import clock, markdown
from portal.accounts.models import Person, Team
from portal.articles import rendering
from portal.articles.documents import section_of, tokens
from portal.articles.models import Article, Rendering, Revision
from portal.articles.queries import overdue, visible_to
from portal.indexing.analysis import analyse
from portal.indexing.engine import EngineError, Hit, Hits, SearchEngine
from portal.search.confidence import WEAK, confidence
from portal.search.snippets import Parts, snippet
from portal.search.understanding import Understood, understand

log = logging.getLogger(__name__)

LIMIT: Final = 20
SNIPPETS: Final = 5
"""Hits that show a line of their text; further down a list is skimmed by titles."""

PARTIAL: Final = 0.5
"""Below this share of the question's weight a hit is labelled as matching partly."""

LOOSE_CONFIDENCE: Final = 0.25
"""Confidence is cut to this share when nothing matched but the closest words there are."""


Corrections = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Result:
    """One article found. `anchor` is the section that answers ("" for the whole article)."""

    rank: int
    slug: str
    anchor: str
    title: str
    answer: str
    section_heading: str
    snippet: Parts
    topic_name: str
    team_name: str
    team_id: int
    checked: date | None
    overdue: bool
    partial: bool
    score: float
    matched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found for a question.

    `count` is the number of articles that match, those the person may not see left out;
    `confidence` (0 to 1) is that of the first hit; `degraded` says that the index did not answer
    and the database was searched for the words alone.
    """

    hits: tuple[Result, ...]
    count: int
    confidence: float
    understood: tuple[str, ...]
    corrections: Corrections
    degraded: bool = False

    @property
    def weak(self) -> bool:
        return self.confidence < WEAK


def ask(session: Session, engine: SearchEngine, text: str, *, by: Person, limit: int = LIMIT) -> Answer:
    """The best answers to `text` that `by` may see. Never fails because of the index."""
    try:
        found, understood, share = _rank(engine, text, tokens(session, by), limit)
    except EngineError:
        log.exception("the index did not answer; searching the database")
        return _from_database(session, text, by=by, limit=limit)
    hits = _results(session, found.hits, understood.marks, by=by)
    lost = len(found.hits) - len(hits)
    return Answer(
        hits=tuple(hits),
        count=max(found.total - lost, len(hits)),
        confidence=share * confidence([hit.score for hit in hits], found.mass),
        understood=understood.words,
        corrections=_shown(understood.corrections, hits),
    )


def _shown(corrections: Corrections, hits: Sequence[Result]) -> Corrections:
    """The corrections whose word stands in a hit. The index may still know words of an article that
    the person may not see any more, and a correction would tell them."""
    there = {term for hit in hits for term in hit.matched}
    return tuple(
        (typed, used) for typed, used in corrections if any(token.term in there for token in analyse(used))
    )


def _rank(
    engine: SearchEngine, text: str, audiences: frozenset[str], limit: int
) -> tuple[Hits, Understood, float]:
    """Hits, how the question was understood, and the share of confidence that is left."""
    vocabulary = engine.vocabulary(audiences=audiences)
    understood = understand(text, vocabulary)
    found = engine.search(understood.query, audiences=audiences, limit=limit)
    if found.hits or not understood.query.slots:
        return found, understood, 1.0
    loose = understand(text.replace('"', " "), vocabulary, loose=True)
    return engine.search(loose.query, audiences=audiences, limit=limit), loose, LOOSE_CONFIDENCE


def _results(session: Session, hits: Sequence[Hit], marks: Collection[str], *, by: Person) -> list[Result]:
    """The hits that `by` may see, with what the page shows of them. Two statements for all."""
    places = {int(hit.group): section_of(hit.id)[1] for hit in hits}
    articles = {
        article.id: article
        for article in session.scalars(
            visible_to(by)
            .where(Article.id.in_(places))
            .options(joinedload(Article.live), joinedload(Article.topic), joinedload(Article.team))
        )
    }
    sections = _sections(session, [article.live for article in articles.values() if article.live])
    results: list[Result] = []
    for hit in hits:
        article = articles.get(int(hit.group))
        if article is not None and article.live is not None:
            found = sections.get(article.live.id, {})
            section = found.get(places[article.id], {})
            results.append(_result(article, hit, section, marks, rank=len(results) + 1))
    return results


Section = dict[str, str]


def _sections(session: Session, revisions: Sequence[Revision]) -> dict[int, dict[str, Section]]:
    """The sections of these revisions by anchor; their HTML is not read."""
    rows = session.execute(
        sa.select(Rendering.revision_id, Rendering.sections).where(
            Rendering.revision_id.in_([revision.id for revision in revisions]),
            Rendering.renderer == markdown.RENDERER,
        )
    )
    found: dict[int, Sequence[Section]] = {row.revision_id: row.sections for row in rows}
    for revision in revisions:
        if revision.id not in found:  # rendered by an earlier version, and nobody has read it since
            found[revision.id] = rendering.for_reading(session, revision).sections
    return {
        revision: {section["anchor"]: section for section in sections} for revision, sections in found.items()
    }


def _result(article: Article, hit: Hit, section: Section, marks: Collection[str], *, rank: int) -> Result:
    live = article.live
    assert live is not None
    return Result(
        rank=rank,
        slug=article.slug,
        anchor=section.get("anchor", ""),
        title=live.title,
        answer=live.answer,
        section_heading=section.get("heading", ""),
        snippet=snippet(section.get("text", ""), hit.matched.intersection(marks)) if rank <= SNIPPETS else (),
        topic_name=article.topic.name,
        team_name=article.team.name,
        team_id=article.team_id,
        checked=article.checked_on,
        overdue=overdue(article, today=clock.today()),
        partial=hit.coverage < PARTIAL,
        score=hit.score,
        matched=tuple(sorted(hit.matched)),
    )


def _from_database(session: Session, text: str, *, by: Person, limit: int) -> Answer:
    """Articles whose title, answer or body holds the words; slow, unranked but for their number."""
    words = [token.word for token in analyse(text) if not token.function_word and not token.joined][:8]
    holds = [
        sa.or_(
            *(
                sa.func.lower(column).contains(word, autoescape=True)
                for column in (Revision.title, Revision.answer, Revision.body)
            )
        )
        for word in words
    ]
    found: Sequence[Article] = ()
    if holds:
        number = sum((sa.case((one, 1), else_=0) for one in holds), sa.literal(0))
        found = session.scalars(
            visible_to(by)
            .join(Revision, Revision.id == Article.live_id)
            .where(sa.or_(*holds))
            .order_by(number.desc(), Revision.title)
            .limit(limit)
        ).all()
    hits = [Hit(str(article.id), f"{article.id}#", 0.0, 1.0, frozenset(words)) for article in found]
    results = tuple(_results(session, hits, set(words), by=by))
    return Answer(results, len(results), 0.0, tuple(words), (), degraded=True)


def team_to_ask(session: Session, text: str, answer: Answer) -> Team | None:
    """The team most likely to know: that of a sure first hit, else the one whose purpose shares most
    words with the question; None when neither tells."""
    if answer.hits and not answer.weak:
        return session.get(Team, answer.hits[0].team_id)
    asked = {token.term for token in analyse(text) if not token.function_word}
    scored = [
        (len(asked & {token.term for token in analyse(f"{team.name} {team.purpose}")}), team)
        for team in session.scalars(sa.select(Team).order_by(Team.name))
    ]
    best, team = max(scored, key=lambda pair: pair[0], default=(0, None))
    return team if best else None
