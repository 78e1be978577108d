"""Questions that admins watch: each is asked every night, and its article belongs into the top three."""

import logging
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from portal import clock
from portal.accounts.models import Person
from portal.accounts.permissions import can, who_can
from portal.accounts.queries import fold_email
from portal.articles.models import Article
from portal.articles.queries import visible_to
from portal.errors import Invalid, NotAllowed, NotFound
from portal.indexing.analysis import analyse
from portal.indexing.engine import SearchEngine
from portal.search import probing, tuning
from portal.search.models import GoldenQuestion
from portal.search.probing import DEPTH, TOP, Asker
from portal.search.rules import Rules

log = logging.getLogger(__name__)

MOST: Final = 500
"""All are asked in one go while others wait to write; more would make them wait for seconds."""

MAX_CHARS: Final = 200


# --- reading ---------------------------------------------------------------------------------


def listed(session: Session) -> Sequence[GoldenQuestion]:
    """All watched questions: those that dropped first, then the lowest ranks, then the newest."""
    return session.scalars(
        _with_all(sa.select(GoldenQuestion)).order_by(
            GoldenQuestion.dropped_at.is_(None),
            sa.func.coalesce(GoldenQuestion.rank, DEPTH + 1).desc(),
            GoldenQuestion.id.desc(),
        )
    ).all()


def alerts(session: Session) -> Sequence[GoldenQuestion]:
    """The questions whose article dropped out of the top three and of which nobody has taken note."""
    return session.scalars(
        _with_all(sa.select(GoldenQuestion))
        .where(GoldenQuestion.dropped_at.is_not(None), GoldenQuestion.seen_at.is_(None))
        .order_by(GoldenQuestion.dropped_at.desc(), GoldenQuestion.id)
    ).all()


def _with_all(statement: sa.Select[GoldenQuestion]) -> sa.Select[GoldenQuestion]:
    return statement.options(
        joinedload(GoldenQuestion.article).joinedload(Article.live),
        joinedload(GoldenQuestion.asked_as).lazyload("*"),
        joinedload(GoldenQuestion.added_by).lazyload("*"),
        joinedload(GoldenQuestion.seen_by).lazyload("*"),
    )


def find(session: Session, number: int) -> GoldenQuestion:
    """The watched question with this id. Raises NotFound."""
    found = session.get(GoldenQuestion, number)
    if found is None:
        raise NotFound("There is no such question.")
    return found


# --- changing --------------------------------------------------------------------------------


def add(
    session: Session,
    *,
    text: str,
    article_id: int | None,
    asked_as: str = "",
    engine: SearchEngine,
    by: Person,
) -> GoldenQuestion:
    """Watch a question from now on; it is asked once at once, so that a later drop is noticed.

    `asked_as` is the e-mail address of who asks; empty: a plain employee. Raises Invalid with
    messages for `text`, `article` and `asked_as`, NotAllowed, and EngineError.
    """
    _require_admin(by)
    text = " ".join(text.split())
    problems = _text_problem(text)
    asker, nobody = _asker(session, asked_as)
    problems |= nobody
    if not nobody:
        problems |= _article_problem(session, article_id, asker)
    if not problems and article_id is not None:
        problems = _known_already(session, text, article_id, asker)
    if problems:
        raise Invalid(next(iter(problems.values())), **problems)
    assert article_id is not None
    golden = GoldenQuestion(
        text=text, article_id=article_id, asked_as_id=asker.id if asker else None, added_by_id=by.id
    )
    session.add(golden)
    session.flush()
    rules = tuning.rules(session)
    _ask(engine, golden, _asker_of(session, golden, rules), rules)
    return golden


def _require_admin(person: Person) -> None:
    if not can(person, "admin"):
        raise NotAllowed(who_can("admin"))


def _text_problem(text: str) -> dict[str, str]:
    if not analyse(text):
        return {"text": "Type the question, as a colleague would ask it."}
    if len(text) > MAX_CHARS:
        return {"text": f"The question has {len(text)} characters. Use at most {MAX_CHARS}."}
    return {}


def _asker(session: Session, email: str) -> tuple[Person | None, dict[str, str]]:
    """Who asks, None for a plain employee, and what is wrong with that."""
    if not email.strip():
        return None, {}
    person = session.scalar(
        sa.select(Person).where(Person.email == fold_email(email), Person.active.is_(True))
    )
    if person is None:
        message = "Nobody active has this e-mail address. Correct it, or leave it empty for a plain employee."
        return None, {"asked_as": message}
    return person, {}


def _article_problem(session: Session, article_id: int | None, asker: Person | None) -> dict[str, str]:
    if article_id is None:
        return {"article": "Choose the article that answers the question."}
    reader = asker or probing.plain_employee(session)
    if reader is None:
        return {
            "asked_as": "There is no plain employee yet. Type the e-mail address of a colleague who asks."
        }
    shown = visible_to(reader).where(Article.id == article_id).with_only_columns(Article.id)
    if session.scalar(shown) is None:
        who = asker.name if asker else "A plain employee"
        return {
            "article": f"{who} may not see this article, or it is not published. "
            "Choose another, or say who asks."
        }
    return {}


def _known_already(session: Session, text: str, article_id: int, asker: Person | None) -> dict[str, str]:
    if (session.scalar(sa.select(sa.func.count(GoldenQuestion.id))) or 0) >= MOST:
        return {"text": f"There are {MOST} golden questions, as many as can be watched. Remove one first."}
    same = sa.select(GoldenQuestion.text).where(
        GoldenQuestion.article_id == article_id,
        GoldenQuestion.asked_as_id == asker.id if asker else GoldenQuestion.asked_as_id.is_(None),
    )
    if text.casefold() in {one.casefold() for one in session.scalars(same)}:
        return {"text": "This question is on the list already, with this article."}
    return {}


def remove(session: Session, golden: GoldenQuestion, *, by: Person) -> None:
    """Do not watch a question any more. Raises NotAllowed."""
    _require_admin(by)
    session.delete(golden)


def take_note(golden: GoldenQuestion, *, by: Person) -> None:
    """Note that `by` has seen the drop; the alert goes away for all. Raises NotAllowed."""
    _require_admin(by)
    if golden.dropped_at is not None and golden.seen_at is None:
        golden.seen_at, golden.seen_by_id = clock.now(), by.id


# --- asking ----------------------------------------------------------------------------------


def ask_all(session: Session, engine: SearchEngine) -> list[GoldenQuestion]:
    """Ask every watched question and keep the ranks; the questions whose article dropped out of the
    top three by this. Raises EngineError, and then nothing is kept."""
    rules = tuning.rules(session)
    askers: dict[int | None, Asker] = {}
    dropped = []
    for golden in listed(session):
        if golden.asked_as_id not in askers:
            askers[golden.asked_as_id] = _asker_of(session, golden, rules)
        if _ask(engine, golden, askers[golden.asked_as_id], rules):
            dropped.append(golden)
    session.flush()
    for golden in dropped:  # without the question: what people ask does not belong into the log
        log.warning(
            "golden question %d dropped out of the top three: article %s is now %s",
            golden.id,
            golden.article.slug,
            f"at rank {golden.rank}" if golden.rank else f"not among the first {DEPTH}",
        )
    return dropped


def _asker_of(session: Session, golden: GoldenQuestion, rules: Rules) -> Asker:
    person = session.get(Person, golden.asked_as_id) if golden.asked_as_id else None
    return probing.asker(session, person or probing.plain_employee(session), rules)


def _ask(engine: SearchEngine, golden: GoldenQuestion, by: Asker, rules: Rules) -> bool:
    """Ask one question and keep the rank; whether its article was in the top three and is not now."""
    _, found = probing.rank(engine, golden.text, by=by, rules=rules)
    golden.rank_before, golden.checked_before = golden.rank, golden.checked_at
    golden.rank = probing.place(found, golden.article_id)
    golden.checked_at = clock.now()
    if in_top(golden.rank):
        golden.dropped_at = golden.seen_at = golden.seen_by_id = None
        return False
    if not in_top(golden.rank_before) or golden.dropped_at is not None:
        return False
    golden.dropped_at, golden.seen_at, golden.seen_by_id = clock.now(), None, None
    return True


def in_top(rank: int | None) -> bool:
    """Whether a rank is among the first three."""
    return rank is not None and rank <= TOP
