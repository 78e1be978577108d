"""Asking: from a question in plain words to the articles, and the sections of them, that answer it.

The engine ranks; the database decides. Every hit is read again through `visible_to`, and everything
shown (title, snippet, link) comes from the database, so a stale index can neither leak nor mislead.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import clock, markdown
from portal.accounts.models import Person, Team
from portal.articles import rendering
from portal.articles.documents import document_id, hidden, section_of, tokens
from portal.articles.models import Article, Rendering, Revision, Topic
from portal.articles.queries import Behind, has_passed, visible_to
from portal.indexing import languages
from portal.indexing.analysis import analyse
from portal.indexing.engine import ANYTHING, NOBODY, EngineError, Hit, Hits, SearchEngine
from portal.indexing.weights import WEIGHTS, Weights
from portal.search import tuning
from portal.search.confidence import WEAK, confidence
from portal.search.facets import FACETS, Facet, named
from portal.search.rules import NO_RULES, Rules
from portal.search.snippets import Parts, snippet
from portal.search.understanding import Understood, recommended, understand

log = logging.getLogger(__name__)

LIMIT: Final = 10
"""Results on a page; hardly anybody reads further, and more are one click away."""
SNIPPETS: Final = 5
"""Hits that show a line of their text; further down a list is skimmed by titles."""

PARTIAL: Final = 0.5
"""Below this share of the question's weight a hit is labelled as matching partly."""

LOOSE_CONFIDENCE: Final = 0.25
"""Confidence is cut to this share when nothing matched but the closest words there are."""


BET_CONFIDENCE: Final = 0.9
"""An answer that an admin recommends for this very question is as sure as it gets."""

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
    language: str = "en"
    recommended: bool = False


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
    facets: tuple[Facet, ...] = ()
    synonyms: Corrections = ()
    """(typed, also searched for) by the rules of admins, of those that stand in a hit."""
    apart: bool = False
    """Whether the words in quotes stand nowhere together, and these hits hold them apart."""

    @property
    def weak(self) -> bool:
        return self.confidence < WEAK


@dataclass(frozen=True, slots=True)
class Ranked:
    """What the engine found, how the question was understood, and the share of confidence left.

    `apart`: quoted words stand nowhere together, so they were searched for one by one; `loose`: nothing
    matched, so every word was taken for the closest there is.
    """

    hits: Hits
    understood: Understood
    share: float
    apart: bool = False
    loose: bool = False


def ask(
    session: Session,
    engine: SearchEngine,
    text: str,
    *,
    by: Person,
    limit: int = LIMIT,
    rules: Rules | None = None,
    only: Mapping[str, str] = ANYTHING,
    exact: bool = False,
) -> Answer:
    """The best answers to `text` that `by` may see. Never fails because of the index.

    `rules` are those in force unless given; `only` keeps articles with these values of FACETS;
    `exact` searches for the words as typed, without corrections and synonyms.
    """
    rules = tuning.rules(session) if rules is None else rules
    audiences, gone = tokens(session, by), hidden(session, by=by)
    try:
        ranked = rank(
            engine,
            text,
            audiences=audiences,
            limit=limit,
            rules=rules,
            hidden=gone,
            only=only,
            exact=exact,
            facets=FACETS,
        )
        found, understood = ranked.hits, ranked.understood
        bets = () if exact else recommended(rules).get(understood.subject, ())
        added = [] if only else [bet for bet in bets if str(bet) not in {hit.group for hit in found.hits}]
        further = sum(_matches(engine, bet, understood, audiences, gone) for bet in added)
    except EngineError:
        log.exception("the index did not answer; searching the database")
        return _from_database(session, text, by=by, limit=limit)
    hits = _results(session, _lifted(found.hits, bets, only=only), understood.marks, bets, by=by)
    lost = len(found.hits) - sum(not _added(hit) for hit in hits)
    sure = confidence([hit.score for hit in found.hits], found.mass) * ranked.share
    return Answer(
        hits=tuple(hits[:limit]),
        count=max(found.total - lost + sum(map(_added, hits)) - further, len(hits)),
        confidence=max(sure, BET_CONFIDENCE) if hits and hits[0].recommended else sure if hits else 0.0,
        understood=understood.words,
        corrections=_shown(understood.corrections, hits),
        facets=named(session, found.facets, only),
        synonyms=_shown(understood.synonyms, hits),
        apart=ranked.apart and bool(hits),
    )


def rank(
    engine: SearchEngine,
    text: str,
    *,
    audiences: frozenset[str],
    limit: int,
    rules: Rules = NO_RULES,
    hidden: frozenset[str] = NOBODY,
    only: Mapping[str, str] = ANYTHING,
    exact: bool = False,
    facets: Sequence[str] = (),
    weights: Weights = WEIGHTS,
) -> Ranked:
    """What the engine says, without a look at the database: for many questions at once. Nothing of it
    may be shown to anybody before it was read again. Raises EngineError."""
    vocabulary = engine.vocabulary(audiences=audiences, hidden=hidden)

    def _search(asked: Understood) -> Hits:
        return engine.search(
            asked.query, audiences=audiences, limit=limit, hidden=hidden, only=only, facets=facets
        )

    understood = understand(text, vocabulary, rules, exact=exact, weights=weights)
    found = _search(understood)
    apart = not found.hits and bool(understood.query.phrases) and not only
    if apart:
        understood = _apart(understood)
        found = _search(understood)
    loose = not found.hits and bool(understood.query.slots) and not exact and not only
    if loose:
        understood = _apart(understand(text, vocabulary, rules, loose=True, weights=weights))
        found = _search(understood)
    return Ranked(found, understood, LOOSE_CONFIDENCE if apart or loose else 1.0, apart, loose)


def _apart(understood: Understood) -> Understood:
    """The same question without its quotes."""
    return replace(understood, query=replace(understood.query, phrases=()))


def _lifted(hits: Sequence[Hit], bets: Sequence[int], *, only: Mapping[str, str]) -> list[Hit]:
    """The hits with what is recommended first. Where a filter is chosen, only what fits it."""
    there = {hit.group: hit for hit in hits}
    added = {str(bet): Hit(str(bet), document_id(bet, ""), 0.0, 1.0, frozenset()) for bet in bets}
    first = [there.get(group, hit) for group, hit in added.items() if group in there or not only]
    return first + [hit for hit in hits if hit.group not in added]


def _matches(
    engine: SearchEngine, bet: int, understood: Understood, audiences: frozenset[str], gone: frozenset[str]
) -> bool:
    """Whether an article that is recommended matches the question as well: then it is counted already."""
    found = engine.explain(understood.query, audiences=audiences, group=str(bet), hidden=gone)
    return found is not None and found.score > 0


def _added(hit: Result) -> bool:
    """Whether a result is in the list only because it is recommended."""
    return hit.recommended and not hit.matched


def _shown(corrections: Corrections, hits: Sequence[Result]) -> Corrections:
    """Those of which all words stand in one hit: others help nobody, and tell what stands elsewhere."""
    matched = [frozenset(hit.matched) for hit in hits]
    return tuple((typed, used) for typed, used in corrections if _stands(used, matched))


def _stands(words: str, matched: Sequence[frozenset[str]]) -> bool:
    """Whether all of `words`, or the one word they make together ("wi-fi"), matched in the same hit."""
    tokens = analyse(words)
    plain = {token.term for token in tokens if not token.joined}
    whole = {token.term for token in tokens if token.joined}
    return any(plain <= terms or whole & terms for terms in matched)


_FOUND: Final = Behind(
    lambda door: (
        door.join(Revision, Revision.id == Article.live_id)
        .join(Topic, Topic.id == Article.topic_id)
        .join(Team, Team.id == Article.team_id)
        .where(Article.id.in_(sa.bindparam("ids", expanding=True)))
        .with_only_columns(
            Article.id,
            Article.slug,
            Article.team_id,
            Article.checked_on,
            Article.review_due,
            Article.live_id,
            Revision.title,
            Revision.answer,
            Revision.language,
            Topic.name.label("topic"),
            Team.name.label("team"),
        )
    )
)
_SECTIONS: Final = sa.select(Rendering.revision_id, Rendering.sections).where(
    Rendering.revision_id.in_(sa.bindparam("revisions", expanding=True)),
    Rendering.renderer == markdown.RENDERER,
)


def _results(
    session: Session, hits: Sequence[Hit], marks: Collection[str], bets: Collection[int] = (), *, by: Person
) -> list[Result]:
    """The hits that `by` may see, with what the page shows of them. Two statements for all."""
    places = {int(hit.group): section_of(hit.id)[1] for hit in hits}
    articles = {row.id: row for row in _FOUND.execute(session, by=by, ids=list(places))}
    sections = _sections(session, [row.live_id for row in articles.values()])
    results: list[Result] = []
    for hit in hits:
        number = int(hit.group)
        if number in articles:
            row = articles[number]
            section = sections.get(row.live_id, {}).get(places[number], {})
            results.append(_result(row, hit, section, marks, rank=len(results) + 1, bet=number in bets))
    return results


Section = dict[str, str]


def _sections(session: Session, revisions: Sequence[int]) -> dict[int, dict[str, Section]]:
    """The sections of these revisions by anchor; their HTML is not read."""
    rows = session.execute(_SECTIONS, {"revisions": list(revisions)})
    found: dict[int, Sequence[Section]] = {row.revision_id: row.sections for row in rows}
    for number in revisions:
        if number not in found:  # rendered by an earlier version, and nobody has read it since
            found[number] = rendering.for_reading(session, session.get_one(Revision, number)).sections
    return {number: {section["anchor"]: section for section in each} for number, each in found.items()}


def _result(row: Any, hit: Hit, section: Section, marks: Collection[str], *, rank: int, bet: bool) -> Result:
    matched = {part for term in hit.matched for part in term.split(" ")}
    text, language = section.get("text", ""), languages.base(row.language)
    return Result(
        rank=rank,
        slug=row.slug,
        anchor=section.get("anchor", ""),
        title=row.title,
        answer=row.answer,
        section_heading=section.get("heading", ""),
        snippet=snippet(text, matched.intersection(marks), language) if rank <= SNIPPETS else (),
        topic_name=row.topic,
        team_name=row.team,
        team_id=row.team_id,
        checked=row.checked_on,
        overdue=has_passed(row.review_due, today=clock.today()),
        partial=hit.coverage < PARTIAL,
        score=hit.score,
        matched=tuple(sorted(matched)),
        language=row.language,
        recommended=bet,
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
        (len(asked & _terms(f"{team.name} {team.purpose}")), team)
        for team in session.scalars(sa.select(Team).order_by(Team.name))
    ]
    best, team = max(scored, key=lambda pair: pair[0], default=(0, None))
    return team if best else None


@lru_cache(maxsize=1000)
def _terms(text: str) -> frozenset[str]:
    return frozenset(token.term for token in analyse(text))
