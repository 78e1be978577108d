"""How well questions are answered: standard measures over a set of questions with known answers.

A set is a folder with `docs.jsonl` ({id, title, text}), `queries.jsonl` ({id, text}) and
`qrels.tsv` (query, document, grade). It is loaded into a database and an index of its own, and
every question goes through `search.services.ask`, as a person's would.

To see how well slips of the fingers are borne, the questions may be asked with typos in them, once
for each of some seeds; the figures are then the means over the seeds.
"""

import json
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import markdown
from portal.accounts import audiences
from portal.accounts.models import Person, Team
from portal.articles import documents
from portal.articles.models import Article, Rendering, Revision, State, Topic
from portal.db import Base, prepare_engine
from portal.errors import Invalid
from portal.indexing.engine import SearchEngine
from portal.search import services, typos

DEPTH: Final = 10
KEPT: Final = 0.9
"""Share of answerable questions that the rejecting threshold lets through."""

SEEDS: Final = (1, 2, 3)
"""Of the typos, when nobody names others."""

MakeEngine = Callable[[Path], SearchEngine]


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Documents, questions and grades: `relevant[query][document] = grade`."""

    documents: Sequence[Mapping[str, str]]
    queries: Sequence[Mapping[str, str]]
    relevant: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as answered: document ids best first (and the anchors of the sections they led
    to), the confidence of the first, and how long it took."""

    ranked: tuple[str, ...]
    confidence: float
    ms: float
    relevant: Mapping[str, float]
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """What is measured. The ranking figures are over answerable questions only; None: there are none."""

    questions: int
    answerable: int
    success_at_1: float | None
    success_at_3: float | None
    mrr_at_10: float | None
    ndcg_at_10: float | None
    recall_at_10: float | None
    empty: float
    p50_ms: float
    p95_ms: float
    auroc: float | None
    rejected_at_90_kept: float | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def read_set(folder: Path) -> QuestionSet:
    """Read a set. Raises Invalid naming the file and line that cannot be used."""
    relevant: dict[str, dict[str, float]] = {}
    for number, line in _lines(folder / "qrels.tsv"):
        parts = line.split("\t")
        if len(parts) != 3:
            raise Invalid(f"{folder / 'qrels.tsv'}, line {number}: write query, document, grade with tabs.")
        try:
            grade = float(parts[2])
        except ValueError:
            if number == 1:  # a heading
                continue
            raise Invalid(f"{folder / 'qrels.tsv'}, line {number}: the grade is no number.") from None
        if grade > 0:
            relevant.setdefault(parts[0], {})[parts[1]] = grade
    return QuestionSet(
        documents=list(_records(folder / "docs.jsonl", ("id", "text"))),
        queries=list(_records(folder / "queries.jsonl", ("id", "text"))),
        relevant=relevant,
    )


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.") from error
    for number, line in enumerate(text.splitlines() if path.suffix == ".tsv" else text.split("\n"), start=1):
        if line.strip():
            yield number, line


def _records(path: Path, keys: Sequence[str]) -> Iterator[dict[str, str]]:
    for number, line in _lines(path):
        try:
            record = json.loads(line)
        except ValueError as error:
            raise Invalid(f"{path}, line {number}: not JSON ({error}).") from error
        if not isinstance(record, dict) or any(key not in record for key in keys):
            raise Invalid(f"{path}, line {number}: {' and '.join(keys)} must be there.")
        yield {key: str(value) for key, value in record.items()}


def evaluate(questions: QuestionSet, make_engine: MakeEngine, *, seeds: Sequence[int] = ()) -> Figures:
    """Ask every question of the set and measure the answers.

    With `seeds` every question is asked with typos in it, once for each seed.
    """
    rounds = [misspelled(questions.queries, seed) for seed in seeds] or [questions.queries]
    with loaded(questions, make_engine) as (session, engine, reader):
        return mean(
            [
                measure([_ask(session, engine, query, questions, reader) for query in queries])
                for queries in rounds
            ]
        )


def misspelled(queries: Sequence[Mapping[str, str]], seed: int) -> Sequence[Mapping[str, str]]:
    """The questions with typos. What becomes of one depends on the seed and its id alone, so a
    set that grows keeps the typos it had."""
    return [
        {**query, "text": typos.with_typos(query["text"], Random(f"{seed} {query['id']}"))}  # noqa: S311
        for query in queries
    ]


def _ask(
    session: Session,
    engine: SearchEngine,
    query: Mapping[str, str],
    questions: QuestionSet,
    reader: Person,
) -> Asked:
    began = time.perf_counter()
    answer = services.ask(session, engine, query["text"], by=reader, limit=DEPTH)
    ms = (time.perf_counter() - began) * 1000
    ranked = tuple(questions.documents[int(hit.slug) - 1]["id"] for hit in answer.hits)
    return Asked(ranked, answer.confidence, ms, questions.relevant.get(query["id"], {}))


@contextmanager
def loaded(questions: QuestionSet, make_engine: MakeEngine) -> Iterator[tuple[Session, SearchEngine, Person]]:
    """A throw-away database and index that hold the documents, and somebody who may see them."""
    with tempfile.TemporaryDirectory(prefix="portal-evaluate-") as folder:
        database = sa.create_engine(f"sqlite:///{folder}/portal.sqlite3")
        prepare_engine(database)
        Base.metadata.create_all(database)
        try:
            with Session(database) as session:
                reader = _fill(session, questions.documents)
                engine = make_engine(Path(folder) / "index")
                numbers = session.scalars(sa.select(Article.id).order_by(Article.id)).all()
                found = documents.load(session, numbers)
                engine.replace_all(document for number in numbers for document in found[number])
                yield session, engine, reader
        finally:
            database.dispose()


def _fill(session: Session, texts: Sequence[Mapping[str, str]]) -> Person:
    """Store every document as a published article whose slug is its number, from 1."""
    everyone = audiences.of_rules(session, {})
    topic = Topic(path="set", name="Set")
    team = Team(slug="set", name="Set")
    reader = Person(email="reader@set.example", name="Reader")
    session.add_all([topic, team, reader])
    session.flush()
    for number, text in enumerate(texts, start=1):
        article = Article(slug=str(number), state=State.PUBLISHED, topic=topic, team=team, audience=everyone)
        revision = Revision(article=article, number=1, title=text.get("title", ""), body=text["text"])
        session.add_all([article, revision])
        session.flush()
        article.live = article.latest = revision
        # The sets hold plain text, in which every line stands for itself; it is no Markdown.
        section = {"anchor": "", "level": 0, "heading": "", "text": text["text"]}
        session.add(
            Rendering(revision_id=revision.id, renderer=markdown.RENDERER, html="", sections=[section])
        )
    session.commit()
    return reader


def measure(asked: Sequence[Asked]) -> Figures:
    """The figures over questions that were answered."""
    answerable = [one for one in asked if one.relevant]
    rest = [one.confidence for one in asked if not one.relevant]
    sure = [one.confidence for one in answerable]
    times = sorted(one.ms for one in asked) or [0.0]
    return Figures(
        questions=len(asked),
        answerable=len(answerable),
        success_at_1=_mean([_found(one, 1) for one in answerable]),
        success_at_3=_mean([_found(one, 3) for one in answerable]),
        mrr_at_10=_mean([_reciprocal_rank(one) for one in answerable]),
        ndcg_at_10=_mean([_ndcg(one) for one in answerable]),
        recall_at_10=_mean([_recall(one) for one in answerable]),
        empty=_mean([not one.ranked for one in asked]) or 0.0,
        p50_ms=float(np.percentile(times, 50)),
        p95_ms=float(np.percentile(times, 95)),
        auroc=auroc(sure, rest) if sure and rest else None,
        rejected_at_90_kept=_rejected(sure, rest) if sure and rest else None,
    )


def mean(figures: Sequence[Figures]) -> Figures:
    """The means of the figures of the same questions asked several times."""
    if len(figures) == 1:
        return figures[0]
    values = {field.name: [getattr(one, field.name) for one in figures] for field in fields(Figures)}
    means: dict[str, Any] = {
        name: found[0] if found[0] is None or isinstance(found[0], int) else sum(found) / len(found)
        for name, found in values.items()
    }
    return Figures(**means)


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Area under the ROC curve: how often a positive value is above a negative one, ties half."""
    below = sum((one > other) + 0.5 * (one == other) for one in positive for other in negative)
    return below / (len(positive) * len(negative))


def _rejected(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Share of `negative` below the threshold that keeps KEPT of `positive`."""
    threshold = sorted(positive)[math.floor(len(positive) * (1 - KEPT))]
    return sum(one < threshold for one in negative) / len(negative)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _found(one: Asked, depth: int) -> bool:
    return any(document in one.relevant for document in one.ranked[:depth])


def _reciprocal_rank(one: Asked) -> float:
    ranks = (rank for rank, document in enumerate(one.ranked[:DEPTH], start=1) if document in one.relevant)
    return 1 / next(ranks, math.inf)


def _ndcg(one: Asked) -> float:
    """Järvelin and Kekäläinen 2002 with gains 2^grade - 1."""
    ideal = sorted(one.relevant.values(), reverse=True)[:DEPTH]
    gained = [one.relevant.get(document, 0.0) for document in one.ranked[:DEPTH]]
    return _discounted(gained) / _discounted(ideal)


def _discounted(grades: Sequence[float]) -> float:
    return sum((2**grade - 1) / math.log2(rank + 1) for rank, grade in enumerate(grades, start=1))


def _recall(one: Asked) -> float:
    return sum(document in one.relevant for document in one.ranked[:DEPTH]) / len(one.relevant)
