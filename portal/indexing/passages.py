"""A document as lines of terms: what is written to an index and what ranking works on.

A passage is one line of one field: a title, one of the questions, a heading, a paragraph, a list
item, a table row. Long paragraphs are cut into passages of at most MAX_PASSAGE words.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from portal.indexing.analysis import Token, analyse
from portal.indexing.engine import FIELDS, Document

MAX_PASSAGE = 80
"""Words. Longer paragraphs are cut there, so that one of them is no better a catch-all than
several short ones; the value is a rounded length of a long paragraph, nothing was fitted."""

MAX_LINES = 1 << 16
OFFSET_BITS = 12
LINE_BITS = 16


@dataclass(frozen=True, slots=True)
class Passage:
    """One line of `field` (an index into FIELDS), the `line`-th of it in its document."""

    field: int
    line: int
    tokens: tuple[Token, ...]

    @property
    def length(self) -> int:
        """Words in the passage; joined forms of compounds do not count."""
        return sum(not token.joined for token in self.tokens)


def passages(document: Document) -> Iterator[Passage]:
    """All passages of a document that hold at least one term."""
    for code, name in enumerate(FIELDS):
        line = 0
        for text in document.fields.get(name, "").splitlines():
            for tokens in _pieces(analyse(text, document.language)):
                if line < MAX_LINES:
                    yield Passage(code, line, tokens)
                line += 1


def _pieces(tokens: list[Token]) -> Iterator[tuple[Token, ...]]:
    start = 0
    for at, token in enumerate(tokens):
        if token.position - tokens[start].position >= MAX_PASSAGE:
            yield tuple(tokens[start:at])
            start = at
    if tokens:
        yield tuple(tokens[start:])


def pack(passage: Passage, token: Token) -> int:
    """Where a term stands, as 32 bits: field, line, word within the line."""
    offset = token.position - passage.tokens[0].position
    return (passage.field << (LINE_BITS + OFFSET_BITS)) | (passage.line << OFFSET_BITS) | offset


def names(document: Document) -> tuple[tuple[str, int, bool], ...]:
    """The folded words of what a document is called (title, questions, keywords), each once for a
    field, with the field's number and whether it begins the title."""
    found: dict[tuple[str, int, bool], None] = {}
    for code, name in enumerate(FIELDS):
        if name in ("title", "questions", "keywords"):
            for token in analyse(document.fields.get(name, ""), document.language):
                found[token.word, code, name == "title" and token.position == 0] = None
    return tuple(found)
