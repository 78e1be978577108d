"""What an explanation consists of: plain values, put together by `explanation`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from portal.indexing.weights import WEIGHTS
from portal.search.snippets import Parts

FIELD_LABELS: Final = {
    "title": "title",
    "questions": "questions",
    "keywords": "keywords",
    "heading": "headings",
    "answer": "answer",
    "body": "text",
}


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the question: as typed, how much of its weight counts (1: in full), and what else is
    searched for in its place, each with what it counts."""

    typed: str
    weight: float
    also: tuple[tuple[str, float], ...]

    @property
    def counts(self) -> str:
        """How much it counts, in words."""
        if self.weight >= 1:
            return "in full"
        if self.weight == WEIGHTS.part:
            return f"{self.weight:g}, part of a word that is known as one"
        return f"{self.weight:g}, a word of questions"


@dataclass(frozen=True, slots=True)
class Bet:
    """A recommendation of an admin that applies: for which question, and of which article."""

    question: str
    slug: str
    title: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question as understood. `corrections` and `synonyms` are (typed, also searched for); `phrases`
    must be there, words `left_out` must not. `apart`: the phrases stand nowhere, so their words were
    searched for one by one. `loose`: nothing matched, so every word was taken for the closest there is."""

    text: str
    language: str
    words: tuple[Word, ...]
    corrections: tuple[tuple[str, str], ...]
    synonyms: tuple[tuple[str, str], ...]
    phrases: tuple[str, ...]
    left_out: tuple[str, ...]
    bets: tuple[Bet, ...]
    loose: bool
    apart: bool


@dataclass(frozen=True, slots=True)
class Row:
    """What one word, or two neighbours, add before the prior: `share` * `saturated`. `times` says how
    often by field; `frequency` is the inverse document frequency that counts, `share` its part of the
    question, `x` the weighted frequency and `saturated` x / (x + k1)."""

    words: tuple[str, ...]
    pair: bool
    times: Mapping[str, int]
    frequency: float
    share: float
    x: float
    saturated: float
    adds: float

    @property
    def where(self) -> str:
        """Where it stands, in words: "title 1, text 3"; "" when nowhere."""
        return ", ".join(f"{FIELD_LABELS[name]} {count}" for name, count in self.times.items())


@dataclass(frozen=True, slots=True)
class BestLine:
    """The line that says it best: its text as it is now (empty when it is not there any more), the field
    and the anchor of the section it stands in, its number there, and what it adds before the prior."""

    text: Parts
    field: str
    anchor: str
    number: int
    words: int
    adds: float

    @property
    def label(self) -> str:
        return FIELD_LABELS[self.field]


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a score: what it is of ("word", "pair" or "line"), its name, and how much it is."""

    kind: str
    label: str
    value: float


@dataclass(frozen=True, slots=True)
class Why:
    """Why one article has its score: `prior` * (all that `rows` and `line` add) = `score`.

    `rank` counts from 1 in the list that the person gets, None when it is not among the first
    DEEPEST. `missing` says why it is not found at all, "" when it is. `reasons` are what the prior is
    made of.
    """

    slug: str
    title: str
    rank: int | None
    recommended: bool
    score: float = 0.0
    prior: float = 1.0
    reasons: tuple[tuple[str, float], ...] = ()
    rows: tuple[Row, ...] = ()
    line: BestLine | None = None
    missing: str = ""

    @property
    def before_prior(self) -> float:
        """The sum of all rows and the line."""
        return math.fsum(row.adds for row in self.rows) + (self.line.adds if self.line else 0.0)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All that adds to the score, in its order: words, pairs, the line. Their sum is the score."""
        if not self.score:
            return ()
        found = [
            Segment("pair" if row.pair else "word", " + ".join(row.words), self.prior * row.adds)
            for row in self.rows
            if row.adds
        ]
        if self.line is not None:
            found.append(Segment("line", "the best line", self.prior * self.line.adds))
        return tuple(found)

    def of(self, kind: str) -> float:
        """What the segments of a kind add up to."""
        return math.fsum(one.value for one in self.segments if one.kind == kind)


@dataclass(frozen=True, slots=True)
class Sure:
    """How sure the first answer is, and what that comes from: its score, the mean of the next ones, what
    the question weighs in words that stand nowhere, and what they make together. `kept` is below 1 when
    only the closest words matched; `recommended` stands above all of it."""

    confidence: float
    weak: bool
    score: float
    rivals: float
    mass: float
    evidence: float
    kept: float
    recommended: bool
    at_least: float


@dataclass(frozen=True, slots=True)
class Explained:
    """A question and its first answers, and why one article is where it is: the one asked for, else the
    first. `unseen` says that the one asked for is not to be seen by this person, or is not there."""

    question: Question
    count: int
    hits: tuple[Why, ...]
    sure: Sure | None
    why: Why | None
    unseen: str = ""
