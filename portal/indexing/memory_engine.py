"""The reference engine: the formula of `ranking` written down as plainly as possible.

It holds everything in dictionaries, computes each score from scratch and is the oracle of the
contract tests. Use it for tests and for a few hundred documents, not for a portal.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from portal.indexing.engine import (
    ANYTHING,
    FIELDS,
    NOBODY,
    Document,
    EngineQuery,
    Explanation,
    Hit,
    Hits,
    Line,
    Part,
    Slot,
    Suggested,
)
from portal.indexing.passages import names, passages
from portal.indexing.ranking import covered, inverse_frequency
from portal.indexing.segments import NAME_WHOLE, name_value
from portal.indexing.spelling import PlainWords, closest, near


@dataclass(frozen=True, slots=True)
class _Line:
    """One passage: its field, its words in places, and how many there are."""

    field: str
    places: tuple[tuple[str, int], ...]
    length: int

    def count(self, term: str) -> int:
        first, *rest = term.split(" ")
        return sum(
            found == first and all((more, place + step) in self.places for step, more in enumerate(rest, 1))
            for found, place in self.places
        )

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
        return _Ranking(self._visible(audiences, hidden), query).hits(limit, only, facets)

    def explain(
        self, query: EngineQuery, *, audiences: frozenset[str], group: str, hidden: frozenset[str] = NOBODY
    ) -> Explanation | None:
        ranking = _Ranking(self._visible(audiences, hidden), query)
        return ranking.explanation(group) if group in ranking.units else None

    def suggest(
        self, words: Sequence[str], *, audiences: frozenset[str], limit: int, hidden: frozenset[str] = NOBODY
    ) -> tuple[Suggested, ...]:
        found = []
        for document in self._visible(audiences, hidden):
            values = [_best_name(document, letters) for letters in words]
            if values and all(values):
                length = sum(line.length for line in _lines(document) if line.field == "title")
                found.append((-sum(values), length, document.group))
        return tuple(Suggested(group, -value) for value, _, group in sorted(found)[:limit])

    def vocabulary(self, *, audiences: frozenset[str], hidden: frozenset[str] = NOBODY) -> "MemoryVocabulary":
        return MemoryVocabulary(self._visible(audiences, hidden))

    def _visible(self, audiences: frozenset[str], hidden: frozenset[str]) -> list[Document]:
        return [
            document
            for document in self._documents.values()
            if document.audiences & audiences and document.group not in hidden
        ]


def _best_name(document: Document, letters: str) -> float:
    return max(
        (
            name_value(field, begins=begins) + (NAME_WHOLE if word == letters else 0.0)
            for word, field, begins in names(document)
            if word.startswith(letters)
        ),
        default=0.0,
    )


class MemoryVocabulary:
    """The words of some documents."""

    def __init__(self, documents: Sequence[Document]) -> None:
        tokens = [[t for p in passages(document) for t in p.tokens] for document in documents]
        self._languages = Counter({doc.group: doc.language for doc in documents}.values())
        self._counts = Counter(word for found in tokens for word in {token.word for token in found})
        self._lines = [line for document in documents for line in _lines(document)]

    def frequency(self, word: str) -> int:
        return self._counts[word]

    def knows(self, term: str) -> bool:
        return any(line.count(term) for line in self._lines)

    def near(self, word: str) -> Sequence[tuple[str, float]]:
        return near(self, [PlainWords(sorted(self._counts))], word)

    def closest(self, word: str) -> str | None:
        return closest(self, [PlainWords(sorted(self._counts))], word)

    def languages(self) -> Sequence[str]:
        return sorted(self._languages, key=lambda language: (-self._languages[language], language))


class _Ranking:
    """One question over the documents that may be seen; names as in the docstring of `ranking`."""

    def __init__(self, documents: Sequence[Document], query: EngineQuery) -> None:
        self.query = query
        self.k = query.weights
        self.field_weight = dict(zip(FIELDS, query.weights.fields(), strict=True))
        self.b = dict(zip(FIELDS, query.weights.b(), strict=True))
        self.section = dict(zip(FIELDS, query.weights.section(), strict=True))
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
            (group, field): 1 - self.b[field] + self.b[field] * length / max(mean[field], 1e-9)
            for (group, field), length in lengths.items()
        }
        self.weights = [slot.weight * self._frequency(partial(self._x, slot=slot)) for slot in query.slots]
        self.mass = sum(self.weights)
        self._full = [
            slot
            for slot in query.slots
            if slot.weight >= 1 and any(self._x(group, slot) for group in self.units)
        ]

    def hits(self, limit: int, only: Mapping[str, str], facets: Sequence[str]) -> Hits:
        scores = {group: self._score(group) for group in self.units if self._allowed(group)}
        matching = [group for group, score in scores.items() if score > 0]
        fits = [group for group in matching if self._fits(group, only)]
        ranked = sorted((-scores[group], group) for group in fits)
        hits = tuple(self._hit(group, -score) for score, group in ranked[:limit])
        counted = {
            name: Counter(
                value
                for group in matching
                if self._fits(group, {other: value for other, value in only.items() if other != name})
                for value in self.units[group][0][0].facets.get(name, ())
            )
            for name in facets
        }
        return Hits(hits, len(fits), self.mass / inverse_frequency(len(self.units), 0), counted)

    def _fits(self, group: str, only: Mapping[str, str]) -> bool:
        own = self.units[group][0][0].facets
        return all(value in own.get(name, ()) for name, value in only.items())

    def _length(self, group: str, field: str) -> int:
        return sum(line.length for line in self.lines[group] if line.field == field)

    def _frequency(self, x: Callable[[str], float]) -> float:
        return inverse_frequency(len(self.units), sum(x(group) > 0 for group in self.units))

    def _score(self, group: str) -> float:
        return self.explanation(group).score

    def explanation(self, group: str) -> Explanation:
        """The score of a group in parts; 0 when a phrase or a word to leave out forbids it."""
        parts = tuple(
            self._part(group, slot, weight)
            for slot, weight in zip(self.query.slots, self.weights, strict=True)
        )
        pairs, line = self._pairs(group), self._best_line(group)
        prior = self.units[group][0][0].prior
        adds = sum(part.adds for part in (*parts, *pairs)) + (line.adds if line else 0.0)
        return Explanation(group, prior * adds if self._allowed(group) else 0.0, prior, parts, pairs, line)

    def _part(self, group: str, slot: Slot, weight: float) -> Part:
        times = Counter[str]()
        for line in self.lines[group]:
            times[line.field] += sum(line.count(term) for term, _ in slot.alternatives)
        share, x = weight / (self.mass or 1.0), self._x(group, slot)
        saturated = self._saturated(x)
        words = tuple(term for term, _ in slot.alternatives)
        return Part(words, +times, weight, share, x, saturated, share * saturated)

    def _x(self, group: str, slot: Slot) -> float:
        """The weighted, length-normalised frequency of a slot's words in a group."""
        return sum(
            factor * line.count(term) * self.field_weight[line.field] / self.norm[group, line.field]
            for line in self.lines[group]
            for term, factor in slot.alternatives
        )

    def _pairs(self, group: str) -> tuple[Part, ...]:
        both = self.query.neighbours
        weights = [
            max(left.weight, right.weight) * self._frequency(partial(self._pair_x, left=left, right=right))
            for left, right in both
        ]
        share = self.k.pairs / (sum(weights) or 1.0)
        return tuple(
            self._pair(group, left, right, weight, share * weight)
            for (left, right), weight in zip(both, weights, strict=True)
        )

    def _pair(self, group: str, left: Slot, right: Slot, weight: float, share: float) -> Part:
        times = Counter[str]()
        for line in self.lines[group]:
            times[line.field] += _side_by_side(line, left, right)
        x = self._pair_x(group, left, right)
        saturated = self._saturated(x)
        words = (left.alternatives[0][0], right.alternatives[0][0])
        return Part(words, +times, weight, share, x, saturated, share * saturated)

    def _pair_x(self, group: str, left: Slot, right: Slot) -> float:
        return sum(
            _side_by_side(line, left, right) * self.field_weight[line.field] / self.norm[group, line.field]
            for line in self.lines[group]
        )

    def _best_line(self, group: str) -> Line | None:
        square = sum(w * w for w in self.weights)
        if not square:
            return None
        size = math.sqrt(square) * math.sqrt(square / len(self.weights))
        best: Line | None = None
        for document, lines in self.units[group]:
            fields = [one.field for one in lines]
            for at, line in enumerate(lines):
                number = at - fields.index(line.field)
                found = self._found(line) / (size * math.sqrt(line.length + self.k.short))
                adds = self.k.passage * found
                if found and (best is None or adds > best.adds):
                    best = Line(document.id, line.field, number, line.length, adds)
        return best

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
        return all(any(line.has_phrase(run) for line in lines for run in runs) for runs in self.query.phrases)

    def _hit(self, group: str, score: float) -> Hit:
        slots = self.query.slots
        matched = [self._x(group, slot) > 0 for slot in slots]
        return Hit(
            group=group,
            id=max(self.units[group], key=lambda unit: self._strength(unit[1]))[0].id,
            score=score,
            coverage=covered(slots, self.weights, matched),
            matched=frozenset(
                term
                for slot, found in zip(slots, matched, strict=True)
                if found
                for term, _ in slot.alternatives
            ),
        )

    def _saturated(self, x: float) -> float:
        return x / (x + self.k.k1)

    def _strength(self, lines: Sequence[_Line]) -> float:
        """How well the section's own text answers."""
        return sum(
            w
            * self._saturated(
                sum(
                    factor * line.count(term) * self.section[line.field]
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


def _side_by_side(line: _Line, left: Slot, right: Slot) -> int:
    """How often a word of the left slot stands right before one of the right; phrases are left out."""
    return sum(
        line.pairs(one, other)
        for one, _ in left.alternatives
        for other, _ in right.alternatives
        if " " not in one and " " not in other
    )
