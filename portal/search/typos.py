"""Slips of the fingers, to measure how well questions are answered in spite of them.

Four kinds, each as likely as the others: two letters next to each other swapped, a letter left out,
a letter typed twice, and a letter of the key beside it. Everything is decided by the random numbers
handed in, so equal seeds give equal slips.
"""

import re
from collections.abc import Callable, Mapping
from math import hypot
from random import Random
from typing import Final

SLIPS: Final = 2
"""Words of a question that get a slip each."""

MIN_LETTERS: Final = 3
"""Shorter words are left alone: with a slip they are other words more often than not."""

_WORD: Final = re.compile(rf"[^\W\d_]{{{MIN_LETTERS},}}")

_ROWS: Final = (("qwertyuiop", 0.0), ("asdfghjkl", 0.25), ("zxcvbnm", 0.75))
"""The letters of a QWERTY keyboard, and how far each row starts to the right, in keys."""

_TOUCHING: Final = 1.3
"""Keys whose middles are nearer to each other than this touch: six around a key amid others."""


def _neighbours() -> dict[str, str]:
    places = {
        key: (start + column, row)
        for row, (keys, start) in enumerate(_ROWS)
        for column, key in enumerate(keys)
    }
    return {
        key: "".join(
            other for other, (u, v) in places.items() if other != key and hypot(x - u, y - v) < _TOUCHING
        )
        for key, (x, y) in places.items()
    }


NEIGHBOURS: Final[Mapping[str, str]] = _neighbours()
"""For each letter of the keyboard those on the keys that touch its own."""


def _swapped(word: str) -> list[str]:
    return [f"{word[:at]}{word[at + 1]}{word[at]}{word[at + 2 :]}" for at in range(len(word) - 1)]


def _dropped(word: str) -> list[str]:
    return [word[:at] + word[at + 1 :] for at in range(len(word))]


def _doubled(word: str) -> list[str]:
    return [word[: at + 1] + word[at:] for at in range(len(word))]


def _beside(word: str) -> list[str]:
    return [
        word[:at] + (other.upper() if letter.isupper() else other) + word[at + 1 :]
        for at, letter in enumerate(word)
        for other in NEIGHBOURS.get(letter.lower(), "")
    ]


KINDS: Final[Mapping[str, Callable[[str], list[str]]]] = {
    "swap": _swapped,
    "drop": _dropped,
    "double": _doubled,
    "neighbour": _beside,
}
"""For each kind of slip all that can become of a word by it."""


def misspell(word: str, random: Random) -> str:
    """`word` with one slip: another word, unless it is empty.

    The kind is chosen first, among those that change this word ("aaa" swapped is still "aaa").
    """
    changed = [[other for other in slipped(word) if other != word] for slipped in KINDS.values()]
    possible = [others for others in changed if others]
    return random.choice(random.choice(possible)) if possible else word


def with_typos(question: str, random: Random, slips: int = SLIPS) -> str:
    """`question` with one slip in each of `slips` of its words, fewer when it has no more.

    >>> with_typos("How do I reset my password?", Random(1))
    'Hoa do I reset my paassword?'
    """
    words = list(_WORD.finditer(question))
    chosen = random.sample(words, min(slips, len(words)))
    for word in sorted(chosen, key=lambda found: found.start(), reverse=True):
        question = question[: word.start()] + misspell(word.group(), random) + question[word.end() :]
    return question
