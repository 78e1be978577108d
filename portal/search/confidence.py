"""How sure the first answer is, from the scores alone."""

from collections.abc import Sequence
from math import exp
from typing import Final

WEAK: Final = 0.35
"""Below this confidence the page leads with asking."""

RIVALS: Final = 5
DOUBT_MASS: Final = 1.0
CONFIDENCE_MIDDLE: Final = 0.38
CONFIDENCE_WIDTH: Final = 0.13


def confidence(scores: Sequence[float], mass: float) -> float:
    """How likely the first of `scores` (best first) is the answer, between 0 and 1.

    Grows with the score, with its lead over the next five and with what the question weighs: one
    common word that matches perfectly says little. A logistic curve on these, fitted to be about
    one half where half of the first hits are right (docs/adr/0010-ranking.md).
    """
    if not scores:
        return 0.0
    rivals = sum(scores[1 : 1 + RIVALS]) / RIVALS
    evidence = (2 * scores[0] - rivals) * mass / (mass + DOUBT_MASS)
    return 1 / (1 + exp(-(evidence - CONFIDENCE_MIDDLE) / CONFIDENCE_WIDTH))
