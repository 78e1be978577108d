"""Posting arrays: an index generation as NumPy arrays, and the part of it that a person may see.

A `Segment` is an immutable part of an index; what is read from it is kept for as long as it lives.
A `Corpus` joins the segments of one generation. A `View` is a corpus cut down to what some
audiences may see: all its statistics are its own, so a document outside them changes nothing.

Numbers are used throughout: units (documents), groups and passages count from 0; a posting says in
which passage a term stands and at which word of it.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np

from portal.indexing.arrays import Bools, Floats, Ints, Kept, coded, holds
from portal.indexing.engine import FIELDS
from portal.indexing.segments import Postings, Segment, Unit
from portal.indexing.spelling import WordList

VIEW_BYTES: Final = 256 * 2**20
"""Of the arrays of all views: some ten megabytes each at 10,000 articles."""

COMPUTED_BYTES: Final = 256 * 2**20
"""Of what is computed from all views together: posting lists and what ranking makes of them."""


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
        self.groups, self.unit_group = self._coded("groups", "unit_group")
        self._audiences, self._unit_audience = self._coded("audiences", "unit_audience")
        self._views: Kept[tuple[frozenset[str], frozenset[str]], View] = Kept(VIEW_BYTES)
        self.computed: Kept[object, object] = Kept(COMPUTED_BYTES)

    def _coded(self, values: str, codes: str) -> tuple[list[Any], Ints]:
        """The distinct values of all segments, and their number for each unit."""
        numbers: dict[object, int] = {}
        parts = [np.zeros(0, np.int64)]
        for segment in self.segments:
            own = [numbers.setdefault(value, len(numbers)) for value in getattr(segment, values)]
            parts.append(np.array(own, np.int64)[getattr(segment, codes)])
        return list(numbers), np.concatenate(parts)

    def versions(self) -> dict[str, int]:
        """The version of each live group."""
        return {unit.group: unit.version for unit, live in zip(self.units, self.alive, strict=True) if live}

    @cached_property
    def words(self) -> tuple[WordList, ...]:
        """The words of each segment, whoever may see them: ask `View.word_frequency` before showing any."""
        return tuple(segment.word_list for segment in self.segments)

    @cached_property
    def group_place(self) -> Ints:
        """The place of each group among all, in the order of their names."""
        place = np.empty(len(self.groups), np.int64)
        place[sorted(range(len(self.groups)), key=self.groups.__getitem__)] = np.arange(len(self.groups))
        return place

    def view(self, audiences: frozenset[str], hidden: frozenset[str] = frozenset()) -> "View":
        """The corpus as people who hold these audience tokens may see it, without `hidden` groups."""
        there = hidden and hidden.intersection(self.groups)
        return self._views.get((audiences, there), lambda: View(self, audiences, there))

    def visible_units(self, audiences: frozenset[str], hidden: frozenset[str]) -> Bools:
        """Which units are live, open to these audiences and not of a hidden group."""
        open_sets = np.array([bool(one & audiences) for one in self._audiences], np.bool_)
        shown = self.alive & open_sets[self._unit_audience] if len(self.units) else self.alive
        if hidden:
            gone = [number for number, group in enumerate(self.groups) if group in hidden]
            shown = shown & ~np.isin(self.unit_group, gone)
        return shown

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

    def __init__(self, corpus: Corpus, audiences: frozenset[str], hidden: frozenset[str]) -> None:
        self.corpus = corpus
        visible = corpus.visible_units(audiences, hidden)
        self.unit_number: Ints = np.flatnonzero(visible)
        codes = corpus.unit_group[self.unit_number]
        begins = np.ones(len(codes), np.bool_)
        begins[1:] = codes[1:] != codes[:-1]
        self.unit_group: Ints = np.cumsum(begins) - 1
        first = np.flatnonzero(begins)
        self.group_units: Ints = np.append(first, len(codes))
        self.group_place: Ints = corpus.group_place[codes[first]]
        self.groups: list[str] = [corpus.groups[code] for code in codes[first]]
        self.group_prior: Floats = np.concatenate([np.zeros(0), *(s.prior for s in corpus.segments)])[
            self.unit_number[first]
        ]
        self._renumber_passages(visible)
        self._measure()
        self._own = object()

    @property
    def nbytes(self) -> int:
        """About how much memory its arrays take."""
        arrays = (self.passage_unit, self.passage_field, self.passage_length, self.passage_group)
        return sum(array.nbytes for array in (*arrays, self._number, self.group_length))

    def keep(self, key: Hashable, compute: Callable[[], object]) -> object:
        """What `compute` gives, from memory when it was computed from this view before."""
        return self.corpus.computed.get((self._own, key), compute)

    def unit(self, number: int) -> Unit:
        """The unit with this number of the view."""
        return self.corpus.units[int(self.unit_number[number])]

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
        self.group_passages: Ints = np.searchsorted(self.passage_group, np.arange(groups + 1))
        cells = self.passage_field * groups + self.passage_group
        lengths = self.passage_length.astype(np.float64)
        total = np.bincount(cells, lengths, minlength=len(FIELDS) * groups)
        self.group_length: Floats = np.asarray(total, np.float64).reshape(len(FIELDS), groups)

    def postings(self, term: str) -> Postings:
        """Where a term stands in what may be seen; a phrase, where its first word does."""
        found = self.keep(term, lambda: self._run(term.split(" ")) if " " in term else self._visible(term))
        assert isinstance(found, Postings)
        return found

    def _visible(self, term: str) -> Postings:
        passages, offsets = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for found in self.corpus.postings(term):
            number = self._number[found.passage]
            kept = number >= 0
            passages.append(number[kept])
            offsets.append(found.offset[kept])
        return Postings(np.concatenate(passages), np.concatenate(offsets))

    def _run(self, terms: Sequence[str]) -> Postings:
        """Where terms stand one right after the other in a passage."""
        first = self.postings(terms[0])
        kept = np.ones(len(first.passage), np.bool_)
        for step, term in enumerate(terms[1:], start=1):
            other = self.postings(term)
            kept &= holds((other.passage << 16) + other.offset, (first.passage << 16) + first.offset + step)
        return Postings(first.passage[kept], first.offset[kept])

    def word_frequency(self, word: str) -> int:
        """In how many visible units a folded word stands."""
        found = self.keep(("frequency", word), lambda: self._count_word(word))
        assert isinstance(found, int)
        return found

    def _count_word(self, word: str) -> int:
        shown = self.unit_view >= 0
        return sum(
            int(np.count_nonzero(shown[segment.word_units(word) + base]))
            for base, segment in zip(self.corpus.unit_base, self.corpus.segments, strict=False)
        )

    @cached_property
    def unit_view(self) -> Ints:
        """For each unit of the corpus its number here, -1 when it may not be seen."""
        number = np.full(len(self.corpus.units), -1, np.int64)
        number[self.unit_number] = np.arange(len(self.unit_number))
        return number

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages of what may be seen, the commonest first."""
        counted = Counter(self.unit(number).language for number in self.group_units[:-1])
        return tuple(sorted(counted, key=lambda language: (-counted[language], language)))

    @cached_property
    def facets(self) -> Mapping[str, "Facet"]:
        """By name, which groups have which value."""
        rows: dict[str, list[tuple[int, str]]] = {}
        for group, number in enumerate(self.group_units[:-1]):
            for name, values in self.unit(number).facets:
                rows.setdefault(name, []).extend((group, value) for value in values)
        return {name: Facet(found) for name, found in rows.items()}


class Facet:
    """Groups and their values of one facet: `group[i]` has `values[code[i]]`."""

    def __init__(self, rows: Sequence[tuple[int, str]]) -> None:
        self.group: Ints = np.array([group for group, _ in rows], np.int64)
        self.values, self.code = coded(value for _, value in rows)

    def with_value(self, value: str, groups: int) -> Bools:
        """Which of `groups` groups have a value."""
        found = np.zeros(groups, np.bool_)
        if value in self.values:
            found[self.group[self.code == self.values.index(value)]] = True
        return found

    def counts(self, matching: Bools) -> dict[str, int]:
        """In how many of the matching groups each value stands; only those that do."""
        found = np.bincount(self.code[matching[self.group]], minlength=len(self.values))
        return {value: int(count) for value, count in zip(self.values, found, strict=True) if count}
