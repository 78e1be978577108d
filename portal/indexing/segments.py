"""Segments: the immutable parts of an index, with what is read from them kept as arrays."""

import struct
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from portal.indexing.arrays import Floats, Ints, Kept, coded
from portal.indexing.engine import FIELDS
from portal.indexing.passages import LINE_BITS, OFFSET_BITS
from portal.indexing.spelling import WordList

BYTES_KEPT: Final = 64 * 2**20
"""Of posting lists, for each segment."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What an index keeps in memory about one document."""

    id: str
    group: str
    version: int
    audiences: frozenset[str]
    prior: float
    facets: tuple[tuple[str, tuple[str, ...]], ...] = ()
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Postings:
    """Where a term stands: passages in ascending order, and the word within each passage."""

    passage: Ints
    offset: Ints

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        return self.passage.nbytes + self.offset.nbytes


Name = tuple[str, int, bool]
"""A folded word of a title, question or keyword, the number of its field, and whether it begins the title."""


class Names:
    """The words of all names of a segment in order, to find those that begin with some letters."""

    def __init__(self, units: Iterable[Iterable[Name]]) -> None:
        """`units` are the names of each unit, in order."""
        rows: dict[str, list[tuple[int, float]]] = {}
        for number, names in enumerate(units):
            for word, field, begins in names:
                rows.setdefault(word, []).append((number, name_value(field, begins=begins)))
        self._words = sorted(rows)
        counts = [0, *(len(rows[word]) for word in self._words)]
        self._start: Ints = np.cumsum(np.array(counts, np.int64))
        flat = np.array([row for word in self._words for row in rows[word]], np.float64).reshape(-1, 2)
        self._unit: Ints = flat[:, 0].astype(np.int64)
        self._value: Floats = flat[:, 1]

    def beginning(self, letters: str) -> tuple[Ints, Floats]:
        """The units with a name word that begins with `letters`, one for each such word, and what
        each is worth."""
        low = bisect_left(self._words, letters)
        high = bisect_left(self._words, letters + "\U0010ffff")
        first, end = self._start[low], self._start[high]
        value = self._value[first:end]
        if low < high and self._words[low] == letters:
            value = value.copy()
            value[: self._start[low + 1] - first] += NAME_WHOLE
        return self._unit[first:end], value


NAME_VALUE: Final = {"title": 4.0, "keywords": 2.0, "questions": 1.0}
NAME_BEGINS: Final = 1.0
"""Added for the first word of a title."""
NAME_WHOLE: Final = 0.5
"""Added for a word that is typed to its end."""


def name_value(field: int, *, begins: bool) -> float:
    """What a name's word is worth for suggestions: field is a number into FIELDS."""
    return NAME_VALUE[FIELDS[field]] + (NAME_BEGINS if begins else 0.0)


def packed_lines(counts: Sequence[Sequence[int]]) -> bytes:
    """The word counts of the lines of each field of FIELDS: how many lines each has, four bytes each,
    then the counts, two bytes each."""
    flat = [words for lines in counts for words in lines]
    return struct.pack(f"<{len(FIELDS)}I{len(flat)}H", *map(len, counts), *flat)


class Segment(ABC):
    """An immutable part of an index. Subclasses read postings and words from where they lie.

    Units of one group stand together. `groups` and `audiences` are the distinct ones, `unit_group`
    and `unit_audience` say which of them each unit has.
    """

    def __init__(self, units: Sequence[Unit], lines: Sequence[bytes]) -> None:
        """`lines` are those of each unit, as `packed_lines` gives them."""
        self.units = units
        head = 4 * len(FIELDS)
        packed = np.frombuffer(b"".join(one[:head] for one in lines), "<u4").astype(np.int64)
        counts = packed.reshape(len(units), len(FIELDS))
        starts = np.concatenate([[0], np.cumsum(counts.ravel())])
        self.passages = int(starts[-1])
        self._first = starts[:-1].reshape(counts.shape)
        self.passage_unit: Ints = np.repeat(np.arange(len(units)), counts.sum(axis=1))
        self.passage_field: Ints = np.repeat(np.tile(np.arange(len(FIELDS)), len(units)), counts.ravel())
        flat = np.frombuffer(b"".join(one[head:] for one in lines), "<u2")
        self.passage_length: Ints = flat.astype(np.int64)
        self.groups, self.unit_group = coded(unit.group for unit in units)
        self.audiences, self.unit_audience = coded(unit.audiences for unit in units)
        self.prior: Floats = np.array([unit.prior for unit in units], np.float64)
        self._kept: Kept[str, Postings] = Kept(BYTES_KEPT)

    @cached_property
    def names(self) -> Names:
        """The words of the names of all units, deleted ones included."""
        return Names(self.unit_names())

    @abstractmethod
    def unit_names(self) -> Iterable[Iterable[Name]]:
        """The names of each unit, in order; read anew each time."""

    @abstractmethod
    def read(self, term: str) -> tuple[Ints, Ints]:
        """Unit numbers and packed places (`passages.pack`) of a term, ordered by both."""

    @abstractmethod
    def words(self) -> Sequence[str]:
        """All folded words of this segment as typed, deleted units included."""

    @cached_property
    def word_list(self) -> WordList:
        """The words in the form that spelling looks them up in."""
        return WordList(self.words())

    @abstractmethod
    def word_units(self, word: str) -> Ints:
        """The units in which a folded word stands."""

    def postings(self, term: str) -> Postings:
        """Where a term stands in this segment, deleted units included."""
        return self._kept.get(term, lambda: self._place(*self.read(term)))

    def _place(self, units: Ints, packed: Ints) -> Postings:
        field = packed >> (LINE_BITS + OFFSET_BITS)
        line = (packed >> OFFSET_BITS) & ((1 << LINE_BITS) - 1)
        return Postings(self._first[units, field] + line, packed & ((1 << OFFSET_BITS) - 1))
