"""Spelling: which words of the index a word may have been meant to be.

Only words that somebody may see are ever proposed; the distance is Damerau–Levenshtein in its
restricted form (optimal string alignment: insert, drop, replace, swap neighbours; no place twice).
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from portal.indexing.arrays import Floats, Ints

MIN_LENGTH: Final = 4
"""Shorter words have too many neighbours to guess."""

LONG: Final = 8
"""From this length on two slips are allowed, below it one."""

OTHER_FIRST_LETTER: Final = 0.5
"""Added to the distance when the first letters differ: people rarely mistype the first letter
(Pollock and Zamora 1984 count 1.4 to 7.8 % of errors there, depending on the text)."""

MOST: Final = 3

LEAST_ALIKE: Final = 0.2
"""Words that share fewer of their letter pairs (Dice's coefficient) are no likely slip at all."""


class Words(Protocol):
    """Words in which neighbours can be looked for."""

    def about(self, word: str, reach: int) -> Iterable[str]:
        """At least all words within `reach` edits of `word`; others may be among them."""

    def alike(self, word: str) -> Iterable[tuple[float, str]]:
        """Words with at least LEAST_ALIKE of their letter pairs in common, with that share."""


class Frequencies(Protocol):
    """Anything that can tell in how many visible documents a word stands."""

    def frequency(self, word: str) -> int: ...


class WordList:
    """Words with arrays that tell at once which of them cannot be near a given word.

    An edit changes few of a word's letters and neighbouring pairs, so words whose sets of them
    differ by more need no closer look. Sets are kept as 64 bits; letters that share a bit make the
    test weaker, never wrong.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words
        self._length = np.array([len(word) for word in words], np.int64)
        self._letters = np.array([_bits(word) for word in words], np.uint64)

    def about(self, word: str, reach: int) -> Iterator[str]:
        near = np.abs(self._length - len(word)) <= reach
        # Replacing a letter takes one out of the set and puts one in: the most that one edit does.
        near &= _differing(self._letters, _bits(word)) <= 2 * reach
        maybe = np.flatnonzero(near)
        # Swapping neighbours changes three pairs into three others.
        near = _differing(self._pairs[maybe], _bits(_pairs(word))) <= 6 * reach
        for at in maybe[near].tolist():
            yield self.words[at]

    @cached_property
    def _pairs(self) -> NDArray[np.uint64]:
        return np.array([_bits(_pairs(word)) for word in self.words], np.uint64)

    def alike(self, word: str) -> Iterator[tuple[float, str]]:
        pairs = _pairs(word)
        common = np.zeros(len(self.words), np.int64)
        for pair in pairs:
            common[self._with_pair.get(pair, [])] += 1
        share: Floats = 2 * common / (len(pairs) + self._number_of_pairs)
        for at in np.flatnonzero(share >= LEAST_ALIKE).tolist():
            yield float(share[at]), self.words[at]

    @cached_property
    def _number_of_pairs(self) -> Ints:
        return np.array([len(_pairs(word)) for word in self.words], np.int64)

    @cached_property
    def _with_pair(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for at, word in enumerate(self.words):
            for pair in _pairs(word):
                found.setdefault(pair, []).append(at)
        return found


class PlainWords:
    """The same, by looking at every word."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words

    def about(self, word: str, reach: int) -> Sequence[str]:
        return self._words

    def alike(self, word: str) -> Iterator[tuple[float, str]]:
        pairs = _pairs(word)
        for other in self._words:
            share = 2 * len(pairs & _pairs(other)) / (len(pairs) + len(_pairs(other)))
            if share >= LEAST_ALIKE:
                yield share, other


def _bits(parts: Iterable[str]) -> int:
    bits = 0
    for part in parts:
        code = ord(part[0]) * 31 + ord(part[1]) if len(part) > 1 else ord(part)
        bits |= 1 << (code % 64)
    return bits


def _differing(sets: NDArray[np.uint64], one: int) -> Ints:
    return np.asarray(np.bitwise_count(sets ^ np.uint64(one)), np.int64)


def near(vocabulary: Frequencies, lists: Iterable[Words], word: str) -> tuple[tuple[str, float], ...]:
    """The best words of all `lists` within reach of `word`, each with a factor between 0 and 1.

    `vocabulary` tells how often, if at all, a word may be seen. Ordered by distance, then by
    frequency, then by the alphabet.
    """
    if len(word) < MIN_LENGTH or any(char.isdigit() for char in word):
        return ()
    reach = 1 if len(word) < LONG else 2
    found = []
    for other, distance in _within(lists, word, reach).items():
        frequency = vocabulary.frequency(other)
        if frequency:
            found.append((distance + (OTHER_FIRST_LETTER if other[0] != word[0] else 0.0), -frequency, other))
    found.sort()
    best = found[0][0] if found else 0.0
    return tuple(
        (other, 1 / (1 + distance - best)) for distance, _, other in found[:MOST] if distance == best
    )


def _within(lists: Iterable[Words], word: str, reach: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for words in lists:
        for other in words.about(word, reach):
            if other not in found and abs(len(other) - len(word)) <= reach and len(other) >= MIN_LENGTH - 1:
                found[other] = edits(word, other, reach)
    return {other: distance for other, distance in found.items() if distance <= reach}


def edits(one: str, other: str, most: int) -> int:
    """The number of edits between two words; `most + 1` as soon as it is known to exceed `most`.

    >>> edits("passwrod", "password", 2)
    1
    """
    return OSA.distance(one, other, score_cutoff=most)


def closest(vocabulary: Frequencies, lists: Iterable[Words], word: str) -> str | None:
    """The visible word that shares the most letter pairs with `word`, if any shares enough."""
    for _, other in sorted({(-share, other) for words in lists for share, other in words.alike(word)}):
        if len(other) > 1 and vocabulary.frequency(other):
            return other
    return None


def _pairs(word: str) -> frozenset[str]:
    framed = f"^{word}$"
    return frozenset(framed[at : at + 2] for at in range(len(framed) - 1))
