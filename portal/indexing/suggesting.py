"""Suggestions while somebody types: groups whose names hold words that begin like the typed ones."""

from collections.abc import Sequence

import numpy as np

from portal.indexing.arrays import Floats
from portal.indexing.corpus import View
from portal.indexing.engine import Suggested


def suggest(view: View, words: Sequence[str], limit: int) -> tuple[Suggested, ...]:
    """The best `limit` groups of a view that hold, for every one of `words`, a name word beginning with
    it. Each word adds what its best place is worth (`segments.name_value`); shorter titles come first
    among equals, then the order of group names."""
    if not words:
        return ()
    total = np.zeros(len(view.groups))
    for number, letters in enumerate(words):
        best = _best(view, letters)
        total = np.where((best > 0) & ((total > 0) | (number == 0)), total + best, 0.0)
    found = np.flatnonzero(total)
    length = view.group_length[0][found]
    order = np.lexsort((view.group_place[found], length, -total[found]))[:limit]
    return tuple(Suggested(view.groups[group], float(total[group])) for group in found[order].tolist())


def _best(view: View, letters: str) -> Floats:
    """What the best name word beginning with `letters` is worth, by group; 0 where there is none."""
    best = np.zeros(len(view.groups))
    for base, segment in zip(view.corpus.unit_base, view.corpus.segments, strict=False):
        units, value = segment.names.beginning(letters)
        number = view.unit_view[units + base]
        seen = number >= 0
        np.maximum.at(best, view.unit_group[number[seen]], value[seen])
    return best
