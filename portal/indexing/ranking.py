"""The ranking formula, over the posting arrays of a view. Its weights are in `weights`.

The score of a group (an article) for a question is

    score = prior * (A(words) + A(pairs) + passage * L)

A is BM25F (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond"):
with x = sum over fields of weight * tf / (1 - b + b * length / mean length),

    A = sum of w * x / (x + k1)  /  sum of w

The division by the weight of the whole question, words that nobody wrote included, makes scores of
different questions comparable: 1 would be a perfect match. w is the inverse document frequency
log(1 + (N - n + 0.5) / (n + 0.5)), times the slot's own weight. Pairs are words that stand side by
side in the question and in one passage. L finds the one line that says it best:

    L = max over passages of  sum of w^2 / (|q| * m * sqrt(length + short)),  |q|^2 = sum of w^2,

a cosine in which a passage's unknown weights are taken to be the question's mean weight m.
All frequencies are those of the view: what may not be seen has no influence.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from portal.indexing.arrays import Bools, Floats, Ints, holds
from portal.indexing.corpus import View
from portal.indexing.engine import ANYTHING, FIELDS, EngineQuery, Hit, Hits, Slot
from portal.indexing.segments import Postings
from portal.indexing.weights import Weights

DENSE: Final = 0.1
"""A word in more than this share of the groups is kept as a whole vector: adding it up is faster."""


@dataclass(frozen=True, slots=True)
class Impact:
    """What one slot (or pair) adds: saturated x/(x+k1) by group and by unit, and its passages.

    All numbers ascend. `vector` is `saturated` over all groups, for words in many of them.
    """

    groups: Ints
    saturated: Floats
    units: Ints
    unit_saturated: Floats
    passages: Ints
    vector: Floats | None

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        arrays = (self.groups, self.saturated, self.units, self.unit_saturated, self.passages)
        return sum(array.nbytes for array in arrays) + (0 if self.vector is None else self.vector.nbytes)

    def add_to(self, scores: Floats, weight: float) -> None:
        """Add `weight` times the saturated frequencies to the scores of all groups."""
        if self.vector is not None:
            scores += weight * self.vector
        else:
            scores[self.groups] += weight * self.saturated

    def there(self, groups: Ints) -> Bools:
        """Which of these groups hold it."""
        return self.vector[groups] > 0 if self.vector is not None else holds(self.groups, groups)


def inverse_frequency(documents: int, containing: int) -> float:
    """log(1 + (N - n + 0.5) / (n + 0.5)): Robertson's weight, kept above zero as Lucene does."""
    return math.log(1 + (documents - containing + 0.5) / (containing + 0.5))


def rank(
    view: View,
    query: EngineQuery,
    limit: int,
    *,
    only: Mapping[str, str] = ANYTHING,
    facets: Sequence[str] = (),
) -> Hits:
    """The best `limit` groups of a view; ties are broken by group name, so order never wavers.

    The best line is looked for only where it can matter: in the groups that would be among the best
    with the best line there can be. The order is the same as if it were looked for everywhere.
    """
    scores = Scores(view, query)
    base = scores.words_and_pairs() * scores.allowed()
    counted: dict[str, dict[str, int]] = {}
    if only or facets:
        counted, base = _facets(view, base, only, facets)
    found = np.flatnonzero(base)
    near = scores.contenders(found, base[found], limit)
    total = base[near] + query.weights.passage * scores.best_lines(near) * view.group_prior[near]
    order = np.lexsort((view.group_place[near], -total))[:limit]
    hits = scores.hits(near[order], total[order])
    mass = scores.mass / inverse_frequency(len(view.groups), 0)
    return Hits(hits, len(found), mass, counted)


def _facets(
    view: View, base: Floats, only: Mapping[str, str], facets: Sequence[str]
) -> tuple[dict[str, dict[str, int]], Floats]:
    """The counts of each facet among what matches and fits the choices in the others, and `base`
    of what fits all choices."""
    groups = len(view.groups)
    none = np.zeros(groups, np.bool_)
    chosen = {
        name: view.facets[name].with_value(value, groups) if name in view.facets else none
        for name, value in only.items()
    }
    counted = {}
    for name in facets:
        matching = base > 0
        for other, fits in chosen.items():
            if other != name:
                matching &= fits
        counted[name] = view.facets[name].counts(matching) if name in view.facets else {}
    for fits in chosen.values():
        base = base * fits
    return counted, base


def covered(slots: Sequence[Slot], weights: Sequence[float], matched: Sequence[bool]) -> float:
    """The share of the question's weight that matched; see `Hit.coverage`."""
    full = [slot.weight >= 1 for slot in slots]
    counted = full if any(full) else [True] * len(slots)
    mass = sum(weight for weight, counts in zip(weights, counted, strict=True) if counts)
    found = sum(w for w, counts, hit in zip(weights, counted, matched, strict=True) if counts and hit)
    return found / mass if mass else 0.0


class Scores:
    """The parts of the score of every group for one question."""

    def __init__(self, view: View, query: EngineQuery) -> None:
        self.view = view
        self.query = query
        self.slots = query.slots
        self.impacts = [slot_impact(view, slot, query.weights) for slot in query.slots]
        groups = len(view.groups)
        self.weights = [
            slot.weight * inverse_frequency(groups, len(impact.groups))
            for slot, impact in zip(query.slots, self.impacts, strict=True)
        ]
        self.mass = sum(self.weights)
        self.square = sum(weight * weight for weight in self.weights)

    def allowed(self) -> Bools:
        """Which groups hold a word that counts in full (words of questions alone are no match, unless
        nothing else is known), every quoted phrase, and none of the words to leave out."""
        full = [i for s, i in zip(self.slots, self.impacts, strict=True) if s.weight >= 1 and len(i.groups)]
        result = np.full(len(self.view.groups), not full)
        for impact in full:
            if impact.vector is not None:
                result |= impact.vector > 0
            else:
                result[impact.groups] = True
        for runs in self.query.phrases:
            there = np.zeros(len(result), np.bool_)
            for run in runs:
                there[self.view.passage_group[self.view.postings(" ".join(run)).passage]] = True
            result &= there
        for term in self.query.without:
            result[self.view.passage_group[self.view.postings(term).passage]] = False
        return result

    def words_and_pairs(self) -> Floats:
        """All of the score but the best line, by group."""
        words = np.zeros(len(self.view.groups))
        for weight, impact in zip(self.weights, self.impacts, strict=True):
            impact.add_to(words, weight / self.mass)
        pairs = self.pairs()
        mass = sum(weight for weight, _ in pairs)
        for weight, impact in pairs:
            impact.add_to(words, self.query.weights.pairs * weight / mass)
        words *= self.view.group_prior
        return words

    def pairs(self) -> list[tuple[float, Impact]]:
        """The weight and impact of every two neighbouring slots."""
        groups = len(self.view.groups)
        found = []
        for left, right in self.query.neighbours:
            impact = pair_impact(self.view, left, right, self.query.weights)
            weight = max(left.weight, right.weight) * inverse_frequency(groups, len(impact.groups))
            found.append((weight, impact))
        return found

    def contenders(self, found: Ints, base: Floats, limit: int) -> Ints:
        """Those of the groups `found`, with these scores so far, that a best line could bring among
        the best `limit`."""
        if len(found) <= limit:
            return found
        least = np.partition(base, len(found) - limit)[len(found) - limit]
        prior = self.view.group_prior[found] * self.query.weights.passage
        longest = math.sqrt(len(self.slots) / (1 + self.query.weights.short))
        maybe = np.flatnonzero(base + prior * longest >= least)
        reach = np.zeros(len(maybe))
        for weight, impact in zip(self.weights, self.impacts, strict=True):
            reach += weight * weight * impact.there(found[maybe])
        reach *= longest / (self.square or 1.0)
        near = maybe[base[maybe] + prior[maybe] * reach >= least]
        return np.asarray(found[near])

    def best_lines(self, groups: Ints) -> Floats:
        """L for each of these groups (ascending)."""
        if not self.square or not len(groups):
            return np.zeros(len(groups))
        _, lines, start = self.lines(groups)
        return np.asarray(np.maximum.reduceat(lines, start), np.float64)

    def lines(self, groups: Ints) -> tuple[Ints, Floats, Ints]:
        """The passages of these groups (ascending), what each line says of the question, and where
        those of each group begin."""
        view = self.view
        first, end = view.group_passages[groups], view.group_passages[groups + 1]
        start = np.cumsum(end - first) - (end - first)
        found = np.zeros(int((end - first).sum()))
        for weight, impact in zip(self.weights, self.impacts, strict=True):
            at, count = _within(impact.passages, first, end)
            found[impact.passages[at] + np.repeat(start - first, count)] += weight * weight
        size = math.sqrt(self.square) * math.sqrt(self.square / len(self.weights))
        passages = _ranges(first, end - first)
        found /= size * np.sqrt(view.passage_length[passages] + self.query.weights.short)
        return passages, found, start

    def hits(self, groups: Ints, totals: Floats) -> tuple[Hit, ...]:
        """The hits for groups in their order: best unit, matching terms, coverage."""
        if not len(groups):
            return ()
        matched = np.array([impact.there(groups) for impact in self.impacts]).T
        terms = [tuple(term for term, _ in slot.alternatives) for slot in self.slots]
        return tuple(
            Hit(
                group=self.view.groups[group],
                id=self.view.unit(unit).id,
                score=score,
                coverage=covered(self.slots, self.weights, row),
                matched=frozenset(
                    term for own, there in zip(terms, row, strict=True) if there for term in own
                ),
            )
            for group, unit, score, row in zip(
                groups.tolist(), self.best_units(groups), totals.tolist(), matched.tolist(), strict=True
            )
        )

    def best_units(self, groups: Ints) -> list[int]:
        """For each group the unit whose own text answers best; its first when none stands out."""
        first, end = self.view.group_units[groups], self.view.group_units[groups + 1]
        units = _ranges(first, end - first)
        strength = np.zeros(len(units))
        for weight, impact in zip(self.weights, self.impacts, strict=True):
            if len(impact.units):
                at = np.minimum(np.searchsorted(impact.units, units), len(impact.units) - 1)
                strength += np.where(impact.units[at] == units, weight * impact.unit_saturated[at], 0.0)
        start = np.cumsum(end - first) - (end - first)
        best = np.flatnonzero(strength == np.repeat(np.maximum.reduceat(strength, start), end - first))
        return [int(units[at]) for at in best[np.searchsorted(best, start)]]


def _ranges(first: Ints, count: Ints) -> Ints:
    """The numbers first[i] … first[i] + count[i] - 1, for all i, one after the other."""
    return np.repeat(first - (np.cumsum(count) - count), count) + np.arange(int(count.sum()))


def _within(numbers: Ints, first: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Where in `numbers` (ascending) those lie that are in [first[i], end[i]), and how many for each i."""
    low, high = np.searchsorted(numbers, first), np.searchsorted(numbers, end)
    return _ranges(low, high - low), high - low


def slot_impact(view: View, slot: Slot, weights: Weights) -> Impact:
    """What a slot adds; kept with the view."""
    key = ("slot", slot.alternatives, weights)
    found = view.keep(key, lambda: _impact(view, slot_places(view, slot), weights))
    assert isinstance(found, Impact)
    return found


def pair_impact(view: View, left: Slot, right: Slot, weights: Weights) -> Impact:
    """What a word of the left slot right before one of the right slot adds; kept with the view."""
    key = ("pair", left.alternatives, right.alternatives, weights)
    found = view.keep(key, lambda: _impact(view, [(pair_places(view, left, right), 1.0)], weights))
    assert isinstance(found, Impact)
    return found


def slot_places(view: View, slot: Slot) -> list[tuple[Ints, float]]:
    """The passages of each alternative, with its factor."""
    return [(view.postings(term).passage, factor) for term, factor in slot.alternatives]


def pair_places(view: View, left: Slot, right: Slot) -> Ints:
    """Passages in which a word of the left slot stands right before one of the right slot; phrases
    among the alternatives are left out."""
    found = [np.zeros(0, np.int64)]
    for one, _ in left.alternatives:
        for other, _ in right.alternatives:
            if " " not in one and " " not in other:
                found.append(_side_by_side(view.postings(one), view.postings(other)))
    return np.sort(np.concatenate(found))


def _side_by_side(left: Postings, right: Postings) -> Ints:
    after = (left.passage << 16) + left.offset + 1
    there = (right.passage << 16) + right.offset
    if len(after) <= len(there):
        return left.passage[holds(there, after)]
    return right.passage[holds(after, there)]


def _impact(view: View, places: list[tuple[Ints, float]], weights: Weights) -> Impact:
    """Saturated BM25F frequencies of the passages given, each occurrence weighed by its factor."""
    passages = np.concatenate([np.zeros(0, np.int64), *(found for found, _ in places)])
    factors = np.concatenate([np.zeros(0), *(np.full(len(found), factor) for found, factor in places)])
    if len(places) > 1:
        order = np.argsort(passages, kind="stable")
        passages, factors = passages[order], factors[order]
    group = view.passage_group[passages]
    field = view.passage_field[passages]
    frequency = factors * np.array(weights.fields())[field] / norms(view, weights)[field, group]
    groups, x = _sums(group, frequency)
    units, y = _sums(view.passage_unit[passages], factors * np.array(weights.section())[field])
    own = y > 0
    saturated = x / (x + weights.k1)
    vector = None
    if len(groups) > DENSE * len(view.groups):
        vector = np.zeros(len(view.groups))
        vector[groups] = saturated
    once, _ = _sums(passages, factors)
    return Impact(groups, saturated, units[own], (y / (y + weights.k1))[own], once, vector)


def _sums(keys: Ints, values: Floats) -> tuple[Ints, Floats]:
    """The distinct keys of `keys`, which ascend, and the sum of the values of each."""
    if not len(keys):
        return keys, values
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return keys[first], np.add.reduceat(values, first)


def norms(view: View, weights: Weights) -> Floats:
    """1 - b + b * length / mean length, by field and group."""
    found = view.keep(("norms", weights), lambda: _compute_norms(view, weights))
    assert isinstance(found, np.ndarray)
    return found


def _compute_norms(view: View, weights: Weights) -> Floats:
    mean = view.group_length.mean(axis=1, keepdims=True) if len(view.groups) else np.ones((len(FIELDS), 1))
    b = np.array(weights.b())[:, None]
    return np.asarray(1 - b + b * view.group_length / np.maximum(mean, 1e-9))
