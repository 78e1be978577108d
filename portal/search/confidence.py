"""How sure the first answer is, from the scores alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import Final

WEAK: Final = 0.35
"""Below this confidence the page leads with asking."""


@dataclass(frozen=True, slots=True)
class Doubts:
    """The numbers that confidence depends on; `flask search tune` measures other values."""

    rivals: int = 5
    mass: float = 1.0
    middle: float = 0.38
    width: float = 0.13


DOUBTS: Final = Doubts()


def rivals(scores: Sequence[float], doubts: Doubts = DOUBTS) -> float:
    """The mean of the scores after the first; hits that are not there count as nothing."""
    return sum(scores[1 : 1 + doubts.rivals]) / doubts.rivals


def evidence(scores: Sequence[float], mass: float, doubts: Doubts = DOUBTS) -> float:
    """What speaks for the first of `scores` (best first): the score, its lead over the next five,
    and what the question weighs, because one common word that matches perfectly says little."""
    return (2 * scores[0] - rivals(scores, doubts)) * mass / (mass + doubts.mass)


def confidence(scores: Sequence[float], mass: float, doubts: Doubts = DOUBTS) -> float:
    """How likely the first of `scores` (best first) is the answer, between 0 and 1.

    A logistic curve on the evidence, fitted to be about one half where half of the first hits are
    right (docs/adr/0010-ranking.md).
    """
    if not scores:
        return 0.0
    return 1 / (1 + exp(-(evidence(scores, mass, doubts) - doubts.middle) / doubts.width))
