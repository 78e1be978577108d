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
        parts = [words[at : at + AT_ONCE] for at in range(0, len(words), AT_ONCE)]
        none: list[Sets] = [np.zeros(0, np.uint64)]
        self._letters = np.concatenate([*none, *(_sets(_codes(part)) for part in parts)])
        self._pairs = np.concatenate([*none, *(_sets(_pair_codes(part)) for part in parts)])

    def about(self, word: str, reach: int) -> Iterator[str]:
        near = np.abs(self._length - len(word)) <= reach
        # Replacing a letter takes one out of the set and puts one in: the most that one edit does.
        near &= _differing(self._letters, _sets(_codes([word]))) <= 2 * reach
        maybe = np.flatnonzero(near)
        # Swapping neighbours changes three pairs into three others.
        near = _differing(self._pairs[maybe], _sets(_pair_codes([word]))) <= 6 * reach
        for at in maybe[near].tolist():
            yield self.words[at]

    def alike(self, word: str) -> Iterator[tuple[float, str]]:
        pairs, each = self._distinct_pairs
        wanted = np.unique(_pair_codes([word]))
        common = np.zeros(len(self.words), np.int64)
        for pair in wanted:
            common += (pairs == pair).any(axis=1)
        share: Floats = 2 * common / (len(wanted) + each)
        for at in np.flatnonzero(share >= LEAST_ALIKE).tolist():
            yield float(share[at]), self.words[at]

    @cached_property
    def _distinct_pairs(self) -> tuple[Ints, Ints]:
        """The pairs of each word in a row, and how many different ones there are."""
        pairs = _pair_codes(self.words)
        ordered = np.sort(pairs, axis=1)
        first = np.ones_like(ordered, np.bool_)
        first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
        return pairs, (first & (ordered > 0)).sum(axis=1)


Sets = NDArray[np.uint64]

AT_ONCE: Final = 10_000
"""Words whose letters are looked at together, which bounds the memory that takes."""

PAIR: Final = 1 << 21
"""More than any letter's number, so that a pair of letters is one number."""


def _codes(words: Sequence[str]) -> Ints:
    """The letters of each word as numbers, in a row each, filled up with 0."""
    row = max(map(len, words), default=0) or 1
    return np.array(words, f"<U{row}").view("<u4").reshape(len(words), row).astype(np.int64)


def _pair_codes(words: Sequence[str]) -> Ints:
    """The neighbouring letters of each framed word, as one number each, filled up with 0."""
    letters = _codes([f"^{word}$" for word in words])
    return np.where(letters[:, 1:] > 0, letters[:, :-1] * PAIR + letters[:, 1:], 0)


def _sets(codes: Ints) -> Sets:
    """Each row as a set of 64 bits."""
    mixed = (codes // PAIR * 31 + codes % PAIR) % 64
    bits = np.where(codes > 0, np.uint64(1) << mixed.astype(np.uint64), np.uint64(0))
    return np.asarray(np.bitwise_or.reduce(bits, axis=1), np.uint64)


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


def _differing(sets: Sets, one: Sets) -> Ints:
    return np.asarray(np.bitwise_count(sets ^ one), np.int64)


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
