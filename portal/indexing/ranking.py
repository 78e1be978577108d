"""The ranking formula and its weights, over the posting arrays of a view.

The score of a group (an article) for a question is

    score = prior * (A(words) + A(pairs) + PASSAGE * L)

A is BM25F (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond"):
with x = sum over fields of weight * tf / (1 - b + b * length / mean length),

    A = sum of w * x / (x + K1)  /  sum of w

The division by the weight of the whole question, words that nobody wrote included, makes scores of
different questions comparable: 1 would be a perfect match. w is the inverse document frequency
log(1 + (N - n + 0.5) / (n + 0.5)), times the slot's own weight. Pairs are words that stand side by
side in the question and in one passage. L finds the one line that says it best:

    L = max over passages of  sum of w^2 / (|q| * m * sqrt(length + SHORT)),  |q|^2 = sum of w^2,

a cosine in which a passage's unknown weights are taken to be the question's mean weight m.
All frequencies are those of the view: what may not be seen has no influence.

The constants stand on broad plateaus: changing any of them by a third moves success at rank 1 on
the measured question sets by about a point (docs/adr/0010-ranking.md).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from portal.indexing.corpus import Bools, Floats, Ints, Postings, View
from portal.indexing.engine import FIELDS, EngineQuery, Hit, Hits, Slot

FIELD_WEIGHT: Final = {
    "title": 8.0,
    "questions": 4.0,
    "keywords": 3.0,
    "heading": 2.0,
    "answer": 2.0,
    "body": 1.0,
}
FIELD_B: Final = {"title": 0.3, "questions": 0.6, "keywords": 0.3, "heading": 0.6, "answer": 0.3, "body": 0.6}
"""How strongly length counts against a field (BM25's b)."""

K1: Final = 3.0
PAIRS: Final = 1.0
PASSAGE: Final = 0.25
SHORT: Final = 6.0
"""Words added to every passage's length, so that a line of one word is no perfect line."""

SECTION_WEIGHT: Final = {"heading": 4.0, "body": 1.0}
"""What speaks for one section of an article; everything else speaks for the article as a whole."""


@dataclass(frozen=True, slots=True)
class Impact:
    """What one slot (or pair) adds: saturated x/(x+K1) by group and by unit, and its passages."""

    groups: Ints
    saturated: Floats
    units: Ints
    unit_saturated: Floats
    passages: Ints


def inverse_frequency(documents: int, containing: int) -> float:
    """log(1 + (N - n + 0.5) / (n + 0.5)): Robertson's weight, kept above zero as Lucene does."""
    return math.log(1 + (documents - containing + 0.5) / (containing + 0.5))


def rank(view: View, query: EngineQuery, limit: int) -> Hits:
    """The best `limit` groups of a view; ties are broken by group name, so order never wavers."""
    scores = _Scores(view, query)
    total = np.where(scores.solid(), scores.total(), 0.0)
    allowed = _allowed(view, query)
    if allowed is not None:
        total = np.where(allowed, total, 0.0)
    found = np.flatnonzero(total > 0)
    order = sorted(found, key=lambda group: (-total[group], view.groups[group]))[:limit]
    hits = tuple(scores.hit(int(group), float(total[group])) for group in order)
    return Hits(hits, len(found), scores.mass / inverse_frequency(len(view.groups), 0))


def covered(slots: Sequence[Slot], weights: Sequence[float], matched: Sequence[bool]) -> float:
    """The share of the question's weight that matched; see `Hit.coverage`."""
    full = [slot.weight >= 1 for slot in slots]
    counted = full if any(full) else [True] * len(slots)
    mass = sum(weight for weight, counts in zip(weights, counted, strict=True) if counts)
    found = sum(w for w, counts, hit in zip(weights, counted, matched, strict=True) if counts and hit)
    return found / mass if mass else 0.0


class _Scores:
    """The parts of the score of every group for one question."""

    def __init__(self, view: View, query: EngineQuery) -> None:
        self.view = view
        self.slots = query.slots
        self.impacts = [_slot_impact(view, slot) for slot in query.slots]
        groups = len(view.groups)
        self.weights = [
            slot.weight * inverse_frequency(groups, len(impact.groups))
            for slot, impact in zip(query.slots, self.impacts, strict=True)
        ]
        self.mass = sum(self.weights)

    def solid(self) -> Bools:
        """Which groups hold a word that counts in full: words of questions alone are no match, unless
        the question has nothing else that is known."""
        full = [
            i for slot, i in zip(self.slots, self.impacts, strict=True) if slot.weight >= 1 and len(i.groups)
        ]
        result = np.full(len(self.view.groups), not full)
        for impact in full:
            result[impact.groups] = True
        return result

    def total(self) -> Floats:
        view = self.view
        result = self._words() + PAIRS * self._pairs() + PASSAGE * self._best_passage()
        return np.asarray(result * view.group_prior)

    def _words(self) -> Floats:
        result = np.zeros(len(self.view.groups))
        for weight, impact in zip(self.weights, self.impacts, strict=True):
            result[impact.groups] += weight * impact.saturated
        return result / self.mass if self.mass else result

    def _pairs(self) -> Floats:
        view = self.view
        result = np.zeros(len(view.groups))
        mass = 0.0
        for left, right in zip(self.slots, self.slots[1:], strict=False):
            impact = _pair_impact(view, left, right)
            weight = max(left.weight, right.weight) * inverse_frequency(len(view.groups), len(impact.groups))
            result[impact.groups] += weight * impact.saturated
            mass += weight
        return result / mass if mass else result

    def _best_passage(self) -> Floats:
        view = self.view
        passages = np.zeros(len(view.passage_group))
        result = np.zeros(len(view.groups))
        square = sum(weight * weight for weight in self.weights)
        if not square or not len(passages):
            return result
        for weight, impact in zip(self.weights, self.impacts, strict=True):
            passages[impact.passages] += weight * weight
        mean = math.sqrt(square / len(self.weights))
        passages /= math.sqrt(square) * mean * np.sqrt(view.passage_length + SHORT)
        starts = np.flatnonzero(np.diff(view.passage_group, prepend=-1))
        result[view.passage_group[starts]] = np.maximum.reduceat(passages, starts)
        return result

    def hit(self, group: int, score: float) -> Hit:
        """The hit for one group: its best unit, the terms that matched, how much they cover."""
        matched = [bool(np.any(impact.groups == group)) for impact in self.impacts]
        terms = frozenset(
            term
            for slot, found in zip(self.slots, matched, strict=True)
            if found
            for term, _ in slot.alternatives
        )
        return Hit(
            group=self.view.groups[group],
            id=self.view.units[self._best_unit(group)].id,
            score=score,
            coverage=covered(self.slots, self.weights, matched),
            matched=terms,
        )

    def _best_unit(self, group: int) -> int:
        """The unit whose own text answers best; the first one of the group when none stands out."""
        units = np.flatnonzero(self.view.unit_group == group)
        strength = np.zeros(len(units))
        for weight, impact in zip(self.weights, self.impacts, strict=True):
            at = np.searchsorted(impact.units, units)
            at = np.minimum(at, max(len(impact.units) - 1, 0))
            if len(impact.units):
                strength += np.where(impact.units[at] == units, weight * impact.unit_saturated[at], 0.0)
        return int(units[int(np.argmax(strength))])


def _slot_impact(view: View, slot: Slot) -> Impact:
    found = view.kept.get(("slot", slot.alternatives), lambda: _impact(view, _slot_places(view, slot)))
    assert isinstance(found, Impact)
    return found


def _pair_impact(view: View, left: Slot, right: Slot) -> Impact:
    key = ("pair", left.alternatives, right.alternatives)
    found = view.kept.get(key, lambda: _impact(view, [(_pair_places(view, left, right), 1.0)]))
    assert isinstance(found, Impact)
    return found


def _slot_places(view: View, slot: Slot) -> list[tuple[Ints, float]]:
    return [(view.postings(term).passage, factor) for term, factor in slot.alternatives]


def _pair_places(view: View, left: Slot, right: Slot) -> Ints:
    """Passages in which a word of the left slot stands right before one of the right slot."""
    found = [np.zeros(0, np.int64)]
    for one, _ in left.alternatives:
        for other, _ in right.alternatives:
            found.append(_side_by_side(view.postings(one), view.postings(other)))
    return np.sort(np.concatenate(found))


def _side_by_side(left: Postings, right: Postings) -> Ints:
    after = (left.passage << 16) + left.offset + 1
    return left.passage[np.isin(after, (right.passage << 16) + right.offset)]


def _impact(view: View, places: list[tuple[Ints, float]]) -> Impact:
    """Saturated BM25F frequencies of the passages given, each occurrence weighed by its factor."""
    passages = np.concatenate([np.zeros(0, np.int64), *(found for found, _ in places)])
    factors = np.concatenate([np.zeros(0), *(np.full(len(found), factor) for found, factor in places)])
    group = view.passage_group[passages]
    field = view.passage_field[passages]
    frequency = factors * _weights(FIELD_WEIGHT)[field] / _norms(view)[field, group]
    groups, x = _sums(group, frequency)
    units, y = _sums(view.passage_unit[passages], factors * _weights(SECTION_WEIGHT)[field])
    return Impact(groups, x / (x + K1), units, y / (y + K1), np.unique(passages))


def _sums(keys: Ints, values: Floats) -> tuple[Ints, Floats]:
    unique, inverse = np.unique(keys, return_inverse=True)
    return unique, np.asarray(np.bincount(inverse, values, minlength=len(unique)), np.float64)


def _weights(table: dict[str, float]) -> Floats:
    return np.array([table.get(name, 0.0) for name in FIELDS])


def _norms(view: View) -> Floats:
    """1 - b + b * length / mean length, by field and group."""
    return np.asarray(view.kept.get("norms", lambda: _compute_norms(view)))


def _compute_norms(view: View) -> Floats:
    mean = view.group_length.mean(axis=1, keepdims=True) if len(view.groups) else np.ones((len(FIELDS), 1))
    b = _weights(FIELD_B)[:, None]
    return np.asarray(1 - b + b * view.group_length / np.maximum(mean, 1e-9))


def _allowed(view: View, query: EngineQuery) -> Bools | None:
    """Which groups hold every quoted phrase and none of the excluded words; None for no conditions."""
    if not query.phrases and not query.without:
        return None
    allowed = np.ones(len(view.groups), np.bool_)
    for phrase in query.phrases:
        holds = np.zeros(len(view.groups), np.bool_)
        holds[view.passage_group[_phrase_passages(view, phrase)]] = True
        allowed &= holds
    for term in query.without:
        allowed[view.passage_group[view.postings(term).passage]] = False
    return allowed


def _phrase_passages(view: View, phrase: tuple[str, ...]) -> Ints:
    """Passages in which the terms of a phrase stand one after the other."""
    first = view.postings(phrase[0])
    places = (first.passage << 16) + first.offset
    for step, term in enumerate(phrase[1:], start=1):
        other = view.postings(term)
        places = places[np.isin(places + step, (other.passage << 16) + other.offset)]
    return np.unique(places >> 16)
