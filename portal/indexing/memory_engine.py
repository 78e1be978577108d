"""The reference engine: the formula of `ranking` written down as plainly as possible.

It holds everything in dictionaries, computes each score from scratch and is the oracle of the
contract tests. Use it for tests and for a few hundred documents, not for a portal.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from portal.indexing import ranking
from portal.indexing.engine import FIELDS, Document, EngineQuery, Hit, Hits, Slot
from portal.indexing.passages import passages
from portal.indexing.ranking import FIELD_B, FIELD_WEIGHT, K1, SECTION_WEIGHT, inverse_frequency
from portal.indexing.spelling import closest, near


@dataclass(frozen=True, slots=True)
class _Line:
    """One passage: its field, its words in places, and how many there are."""

    field: str
    places: tuple[tuple[str, int], ...]
    length: int

    def count(self, term: str) -> int:
        return sum(found == term for found, _ in self.places)

    def pairs(self, left: str, right: str) -> int:
        """How often `left` stands right before `right`."""
        return sum((right, place + 1) in self.places for found, place in self.places if found == left)

    def has_phrase(self, phrase: Sequence[str]) -> bool:
        return any(
            all((term, place + step) in self.places for step, term in enumerate(phrase))
            for _, place in self.places
        )


class MemoryEngine:
    """An engine without files; lost when the process ends."""

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}

    def put(self, documents: Iterable[Document]) -> None:
        found = list(documents)
        self.remove({document.group for document in found})
        self._documents |= {document.id: document for document in found}

    def remove(self, groups: Iterable[str]) -> None:
        gone = set(groups)
        self._documents = {
            key: document for key, document in self._documents.items() if document.group not in gone
        }

    def replace_all(self, documents: Iterable[Document]) -> None:
        self._documents = {document.id: document for document in documents}

    def versions(self) -> Mapping[str, int]:
        return {document.group: document.version for document in self._documents.values()}

    def search(self, query: EngineQuery, *, audiences: frozenset[str], limit: int) -> Hits:
        return _Ranking(self._visible(audiences), query).hits(limit)

    def vocabulary(self, *, audiences: frozenset[str]) -> "MemoryVocabulary":
        return MemoryVocabulary(self._visible(audiences))

    def _visible(self, audiences: frozenset[str]) -> list[Document]:
        return [document for document in self._documents.values() if document.audiences & audiences]


class MemoryVocabulary:
    """The words of some documents."""

    def __init__(self, documents: Sequence[Document]) -> None:
        tokens = [[t for p in passages(document) for t in p.tokens] for document in documents]
        self._counts = Counter(word for found in tokens for word in {token.word for token in found})
        self._terms = {token.term for found in tokens for token in found}

    def frequency(self, word: str) -> int:
        return self._counts[word]

    def knows(self, term: str) -> bool:
        return term in self._terms

    def near(self, word: str) -> Sequence[tuple[str, float]]:
        return near(self, sorted(self._counts), word)

    def closest(self, word: str) -> str | None:
        return closest(self, sorted(self._counts), word)


class _Ranking:
    """One question over the documents that may be seen; names as in the docstring of `ranking`."""

    def __init__(self, documents: Sequence[Document], query: EngineQuery) -> None:
        self.query = query
        self.units: dict[str, list[tuple[Document, list[_Line]]]] = {}
        for document in documents:
            self.units.setdefault(document.group, []).append((document, _lines(document)))
        self.lines = {
            group: [one for _, lines in units for one in lines] for group, units in self.units.items()
        }
        lengths = {(group, field): self._length(group, field) for group in self.units for field in FIELDS}
        count = max(len(self.units), 1)
        mean = {field: sum(lengths[group, field] for group in self.units) / count for field in FIELDS}
        self.norm = {
            (group, field): 1 - FIELD_B[field] + FIELD_B[field] * length / max(mean[field], 1e-9)
            for (group, field), length in lengths.items()
        }
        self.weights = [slot.weight * self._frequency(partial(self._x, slot=slot)) for slot in query.slots]
        self.mass = sum(self.weights)
        self._full = [
            slot
            for slot in query.slots
            if slot.weight >= 1 and any(self._x(group, slot) for group in self.units)
        ]

    def hits(self, limit: int) -> Hits:
        scores = {group: self._score(group) for group in self.units if self._allowed(group)}
        found = sorted((-score, group) for group, score in scores.items() if score > 0)
        hits = tuple(self._hit(group, -score) for score, group in found[:limit])
        return Hits(hits, len(found), self.mass / inverse_frequency(len(self.units), 0))

    def _length(self, group: str, field: str) -> int:
        return sum(line.length for line in self.lines[group] if line.field == field)

    def _frequency(self, x: Callable[[str], float]) -> float:
        return inverse_frequency(len(self.units), sum(x(group) > 0 for group in self.units))

    def _score(self, group: str) -> float:
        words = sum(
            w * _saturated(self._x(group, slot))
            for w, slot in zip(self.weights, self.query.slots, strict=True)
        )
        score = words / self.mass if self.mass else 0.0
        score += ranking.PAIRS * self._pairs(group) + ranking.PASSAGE * self._best_line(group)
        return score * self.units[group][-1][0].prior

    def _x(self, group: str, slot: Slot) -> float:
        """The weighted, length-normalised frequency of a slot's words in a group."""
        return sum(
            factor * line.count(term) * FIELD_WEIGHT[line.field] / self.norm[group, line.field]
            for line in self.lines[group]
            for term, factor in slot.alternatives
        )

    def _pairs(self, group: str) -> float:
        gained = mass = 0.0
        for left, right in zip(self.query.slots, self.query.slots[1:], strict=False):
            weight = max(left.weight, right.weight) * self._frequency(
                partial(self._pair_x, left=left, right=right)
            )
            gained += weight * _saturated(self._pair_x(group, left, right))
            mass += weight
        return gained / mass if mass else 0.0

    def _pair_x(self, group: str, left: Slot, right: Slot) -> float:
        return sum(
            line.pairs(one, other) * FIELD_WEIGHT[line.field] / self.norm[group, line.field]
            for line in self.lines[group]
            for one, _ in left.alternatives
            for other, _ in right.alternatives
        )

    def _best_line(self, group: str) -> float:
        square = sum(w * w for w in self.weights)
        if not square:
            return 0.0
        size = math.sqrt(square) * math.sqrt(square / len(self.weights))
        return max(
            (
                self._found(line) / (size * math.sqrt(line.length + ranking.SHORT))
                for line in self.lines[group]
            ),
            default=0.0,
        )

    def _found(self, line: _Line) -> float:
        return sum(
            w * w
            for w, slot in zip(self.weights, self.query.slots, strict=True)
            if any(line.count(term) for term, _ in slot.alternatives)
        )

    def _allowed(self, group: str) -> bool:
        if self._full and not any(self._x(group, slot) for slot in self._full):
            return False
        lines = self.lines[group]
        if any(line.count(term) for line in lines for term in self.query.without):
            return False
        return all(any(line.has_phrase(phrase) for line in lines) for phrase in self.query.phrases)

    def _hit(self, group: str, score: float) -> Hit:
        slots = self.query.slots
        matched = [self._x(group, slot) > 0 for slot in slots]
        return Hit(
            group=group,
            id=max(self.units[group], key=lambda unit: self._strength(unit[1]))[0].id,
            score=score,
            coverage=ranking.covered(slots, self.weights, matched),
            matched=frozenset(
                term
                for slot, found in zip(slots, matched, strict=True)
                if found
                for term, _ in slot.alternatives
            ),
        )

    def _strength(self, lines: Sequence[_Line]) -> float:
        """How well the section's own text answers."""
        return sum(
            w
            * _saturated(
                sum(
                    factor * line.count(term) * SECTION_WEIGHT.get(line.field, 0.0)
                    for line in lines
                    for term, factor in slot.alternatives
                )
            )
            for w, slot in zip(self.weights, self.query.slots, strict=True)
        )


def _lines(document: Document) -> list[_Line]:
    return [
        _Line(
            FIELDS[passage.field],
            tuple((token.term, token.position) for token in passage.tokens),
            passage.length,
        )
        for passage in passages(document)
    ]


def _saturated(x: float) -> float:
    return x / (x + K1)
