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
from itertools import pairwise
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


DENSE: Final = 0.25
"""A word in more than this share of the groups is kept as a whole vector: adding it up is faster."""


@dataclass(frozen=True, slots=True)
class Impact:
    """What one slot (or pair) adds: saturated x/(x+K1) by group and by unit, and its passages.

    All numbers ascend. `vector` is `saturated` over all groups, for words in many of them.
    """

    groups: Ints
    saturated: Floats
    units: Ints
    unit_saturated: Floats
    passages: Ints
    vector: Floats | None

    def add_to(self, scores: Floats, weight: float) -> None:
        """Add `weight` times the saturated frequencies to the scores of all groups."""
        if self.vector is not None:
            scores += weight * self.vector
        else:
            scores[self.groups] += weight * self.saturated


def inverse_frequency(documents: int, containing: int) -> float:
    """log(1 + (N - n + 0.5) / (n + 0.5)): Robertson's weight, kept above zero as Lucene does."""
    return math.log(1 + (documents - containing + 0.5) / (containing + 0.5))


def rank(view: View, query: EngineQuery, limit: int) -> Hits:
    """The best `limit` groups of a view; ties are broken by group name, so order never wavers.

    The best line is looked for only where it can matter: in the groups that would be among the best
    with the best line there can be. The order is the same as if it were looked for everywhere.
    """
    scores = _Scores(view, query)
    base = np.where(scores.allowed(), scores.words_and_pairs(), 0.0)
    found = np.flatnonzero(base > 0)
    if len(found) > limit:
        least = np.partition(base[found], len(found) - limit)[len(found) - limit]
        reach = PASSAGE * scores.reach()[found] * view.group_prior[found]
        near = found[base[found] + reach >= least]
    else:
        near = found
    total = base[near] + PASSAGE * scores.best_lines(near) * view.group_prior[near]
    order = np.lexsort((view.group_place[near], -total))[:limit]
    hits = scores.hits(near[order], total[order])
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
        self.query = query
        self.slots = query.slots
        self.impacts = [_slot_impact(view, slot) for slot in query.slots]
        groups = len(view.groups)
        self.weights = [
            slot.weight * inverse_frequency(groups, len(impact.groups))
            for slot, impact in zip(query.slots, self.impacts, strict=True)
        ]
        self.mass = sum(self.weights)

    def allowed(self) -> Bools:
        """Which groups hold a word that counts in full (words of questions alone are no match, unless
        nothing else is known), every quoted phrase, and none of the words to leave out."""
        full = [i for s, i in zip(self.slots, self.impacts, strict=True) if s.weight >= 1 and len(i.groups)]
        result = np.full(len(self.view.groups), not full)
        for impact in full:
            result[impact.groups] = True
        for phrase in self.query.phrases:
            holds = np.zeros(len(result), np.bool_)
            holds[self.view.passage_group[_phrase_passages(self.view, phrase)]] = True
            result &= holds
        for term in self.query.without:
            result[self.view.passage_group[self.view.postings(term).passage]] = False
        return result

    def words_and_pairs(self) -> Floats:
        """All of the score but the best line, by group."""
        words = np.zeros(len(self.view.groups))
        for weight, impact in zip(self.weights, self.impacts, strict=True):
            impact.add_to(words, weight / self.mass)
        pairs, mass = np.zeros(len(words)), 0.0
        for left, right in pairwise(self.slots):
            impact = _pair_impact(self.view, left, right)
            weight = max(left.weight, right.weight) * inverse_frequency(len(words), len(impact.groups))
            impact.add_to(pairs, weight)
            mass += weight
        return (words + PAIRS * pairs / mass if mass else words) * self.view.group_prior

    def reach(self) -> Floats:
        """What the best line of each group cannot exceed: one word long, with all that matched in it."""
        found = np.zeros(len(self.view.groups))
        for weight, impact in zip(self.weights, self.impacts, strict=True):
            if impact.vector is not None:
                found += weight * weight * (impact.vector > 0)
            else:
                found[impact.groups] += weight * weight
        square = sum(weight * weight for weight in self.weights)
        return found / (square or 1.0) * math.sqrt(len(self.slots) / (1 + SHORT))

    def best_lines(self, groups: Ints) -> Floats:
        """L for each of these groups (ascending)."""
        view = self.view
        square = sum(weight * weight for weight in self.weights)
        if not square or not len(groups):
            return np.zeros(len(groups))
        first, end = view.group_passages[groups], view.group_passages[groups + 1]
        start = np.cumsum(end - first) - (end - first)
        found = np.zeros(int((end - first).sum()))
        for weight, impact in zip(self.weights, self.impacts, strict=True):
            at, count = _within(impact.passages, first, end)
            found[impact.passages[at] + np.repeat(start - first, count)] += weight * weight
        size = math.sqrt(square) * math.sqrt(square / len(self.weights))
        found /= size * np.sqrt(view.passage_length[_ranges(first, end - first)] + SHORT)
        return np.asarray(np.maximum.reduceat(found, start), np.float64)

    def hits(self, groups: Ints, totals: Floats) -> tuple[Hit, ...]:
        """The hits for groups in their order: best unit, matching terms, coverage."""
        matched = [_holds(impact.groups, groups) for impact in self.impacts]
        units = self._best_units(groups)
        return tuple(
            Hit(
                group=self.view.groups[group],
                id=self.view.units[units[number]].id,
                score=float(totals[number]),
                coverage=covered(self.slots, self.weights, [bool(found[number]) for found in matched]),
                matched=frozenset(
                    term
                    for slot, found in zip(self.slots, matched, strict=True)
                    if found[number]
                    for term, _ in slot.alternatives
                ),
            )
            for number, group in enumerate(groups)
        )

    def _best_units(self, groups: Ints) -> list[int]:
        """For each group the unit whose own text answers best; its first when none stands out."""
        first, end = self.view.group_units[groups], self.view.group_units[groups + 1]
        units = _ranges(first, end - first)
        strength = np.zeros(len(units))
        for weight, impact in zip(self.weights, self.impacts, strict=True):
            if len(impact.units):
                at = np.minimum(np.searchsorted(impact.units, units), len(impact.units) - 1)
                strength += np.where(impact.units[at] == units, weight * impact.unit_saturated[at], 0.0)
        best = []
        start = 0
        for number, count in enumerate(end - first):
            best.append(int(first[number]) + int(np.argmax(strength[start : start + count])))
            start += count
        return best


def _ranges(first: Ints, count: Ints) -> Ints:
    """The numbers first[i] … first[i] + count[i] - 1, for all i, one after the other."""
    return np.repeat(first - (np.cumsum(count) - count), count) + np.arange(int(count.sum()))


def _within(numbers: Ints, first: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Places in ascending `numbers` of those in any [first, end), and how many there are of each."""
    low, high = np.searchsorted(numbers, first), np.searchsorted(numbers, end)
    return _ranges(low, high - low), high - low


def _holds(numbers: Ints, wanted: Ints) -> Bools:
    """For each of `wanted`, whether it is among the ascending `numbers`."""
    if not len(numbers):
        return np.zeros(len(wanted), np.bool_)
    at = np.minimum(np.searchsorted(numbers, wanted), len(numbers) - 1)
    return np.asarray(numbers[at] == wanted)


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
    there = (right.passage << 16) + right.offset
    if len(after) <= len(there):
        return left.passage[_holds(there, after)]
    return right.passage[_holds(after, there)]


def _impact(view: View, places: list[tuple[Ints, float]]) -> Impact:
    """Saturated BM25F frequencies of the passages given, each occurrence weighed by its factor."""
    passages = np.concatenate([np.zeros(0, np.int64), *(found for found, _ in places)])
    factors = np.concatenate([np.zeros(0), *(np.full(len(found), factor) for found, factor in places)])
    group = view.passage_group[passages]
    field = view.passage_field[passages]
    frequency = factors * _weights(FIELD_WEIGHT)[field] / _norms(view)[field, group]
    groups, x = _sums(group, frequency)
    units, y = _sums(view.passage_unit[passages], factors * _weights(SECTION_WEIGHT)[field])
    own = y > 0
    saturated = x / (x + K1)
    vector = None
    if len(groups) > DENSE * len(view.groups):
        vector = np.zeros(len(view.groups))
        vector[groups] = saturated
    return Impact(groups, saturated, units[own], (y / (y + K1))[own], np.unique(passages), vector)


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


def _phrase_passages(view: View, phrase: tuple[str, ...]) -> Ints:
    """Passages in which the terms of a phrase stand one after the other."""
    first = view.postings(phrase[0])
    places = (first.passage << 16) + first.offset
    for step, term in enumerate(phrase[1:], start=1):
        other = view.postings(term)
        places = places[_holds((other.passage << 16) + other.offset, places + step)]
    return np.unique(places >> 16)
