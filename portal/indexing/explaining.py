"""Why a group has the score it has: the formula of `ranking`, spelled out for one group."""

from collections.abc import Sequence

import numpy as np

from portal.indexing.arrays import Ints
from portal.indexing.corpus import View
from portal.indexing.engine import FIELDS, EngineQuery, Explanation, Line, Part, Slot
from portal.indexing.ranking import Impact, Scores, inverse_frequency, pair_places, slot_places


def explain(view: View, query: EngineQuery, group: str) -> Explanation | None:
    """The parts of the score of `group`; None when the view does not hold it."""
    if group not in view.groups:
        return None
    return _Explaining(view, query, view.groups.index(group)).whole()


class _Explaining:
    def __init__(self, view: View, query: EngineQuery, number: int) -> None:
        self.view = view
        self.query = query
        self.number = number
        self.scores = Scores(view, query)

    def whole(self) -> Explanation:
        parts, pairs, line = self._parts(), self._pairs(), self._line()
        prior = float(self.view.group_prior[self.number])
        adds = sum(part.adds for part in (*parts, *pairs)) + (line.adds if line else 0.0)
        allowed = bool(self.scores.allowed()[self.number])
        return Explanation(
            self.view.groups[self.number], prior * adds if allowed else 0.0, prior, parts, pairs, line
        )

    def _parts(self) -> tuple[Part, ...]:
        return tuple(
            self._part(
                tuple(term for term, _ in slot.alternatives),
                [places for places, _ in slot_places(self.view, slot)],
                impact,
                slot.weight,
                weight / (self.scores.mass or 1.0),
            )
            for slot, impact, weight in zip(
                self.query.slots, self.scores.impacts, self.scores.weights, strict=True
            )
        )

    def _pairs(self) -> tuple[Part, ...]:
        found = self.scores.pairs()
        mass = sum(weight for weight, _ in found) or 1.0
        factor = self.query.weights.pairs
        return tuple(
            self._part(
                (_name(left), _name(right)),
                [pair_places(self.view, left, right)],
                impact,
                max(left.weight, right.weight),
                factor * weight / mass,
            )
            for (left, right), (weight, impact) in zip(self.query.neighbours, found, strict=True)
        )

    def _part(
        self, words: tuple[str, ...], places: Sequence[Ints], impact: Impact, own: float, share: float
    ) -> Part:
        at = np.flatnonzero(impact.groups == self.number)
        saturated = float(impact.saturated[at[0]]) if len(at) else 0.0
        x = self.query.weights.k1 * saturated / (1 - saturated)
        frequency = own * inverse_frequency(len(self.view.groups), len(impact.groups))
        return Part(words, self._times(places), frequency, share, x, saturated, share * saturated)

    def _times(self, places: Sequence[Ints]) -> dict[str, int]:
        passages = np.concatenate([np.zeros(0, np.int64), *places])
        mine = passages[self.view.passage_group[passages] == self.number]
        counted = np.bincount(self.view.passage_field[mine], minlength=len(FIELDS))
        return {name: int(count) for name, count in zip(FIELDS, counted, strict=True) if count}

    def _line(self) -> Line | None:
        if not self.scores.square:
            return None
        passages, found, _ = self.scores.lines(np.array([self.number]))
        best = int(np.argmax(found))
        if not found[best]:
            return None
        passage = int(passages[best])
        view = self.view
        unit, field = int(view.passage_unit[passage]), int(view.passage_field[passage])
        same = (view.passage_unit[:passage] == unit) & (view.passage_field[:passage] == field)
        return Line(
            id=view.unit(unit).id,
            field=FIELDS[field],
            number=int(np.count_nonzero(same)),
            words=int(view.passage_length[passage]),
            adds=self.query.weights.passage * float(found[best]),
        )


def _name(slot: Slot) -> str:
    return slot.alternatives[0][0]
