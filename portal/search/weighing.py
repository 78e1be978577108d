"""What other weights would do: each number of the ranking alone, at several multiples, on question sets.

Every set counts the same, however many questions it has. Nothing is written: a weight is changed by
a developer, in `indexing/weights.py`, with these figures beside it. Questions marked `check` are left
out, so that they still tell the truth about whatever was chosen by the others.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Final

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.articles.documents import section_of
from portal.articles.models import Article, State
from portal.errors import Invalid, NotFound
from portal.indexing.arrays import Floats
from portal.indexing.engine import SearchEngine
from portal.indexing.weights import FIELDS, WEIGHTS, Weights
from portal.search import evaluation, golden, probing, services, tuning
from portal.search.confidence import DOUBTS, Doubts, confidence
from portal.search.evaluation import DEPTH, MakeEngine, auroc
from portal.search.golden import Question
from portal.search.probing import Asker
from portal.search.rules import NO_RULES, Rules

FACTORS: Final = (0.5, 0.7, 1.0, 1.4, 2.0)

NAMES: Final = tuple(field.name for field in fields(Weights))
DOUBT_NAMES: Final = tuple(field.name for field in fields(Doubts))

TINY: Final = 1e-9

SECTION: Final = ("section_heading", "section_body")
"""Weights that choose the section of an article; they never change the order of articles."""

LENGTH: Final = {"b_short": ("title", "keywords", "answer"), "b_long": ("questions", "heading", "body")}
"""The fields that a weight of length is about. A share of the length: at most 1."""

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Case:
    """One question: the groups that answer it (none: nothing does), and the section if one is named."""

    text: str
    by: Asker
    right: frozenset[str]
    section: str | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """A set that can be asked. `fields` are those in which its documents have any text."""

    name: str
    engine: SearchEngine
    rules: Rules
    cases: tuple[Case, ...]
    fields: frozenset[str]

    @property
    def answerable(self) -> list[Case]:
        return [case for case in self.cases if case.right]


@dataclass(frozen=True, slots=True)
class Measured:
    """What one set said, question by question: whether the first answer is right, one over the rank of
    the first right one, and of questions that name a section whether the first answer leads there."""

    success: Floats
    reciprocal: Floats
    section: Floats


@dataclass(frozen=True, slots=True)
class Gain:
    """What is gained over the present value, as the mean over sets, and the standard error of that
    difference (the same questions are compared with themselves)."""

    gain: float
    error: float

    @property
    def real(self) -> bool:
        """Whether more than one standard error is gained."""
        return self.gain > self.error + TINY


@dataclass(frozen=True, slots=True)
class Row:
    """One weight at one value. `success` and `reciprocal` are the figures by set; weights of sections
    have `section` instead. Sets that have nothing to do with the weight have the present figures."""

    name: str
    factor: float
    value: float
    success: Mapping[str, float]
    reciprocal: Mapping[str, float]
    section: Mapping[str, float]
    gains: Mapping[str, Gain]

    @property
    def real(self) -> bool:
        return any(gain.real for gain in self.gains.values())


@dataclass(frozen=True, slots=True)
class DoubtRow:
    """One number of the confidence at one value, by set: how well it tells questions with an answer
    from those without (AUROC), and the mean square of what it is wrong by (Brier score)."""

    name: str
    factor: float
    value: float
    auroc: Mapping[str, float]
    brier: Mapping[str, float]


# --- the sets --------------------------------------------------------------------------------


@contextmanager
def loaded(folders: Sequence[Path], make_engine: MakeEngine) -> Iterator[list[Ready]]:
    """The sets in these folders, each in a database and an index of its own until the block ends.

    Raises Invalid naming what cannot be used.
    """
    with ExitStack() as stack:
        yield [_loaded(stack, folder, make_engine) for folder in folders]


def _loaded(stack: ExitStack, folder: Path, make_engine: MakeEngine) -> Ready:
    questions = evaluation.read_set(folder)
    session, engine, reader = stack.enter_context(evaluation.loaded(questions, make_engine))
    by = probing.asker(session, reader)
    group = {document["id"]: str(number) for number, document in enumerate(questions.documents, start=1)}
    cases = tuple(
        Case(
            query["text"],
            by,
            frozenset(group[one] for one in questions.relevant.get(query["id"], {}) if one in group),
        )
        for query in questions.queries
    )
    titled = any(document.get("title") for document in questions.documents)
    return Ready(folder.name, engine, NO_RULES, cases, frozenset({"title", "body"} if titled else {"body"}))


def own(session: Session, engine: SearchEngine, folder: Path) -> Ready:
    """The questions in `folder` that are marked `tune`, asked of the present knowledge base.

    Raises Invalid for a file that cannot be used or when no article answers any, NotFound when a
    question is asked as somebody who is not there.
    """
    questions = [one for one in golden.read(folder) if one.mark == "tune"]
    rules = tuning.rules(session)
    wanted = {one.article for one in questions}
    published = sa.select(Article.slug, Article.id).where(
        Article.state == State.PUBLISHED, Article.slug.in_(wanted)
    )
    group = {slug: str(number) for slug, number in session.execute(published)}
    askers = _askers(session, {one.email for one in questions})
    cases = tuple(_case(one, askers, group) for one in questions if not one.article or one.article in group)
    if not any(case.right for case in cases):
        raise Invalid(
            f"No article of the knowledge base answers a question in {folder} that is marked tune. "
            "Load the articles and run `flask index sync`."
        )
    return Ready(folder.name, engine, rules, cases, frozenset(FIELDS))


def _askers(session: Session, emails: set[str | None]) -> dict[str | None, Asker]:
    """As whom questions are asked; those that name nobody, as a plain employee."""
    plain = probing.plain_employee(session)
    people: dict[str | None, Person | None] = {
        person.email: person
        for person in session.scalars(sa.select(Person).where(Person.email.in_(emails - {None})))
    }
    missing = sorted(email for email in emails if email and email not in people)
    if missing:
        raise NotFound(f"Questions are asked as {', '.join(missing)}, who is not in the database.")
    return {email: probing.asker(session, person) for email, person in {**people, None: plain}.items()}


def _case(one: Question, askers: Mapping[str | None, Asker], group: Mapping[str, str]) -> Case:
    right = frozenset({group[one.article]} if one.article else ())
    return Case(one.text, askers[one.email], right, one.section)


# --- weights ---------------------------------------------------------------------------------


def weigh(
    sets: Sequence[Ready], names: Sequence[str], *, weights: Weights = WEIGHTS, told: Told
) -> Iterator[list[Row]]:
    """For each of these weights its rows, one for each of FACTORS; `told` hears what is being asked."""
    told(f"as it is: {sum(len(one.answerable) for one in sets)} questions of {len(sets)} sets")
    base = {one.name: measure(one, weights) for one in sets}
    for name in names:
        told(name)
        yield [_row(sets, base, name, factor, weights) for factor in FACTORS]


def _row(
    sets: Sequence[Ready], base: Mapping[str, Measured], name: str, factor: float, weights: Weights
) -> Row:
    value = other_value(name, factor, weights)
    changed = replace(weights, **{name: value})
    found = {
        one.name: measure(one, changed) if changed != weights and _matters(name, one) else base[one.name]
        for one in sets
    }
    if name in SECTION:
        sections = {key: float(one.section.mean()) for key, one in found.items() if len(one.section)}
        gains = {"section": _gain([(base[key].section, found[key].section) for key in sections])}
        return Row(name, factor, value, {}, {}, sections, gains)
    return Row(
        name,
        factor,
        value,
        {key: float(one.success.mean()) for key, one in found.items()},
        {key: float(one.reciprocal.mean()) for key, one in found.items()},
        {},
        {
            "success": _gain([(base[key].success, found[key].success) for key in found]),
            "reciprocal": _gain([(base[key].reciprocal, found[key].reciprocal) for key in found]),
        },
    )


def other_value(name: str, factor: float, weights: Weights = WEIGHTS) -> float:
    """A weight times a factor, within what it can be."""
    value = float(getattr(weights, name)) * factor
    return min(value, 1.0) if name in LENGTH else value


def _matters(name: str, one: Ready) -> bool:
    """Whether a weight can change anything in a set."""
    about = LENGTH.get(name, (name,))
    if name in SECTION:
        return any(case.section for case in one.cases)
    if name == "synonym":
        return bool(one.rules.synonyms)
    return not set(about) <= set(FIELDS) or not one.fields.isdisjoint(about)


def measure(one: Ready, weights: Weights) -> Measured:
    """Ask all questions of a set that have an answer. Raises EngineError."""
    success, reciprocal, section = [], [], []
    for case in one.answerable:
        hits = services.rank(
            one.engine,
            case.text,
            audiences=case.by.audiences,
            limit=DEPTH,
            rules=one.rules,
            hidden=case.by.hidden,
            weights=weights,
        ).hits.hits
        place = next((at for at, hit in enumerate(hits, start=1) if hit.group in case.right), math.inf)
        success.append(place == 1)
        reciprocal.append(1 / place)
        if case.section is not None:
            section.append(place == 1 and section_of(hits[0].id)[1] == case.section)
    return Measured(*(np.array(found, np.float64) for found in (success, reciprocal, section)))


def _gain(pairs: Sequence[tuple[Floats, Floats]]) -> Gain:
    """The mean gain over sets of questions, measured before and after."""
    pairs = [(before, after) for before, after in pairs if len(before)]
    if not pairs:
        return Gain(0.0, 0.0)
    differences = [after - before for before, after in pairs]
    variance = sum(_variance(one) / len(one) for one in differences)
    gain = sum(float(one.mean()) for one in differences) / len(differences)
    return Gain(gain, math.sqrt(variance) / len(differences))


def _variance(differences: Floats) -> float:
    """Estimated from a sample, so that one question that changes is exactly one standard error."""
    return float(differences.var(ddof=1)) if len(differences) > 1 else float(differences[0] ** 2)


# --- confidence ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Said:
    """What confidence is made of, for one question."""

    scores: tuple[float, ...]
    mass: float
    share: float
    right: bool
    answerable: bool


def doubt(sets: Sequence[Ready], names: Sequence[str], *, told: Told) -> list[DoubtRow]:
    """For each number of the confidence its rows, over all questions, answerable or not."""
    if not names:
        return []
    told("confidence")
    said = {one.name: [_said(one, case) for case in one.cases] for one in sets}
    return [_doubt_row(said, name, factor) for name in names for factor in FACTORS]


def _said(one: Ready, case: Case) -> _Said:
    ranked = services.rank(
        one.engine,
        case.text,
        audiences=case.by.audiences,
        limit=DEPTH,
        rules=one.rules,
        hidden=case.by.hidden,
    )
    hits = ranked.hits.hits
    return _Said(
        tuple(hit.score for hit in hits),
        ranked.hits.mass,
        ranked.share,
        bool(hits) and hits[0].group in case.right,
        bool(case.right),
    )


def _doubt_row(said: Mapping[str, Sequence[_Said]], name: str, factor: float) -> DoubtRow:
    value = getattr(DOUBTS, name) * factor
    value = max(1, round(value)) if isinstance(getattr(DOUBTS, name), int) else value
    doubts = replace(DOUBTS, **{name: value})
    sure = {
        key: [(confidence(one.scores, one.mass, doubts) * one.share, one) for one in ones]
        for key, ones in said.items()
    }
    told_apart = {key: _told_apart(ones) for key, ones in sure.items()}
    return DoubtRow(
        name,
        factor,
        float(value),
        {key: found for key, found in told_apart.items() if found is not None},
        {key: sum((c - one.right) ** 2 for c, one in ones) / len(ones) for key, ones in sure.items()},
    )


def _told_apart(ones: Sequence[tuple[float, _Said]]) -> float | None:
    yes = [sure for sure, one in ones if one.answerable]
    no = [sure for sure, one in ones if not one.answerable]
    return auroc(yes, no) if yes and no else None
