"""Posting arrays: an index generation as NumPy arrays, and the part of it that a person may see.

A `Segment` is an immutable part of an index; what is read from it is kept for as long as it lives.
A `Corpus` joins the segments of one generation. A `View` is a corpus cut down to what some
audiences may see: all its statistics are its own, so a document outside them changes nothing.

Numbers are used throughout: units (documents), groups and passages count from 0; a posting says in
which passage a term stands and at which word of it.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from portal.indexing.engine import FIELDS
from portal.indexing.passages import LINE_BITS, OFFSET_BITS

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

MAX_TERMS_KEPT = 20_000
"""Posting lists kept for each corpus and view; the least recently used go first."""

MAX_VIEWS_KEPT = 32

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """A bounded memory of computed values, safe to share between threads.

    Two threads may compute the same value at once; the values are immutable, so either will do.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key, compute: Callable[[], Value]) -> Value:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = compute()
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._limit:
                self._values.popitem(last=False)
        return value


@dataclass(frozen=True, slots=True)
class Unit:
    """What an index stores about one document besides its postings.

    `lines[f]` are the word counts of the lines of field f, for every field of FIELDS.
    """

    id: str
    group: str
    version: int
    audiences: frozenset[str]
    prior: float
    lines: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Postings:
    """Where a term stands: passages in ascending order, and the word within each passage."""

    passage: Ints
    offset: Ints


class Segment:
    """An immutable part of an index. Subclasses read postings and words from where they lie."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self.units = units
        counts = np.array([[len(lines) for lines in unit.lines] for unit in units], np.int64)
        counts = counts.reshape(len(units), len(FIELDS))
        starts = np.concatenate([[0], np.cumsum(counts.ravel())])
        self.passages = int(starts[-1])
        self._first = starts[:-1].reshape(counts.shape)
        self.passage_unit: Ints = np.repeat(np.arange(len(units)), counts.sum(axis=1))
        self.passage_field: Ints = np.repeat(np.tile(np.arange(len(FIELDS)), len(units)), counts.ravel())
        flat = [length for unit in units for lines in unit.lines for length in lines]
        self.passage_length: Ints = np.array(flat, np.int64)
        self._kept: Kept[str, Postings] = Kept(MAX_TERMS_KEPT)

    def read(self, term: str) -> tuple[Ints, Ints]:
        """Unit numbers and packed places (`passages.pack`) of a term, ordered by both."""
        raise NotImplementedError

    def words(self) -> Sequence[str]:
        """All folded words of this segment as typed, deleted units included."""
        raise NotImplementedError

    def word_units(self, word: str) -> Ints:
        """The units in which a folded word stands."""
        raise NotImplementedError

    def postings(self, term: str) -> Postings:
        """Where a term stands in this segment, deleted units included."""
        return self._kept.get(term, lambda: self._place(*self.read(term)))

    def _place(self, units: Ints, packed: Ints) -> Postings:
        field = packed >> (LINE_BITS + OFFSET_BITS)
        line = (packed >> OFFSET_BITS) & ((1 << LINE_BITS) - 1)
        return Postings(self._first[units, field] + line, packed & ((1 << OFFSET_BITS) - 1))


class Corpus:
    """All live units of one generation of an index."""

    def __init__(self, segments: Sequence[Segment], deleted: Sequence[frozenset[int]]) -> None:
        """`deleted[i]` are the units of segment i that are deleted as of this generation."""
        self.segments = segments
        self.units: list[Unit] = [unit for segment in segments for unit in segment.units]
        self.unit_base = np.cumsum([0, *(len(segment.units) for segment in self.segments)])
        self.passage_base = np.cumsum([0, *(segment.passages for segment in self.segments)])
        self.alive: Bools = np.ones(len(self.units), np.bool_)
        for base, gone in zip(self.unit_base, deleted, strict=False):
            self.alive[[base + number for number in gone]] = False
        self._views: Kept[frozenset[str], View] = Kept(MAX_VIEWS_KEPT)

    def versions(self) -> dict[str, int]:
        """The version of each live group."""
        return {unit.group: unit.version for unit, live in zip(self.units, self.alive, strict=True) if live}

    @cached_property
    def words(self) -> tuple[str, ...]:
        """All words in order, whoever may see them: ask `View.word_frequency` before showing any."""
        return tuple(sorted({word for segment in self.segments for word in segment.words()}))

    def view(self, audiences: frozenset[str]) -> "View":
        """The corpus as people who hold these audience tokens may see it."""
        return self._views.get(audiences, lambda: View(self, audiences))

    @cached_property
    def audience_sets(self) -> tuple[list[frozenset[str]], Ints]:
        """The distinct audiences, and for each unit the number of its own."""
        numbers: dict[frozenset[str], int] = {}
        codes = [numbers.setdefault(unit.audiences, len(numbers)) for unit in self.units]
        return list(numbers), np.array(codes, np.int64)

    def visible_units(self, audiences: frozenset[str]) -> Bools:
        """Which units are live and open to these audiences."""
        sets, codes = self.audience_sets
        open_sets = np.array([bool(one & audiences) for one in sets], np.bool_)
        return self.alive & open_sets[codes] if len(codes) else self.alive

    def joined(self, attribute: str) -> Ints:
        """An array of all segments one after the other, unit numbers shifted to the corpus."""
        parts = [np.zeros(0, np.int64)]
        for base, segment in zip(self.unit_base, self.segments, strict=False):
            part = getattr(segment, attribute)
            parts.append(part + base if attribute == "passage_unit" else part)
        return np.concatenate(parts)

    def postings(self, term: str) -> Iterator[Postings]:
        """Where a term stands, segment by segment, in corpus-wide passage numbers."""
        for base, segment in zip(self.passage_base, self.segments, strict=False):
            found = segment.postings(term)
            if len(found.passage):
                yield Postings(found.passage + base, found.offset)


class View:
    """What some audiences may see of a corpus, renumbered without gaps.

    Arrays by passage: `passage_unit`, `passage_group`, `passage_field`, `passage_length`;
    by unit: `unit_group`, `unit_number` (in the corpus); by group: `group_prior`, and
    `group_length[f]`, the words of field f, `group_place`, its place among all group names. Units and
    passages of a group stand together, in order: those of group g are `group_units[g]` up to
    `group_units[g + 1]`, and likewise `group_passages`.
    """

    def __init__(self, corpus: Corpus, audiences: frozenset[str]) -> None:
        self.corpus = corpus
        visible = corpus.visible_units(audiences)
        self.unit_number: Ints = np.flatnonzero(visible)
        self.units = [corpus.units[number] for number in self.unit_number]
        numbers: dict[str, int] = {}
        self.unit_group: Ints = np.array(
            [numbers.setdefault(unit.group, len(numbers)) for unit in self.units], np.int64
        )
        self.groups = list(numbers)
        self._renumber_passages(visible)
        self._measure()
        self._terms: Kept[str, Postings] = Kept(MAX_TERMS_KEPT)
        self.kept: Kept[object, object] = Kept(MAX_TERMS_KEPT)
        """For what ranking computes from this view; it lives and dies with it."""

    def _renumber_passages(self, visible: Bools) -> None:
        unit_of = self.corpus.joined("passage_unit")
        shown = visible[unit_of] if len(unit_of) else np.zeros(0, np.bool_)
        self._number: Ints = np.where(shown, np.cumsum(shown) - 1, -1)
        renumbered = np.cumsum(visible) - 1
        self.passage_unit: Ints = renumbered[unit_of[shown]]
        self.passage_field: Ints = self.corpus.joined("passage_field")[shown]
        self.passage_length: Ints = self.corpus.joined("passage_length")[shown]
        self.passage_group: Ints = self.unit_group[self.passage_unit]

    def _measure(self) -> None:
        groups = len(self.groups)
        numbers = np.arange(groups + 1)
        self.group_units: Ints = np.searchsorted(self.unit_group, numbers)
        self.group_passages: Ints = np.searchsorted(self.passage_group, numbers)
        self.group_place: Ints = np.empty(groups, np.int64)
        self.group_place[sorted(range(groups), key=self.groups.__getitem__)] = np.arange(groups)
        self.group_prior: Floats = np.ones(groups)
        self.group_prior[self.unit_group] = [unit.prior for unit in self.units]
        cells = self.passage_field * groups + self.passage_group
        lengths = self.passage_length.astype(np.float64)
        total = np.bincount(cells, lengths, minlength=len(FIELDS) * groups)
        self.group_length: Floats = np.asarray(total, np.float64).reshape(len(FIELDS), groups)

    def postings(self, term: str) -> Postings:
        """Where a term stands in what may be seen."""
        return self._terms.get(term, lambda: self._visible(term))

    def _visible(self, term: str) -> Postings:
        passages, offsets = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for found in self.corpus.postings(term):
            number = self._number[found.passage]
            kept = number >= 0
            passages.append(number[kept])
            offsets.append(found.offset[kept])
        return Postings(np.concatenate(passages), np.concatenate(offsets))

    def word_frequency(self, word: str) -> int:
        """In how many visible units a folded word stands."""
        shown = self._shown_units
        return sum(
            int(np.count_nonzero(shown[segment.word_units(word) + base]))
            for base, segment in zip(self.corpus.unit_base, self.corpus.segments, strict=False)
        )

    @cached_property
    def _shown_units(self) -> Bools:
        shown = np.zeros(len(self.corpus.units), np.bool_)
        shown[self.unit_number] = True
        return shown
