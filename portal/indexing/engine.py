"""The engine port: documents in, ranked ids out. It knows no article and no person.

An engine ranks; it never decides who may see. It ranks as if the documents outside the given
audiences did not exist, and still every id is read again through `articles.queries.visible_to`
before anyone sees it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Protocol

from portal.indexing.weights import FIELDS, WEIGHTS, Weights

__all__ = [
    "FIELDS",
    "Document",
    "EngineError",
    "EngineQuery",
    "Explanation",
    "Hit",
    "Hits",
    "Line",
    "Part",
    "SearchEngine",
    "Slot",
    "Suggested",
    "Vocabulary",
]

NOBODY: Final[frozenset[str]] = frozenset()
ANYTHING: Final[Mapping[str, str]] = {}


class EngineError(Exception):
    """The index cannot be read or written. The caller falls back to the database and has it rebuilt."""


@dataclass(frozen=True, slots=True)
class Document:
    """One section of one thing (`group`), as it is to be found.

    `id` is unique over all documents. All documents of a group carry the group's `version` and
    `audiences`, and are put and removed together. `fields` maps names out of FIELDS to plain text,
    in which every line is a passage of its own. `audiences` are tokens; who holds any may see it.
    """

    id: str
    group: str
    version: int
    audiences: frozenset[str]
    fields: Mapping[str, str]
    language: str = "en"
    prior: float = 1.0
    """Small factor on the score for use, helpfulness and verification; 1 is neutral."""
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What the group is counted and filtered by: name of the facet to its values."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One word of a question. `alternatives` are (term, factor): its stem at 1, near words and
    synonyms below. A term of several words, joined by blanks, is a phrase."""

    alternatives: tuple[tuple[str, float], ...]
    weight: float = 1.0
    """Share of its inverse document frequency that counts: below 1 for words of questions."""
    inside: bool = False
    """Whether it is the first part of the compound that is the slot before it, and no neighbour of it."""


@dataclass(frozen=True, slots=True)
class EngineQuery:
    """A question as understood. Slots stand in the order typed, all optional.

    `phrases` must each stand in one line: each is one or several runs of terms (as the languages
    stem them), of which one must be there. `without` are terms that must not occur. Neither is ever
    more than the person typed.
    """

    slots: tuple[Slot, ...]
    phrases: tuple[tuple[tuple[str, ...], ...], ...] = ()
    without: tuple[str, ...] = ()
    weights: Weights = WEIGHTS

    @property
    def neighbours(self) -> list[tuple[Slot, Slot]]:
        """Slots that stand side by side, in order."""
        return [(left, right) for left, right in pairwise(self.slots) if not right.inside]


@dataclass(frozen=True, slots=True)
class Hit:
    """One group found. `id` is its best document; `score` lies between 0 and about 2.7.

    `matched` are the terms that occur in it; `coverage` is the share, 0 to 1, of the question's
    weight (inverse document frequency) that they carry, slots of less than full weight left out
    when there are others.
    """

    group: str
    id: str
    score: float
    coverage: float
    matched: frozenset[str]


@dataclass(frozen=True, slots=True)
class Hits:
    """The best groups, best first, and how many groups match at all.

    `mass` is what the question weighs: its inverse document frequencies over that of a word which
    stands nowhere, so 3 means as much as three rare words.
    """

    hits: tuple[Hit, ...]
    total: int
    mass: float
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """For each facet asked for, the number of matching groups by value, as if nothing were chosen in
    this facet (but in the others)."""


@dataclass(frozen=True, slots=True)
class Suggested:
    """A group whose names hold the words typed so far; `score` orders, higher is better."""

    group: str
    score: float


@dataclass(frozen=True, slots=True)
class Part:
    """What one word of the question, or two neighbours, adds to a score before the prior.

    `times` says how often it occurs, by field; `saturated` is x / (x + k1); `share` is its part of
    the question's weight; `adds` is the product.
    """

    words: tuple[str, ...]
    times: Mapping[str, int]
    frequency: float
    share: float
    x: float
    saturated: float
    adds: float


@dataclass(frozen=True, slots=True)
class Line:
    """The one line that says it best: where it stands, what share of it, and what it adds."""

    id: str
    field: str
    number: int
    words: int
    adds: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a group has its score: prior * (all that the parts, pairs and the line add)."""

    group: str
    score: float
    prior: float
    parts: tuple[Part, ...]
    pairs: tuple[Part, ...]
    line: Line | None


class Vocabulary(Protocol):
    """The folded words, as typed by authors, of what some audiences may see."""

    def frequency(self, word: str) -> int:
        """In how many documents a folded word stands; 0 when these audiences may see none."""

    def knows(self, term: str) -> bool:
        """Whether a stem, or a phrase of stems, stands anywhere in what these audiences may see."""

    def near(self, word: str) -> Sequence[tuple[str, float]]:
        """Words that `word` may have been meant to be, likeliest first, with a factor up to 1."""

    def closest(self, word: str) -> str | None:
        """The word with the most letter pairs in common, as a last resort; None if there is none."""

    def languages(self) -> Sequence[str]:
        """The languages of the documents, the commonest first."""


class SearchEngine(Protocol):
    """What every engine does; one contract test suite runs against all of them.

    Every method may raise EngineError.
    """

    def put(self, documents: Iterable[Document]) -> None:
        """Add documents, replacing all earlier ones of the same groups; durable on return."""

    def remove(self, groups: Iterable[str]) -> None:
        """Forget all documents of these groups; durable on return."""

    def replace_all(self, documents: Iterable[Document]) -> None:
        """Make these the only documents. Readers see the old or the new set, never half."""

    def search(
        self,
        query: EngineQuery,
        *,
        audiences: frozenset[str],
        limit: int,
        hidden: frozenset[str] = NOBODY,
        only: Mapping[str, str] = ANYTHING,
        facets: Sequence[str] = (),
    ) -> Hits:
        """Rank the groups that these audiences may see; the scores are those of `ranking`.

        `hidden` are groups that must not be seen although the index does not know it yet; `only`
        keeps groups with these facet values; `facets` are the names of facets to count.
        """

    def explain(
        self, query: EngineQuery, *, audiences: frozenset[str], group: str, hidden: frozenset[str] = NOBODY
    ) -> Explanation | None:
        """Why a group has the score it has; None when it is not to be seen."""

    def suggest(
        self, words: Sequence[str], *, audiences: frozenset[str], limit: int, hidden: frozenset[str] = NOBODY
    ) -> Sequence[Suggested]:
        """Groups whose names (titles, questions, keywords) hold words that begin with each of the folded
        `words`, best first."""

    def vocabulary(self, *, audiences: frozenset[str], hidden: frozenset[str] = NOBODY) -> Vocabulary:
        """The words of what these audiences may see, for spelling."""

    def versions(self) -> Mapping[str, int]:
        """The version held of each group, to find drift from the database."""
