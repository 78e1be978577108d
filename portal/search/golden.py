"""The project's own questions, `content/questions/*.jsonl`, asked of the present knowledge base.

A line is {"id", "text", "article" (slug, or null for no answer), "section" (anchor, may be left
out), "mark" ("tune" or "check"), "as" (e-mail of who asks, may be left out)}.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.errors import Invalid, NotFound
from portal.indexing.engine import SearchEngine
from portal.search import services
from portal.search.evaluation import DEPTH, Asked


@dataclass(frozen=True, slots=True)
class Question:
    """One question as an employee types it, and the article that answers it (None: none does)."""

    id: str
    text: str
    article: str | None
    section: str | None
    mark: str
    email: str | None


def read(folder: Path) -> list[Question]:
    """All questions of the folder. Raises Invalid naming the file and line that cannot be used."""
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.strip():
                found.append(_question(line, f"{path}, line {number}"))
    if not found:
        raise Invalid(f"There are no questions in {folder}.")
    return found


def _question(line: str, place: str) -> Question:
    try:
        record = json.loads(line)
        question = Question(
            id=str(record["id"]),
            text=str(record["text"]),
            article=record["article"],
            section=record.get("section"),
            mark=record["mark"],
            email=record.get("as"),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid(f"{place}: {error!r}. Every question has id, text, article and mark.") from error
    if question.mark not in ("tune", "check"):
        raise Invalid(f"{place}: the mark is {question.mark!r}; write tune or check.")
    return question


def ask_all(
    session: Session, engine: SearchEngine, questions: Sequence[Question]
) -> list[tuple[Question, Asked]]:
    """Ask each question as the person it names, or as the first plain employee.

    Raises NotFound when a person is not there.
    """
    people = {person.email: person for person in session.scalars(sa.select(Person).order_by(Person.id))}
    plain = next((one for one in people.values() if not one.memberships and not one.admin), None)
    asked = []
    for question in questions:
        person = people.get(question.email) if question.email else plain
        if person is None:
            raise NotFound(
                f"Question {question.id} is asked as {question.email}, who is not in the database."
            )
        began = time.perf_counter()
        answer = services.ask(session, engine, question.text, by=person, limit=DEPTH)
        ms = (time.perf_counter() - began) * 1000
        relevant = {question.article: 1.0} if question.article else {}
        ranked = tuple(hit.slug for hit in answer.hits)
        anchors = tuple(hit.anchor for hit in answer.hits)
        asked.append((question, Asked(ranked, answer.confidence, ms, relevant, anchors)))
    return asked


def sections_hit(asked: Sequence[tuple[Question, Asked]]) -> tuple[int, int]:
    """Of the questions that name a section and whose article came first: how many led to that
    section, and how many there are."""
    first = [
        one.anchors[0] == question.section
        for question, one in asked
        if question.section and one.ranked[:1] == (question.article,)
    ]
    return sum(first), len(first)
