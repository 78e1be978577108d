"""Spelling: which words of the index a word may have been meant to be.

Only words that somebody may see are ever proposed; the distance is Damerau–Levenshtein in its
restricted form (optimal string alignment: insert, drop, replace, swap neighbours; no place twice).
"""

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from portal.indexing.corpus import View

MIN_LENGTH: Final = 4
"""Shorter words have too many neighbours to guess."""

LONG: Final = 8
"""From this length on two slips are allowed, below it one."""

OTHER_FIRST_LETTER: Final = 0.5
"""Added to the distance when the first letters differ: people rarely mistype the first letter
(Pollock and Zamora 1984 count 1.4 to 7.8 % of errors there, depending on the text)."""

MOST: Final = 3


class Frequencies(Protocol):
    """Anything that can tell in how many visible documents a word stands."""

    def frequency(self, word: str) -> int: ...


class ViewVocabulary:
    """The words of one view."""

    def __init__(self, view: View) -> None:
        self._view = view

    def frequency(self, word: str) -> int:
        return self._view.word_frequency(word)

    def near(self, word: str) -> Sequence[tuple[str, float]]:
        kept = self._view.kept.get(("near", word), lambda: near(self, self._view.corpus.words, word))
        assert isinstance(kept, tuple)
        return kept

    def knows(self, term: str) -> bool:
        return len(self._view.postings(term).passage) > 0

    def closest(self, word: str) -> str | None:
        kept = self._view.kept.get(("closest", word), lambda: closest(self, self._view.corpus.words, word))
        assert kept is None or isinstance(kept, str)
        return kept


def near(vocabulary: Frequencies, words: Sequence[str], word: str) -> tuple[tuple[str, float], ...]:
    """The best of `words` within reach of `word`, each with a factor between 0 and 1.

    `vocabulary` tells how often, if at all, a word may be seen. Ordered by distance, then by
    frequency, then by the alphabet.
    """
    if len(word) < MIN_LENGTH or any(char.isdigit() for char in word):
        return ()
    reach = 1 if len(word) < LONG else 2
    found = []
    for other, distance in _within(words, word, reach):
        frequency = vocabulary.frequency(other)
        if frequency:
            found.append((distance + (OTHER_FIRST_LETTER if other[0] != word[0] else 0.0), -frequency, other))
    found.sort()
    best = found[0][0] if found else 0.0
    return tuple(
        (other, 1 / (1 + distance - best)) for distance, _, other in found[:MOST] if distance == best
    )


def _within(words: Sequence[str], word: str, reach: int) -> Iterator[tuple[str, int]]:
    for other in words:
        if abs(len(other) - len(word)) <= reach and len(other) >= MIN_LENGTH - 1:
            distance = edits(word, other, reach)
            if distance <= reach:
                yield other, distance


def edits(one: str, other: str, most: int) -> int:
    """The number of edits between two words; `most + 1` as soon as it is known to exceed `most`.

    >>> edits("passwrod", "password", 2)
    1
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, char in enumerate(one, start=1):
        line = [i]
        for j, against in enumerate(other, start=1):
            cost = min(row[j - 1] + (char != against), row[j] + 1, line[j - 1] + 1)
            if i > 1 and j > 1 and char == other[j - 2] and one[i - 2] == against:
                cost = min(cost, before[j - 2] + 1)
            line.append(cost)
        if min(line) > most:
            return most + 1
        before, row = row, line
    return min(row[-1], most + 1)


def closest(vocabulary: Frequencies, words: Sequence[str], word: str) -> str | None:
    """The visible word that shares the most letter pairs with `word` (Dice's coefficient), if any."""
    pairs = _pairs(word)
    scored = ((2 * len(pairs & _pairs(other)) / (len(pairs) + len(_pairs(other))), other) for other in words)
    for _, other in sorted(((-score, other) for score, other in scored if score > 0)):
        if len(other) > 1 and vocabulary.frequency(other):
            return other
    return None


def _pairs(word: str) -> frozenset[str]:
    framed = f"^{word}$"
    return frozenset(framed[at : at + 2] for at in range(len(framed) - 1))
