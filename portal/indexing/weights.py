"""Every number that ranking depends on, in one place; `flask search tune` measures other values."""

from dataclasses import dataclass
from typing import Final

FIELDS: Final = ("title", "questions", "keywords", "heading", "answer", "body")
"""The fields of a document; an index stores them by number."""


@dataclass(frozen=True, eq=False)  # one object is one choice: what is kept for it is found at once
class Weights:
    """The weights of the formula in `ranking`. They stand on broad plateaus: changing any of them by
    a third moves success at rank 1 on the measured question sets by about a point
    (docs/adr/0010-ranking.md)."""

    title: float = 8.0
    questions: float = 2.0
    keywords: float = 3.0
    heading: float = 2.0
    answer: float = 2.0
    body: float = 1.0
    b_short: float = 0.3
    """How strongly length counts against title, keywords and answer (BM25's b)."""
    b_long: float = 0.6
    """The same for questions, headings and body."""
    k1: float = 3.0
    pairs: float = 1.0
    passage: float = 0.25
    short: float = 6.0
    """Words added to every passage's length, so that a line of one word is no perfect line."""
    section_heading: float = 4.0
    section_body: float = 1.0
    """What speaks for one section of an article; everything else speaks for the article as a whole."""
    function: float = 0.5
    """Words of questions count for half: enough to tell "out of office" from "office"."""
    part: float = 0.3
    """The parts of a compound ("wi", "fi") beside its joined form, when that form is known."""
    synonym: float = 0.8
    """A word's synonyms beside the word itself."""

    def fields(self) -> tuple[float, ...]:
        """The weight of each field, in the order of FIELDS."""
        return tuple(float(getattr(self, name)) for name in FIELDS)

    def b(self) -> tuple[float, ...]:
        """BM25's b of each field, in the order of FIELDS."""
        return tuple(
            self.b_short if name in ("title", "keywords", "answer") else self.b_long for name in FIELDS
        )

    def section(self) -> tuple[float, ...]:
        """What each field says for its own section, in the order of FIELDS."""
        own = {"heading": self.section_heading, "body": self.section_body}
        return tuple(own.get(name, 0.0) for name in FIELDS)


WEIGHTS: Final = Weights()
