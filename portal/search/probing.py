"""Asking the engine alone, without pages and the log: for previews and watched questions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.accounts import audiences
from portal.accounts.models import Audience, Employment, Person
from portal.articles import documents
from portal.articles.models import Article, Revision, State
from portal.articles.queries import visible_to
from portal.indexing.engine import SearchEngine
from portal.search import services
from portal.search.rules import Rules
from portal.search.services import Ranked
from portal.search.understanding import recommended

DEPTH: Final = 10
"""How far down a list is looked at; further down nobody reads."""

TOP: Final = 3
"""A watched article belongs among the first three."""


def plain_employee(session: Session) -> Person | None:
    """The first employee without any role, who stands for most colleagues; None when there is none."""
    plain = sa.select(Person).where(
        Person.active.is_(True), Person.admin.is_(False), ~Person.memberships.any()
    )
    employed = (Person.employment == Employment.EMPLOYEE).desc()
    return session.scalar(plain.order_by(employed, Person.id).limit(1))


@dataclass(frozen=True, slots=True)
class Asker:
    """As whom questions are asked: what the engine may rank, what it may hold too long, and which of the
    articles that rules recommend this person may see."""

    audiences: frozenset[str]
    hidden: frozenset[str]
    sees: frozenset[int]


def asker(session: Session, person: Person | None, *rules: Rules) -> Asker:
    """As `person`, or as somebody who sees what everybody may see, with any of these rules."""
    bets = {bet.article_id for one in rules for bet in one.bets}
    if person is None:
        everyone = Article.audience.has(Audience.key == audiences.EVERYONE)
        seen = sa.select(Article.id).where(Article.state == State.PUBLISHED, everyone)
        tokens, hidden = frozenset({audiences.EVERYONE}), frozenset[str]()
    else:
        seen = visible_to(person).with_only_columns(Article.id)
        tokens, hidden = documents.tokens(session, person), documents.hidden(session, by=person)
    return Asker(tokens, hidden, frozenset(session.scalars(seen.where(Article.id.in_(bets)))))


def rank(engine: SearchEngine, text: str, *, by: Asker, rules: Rules) -> tuple[Ranked, tuple[int, ...]]:
    """The ids of the first DEPTH articles for a question, what is recommended first, as `services.ask`
    lists them, and what the engine said. Raises EngineError."""
    ranked = services.rank(engine, text, audiences=by.audiences, limit=DEPTH, rules=rules, hidden=by.hidden)
    bets = recommended(rules).get(ranked.understood.subject, ())
    ids = [*(bet for bet in bets if bet in by.sees), *(int(hit.group) for hit in ranked.hits.hits)]
    return ranked, tuple(dict.fromkeys(ids))[:DEPTH]


def place(found: tuple[int, ...], article: int) -> int | None:
    """The place of an article in a list, from 1; None when it is not there."""
    return found.index(article) + 1 if article in found else None


def titles(session: Session, ids: set[int], *, by: Person) -> Mapping[int, tuple[str, str]]:
    """Slug and title of those of these articles that `by` may see."""
    shown = visible_to(by).join(Revision, Revision.id == Article.live_id).where(Article.id.in_(ids))
    rows = session.execute(shown.with_only_columns(Article.id, Article.slug, Revision.title))
    return {number: (slug, title) for number, slug, title in rows}
