"""Snippets: the line of a section that answers best, with the reader's words marked.

Built from the text in the database, never from the index, so nothing stale or hidden shows.
"""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Final

from portal.indexing.analysis import Token, analyse

Parts = tuple[tuple[str, bool], ...]
"""Pieces of text in order; True for those to be marked."""

LONGEST: Final = 240
READ_AT_MOST: Final = 6000
BEFORE: Final = 60


def snippet(text: str, terms: Collection[str], language: str = "en") -> Parts:
    """The best line of `text`, which is in `language`, for these terms; at most LONGEST characters, empty
    for no text."""
    lines = [line.strip() for line in text[:READ_AT_MOST].splitlines() if line.strip()]
    if not lines:
        return ()
    wanted = frozenset(terms)
    best = _best(lines, wanted, language)
    line = lines[best]
    for more in lines[best + 1 :]:  # a short line alone says little
        if len(line) + len(more) > LONGEST // 2:
            break
        line = f"{line} {more}"
    return _marked(*_window(line, [token for token in analyse(line, language) if token.term in wanted]))


def _best(lines: Sequence[str], wanted: frozenset[str], language: str) -> int:
    """The number of the first line with the most of the terms; none is read after one that has all."""
    best, most = 0, 0
    for at, line in enumerate(lines):
        if most == len(wanted):
            break
        number = len(wanted & _terms(line, language))
        if number > most:
            best, most = at, number
    return best


@lru_cache(maxsize=20_000)
def _terms(line: str, language: str) -> frozenset[str]:
    return frozenset(token.term for token in analyse(line, language))


def _window(line: str, found: list[Token]) -> tuple[str, int, int, list[Token]]:
    """The stretch of `line` to show: around the first found word, cut between words."""
    if len(line) <= LONGEST:
        return line, 0, len(line), found
    start = max(0, (found[0].start if found else 0) - BEFORE)
    start = line.find(" ", start) + 1 if start else 0
    end = min(len(line), start + LONGEST)
    if end < len(line):
        end = max(line.rfind(" ", start, end), start + 1)
    return line, start, end, found


def _marked(text: str, start: int, end: int, found: list[Token]) -> Parts:
    parts: list[tuple[str, bool]] = [("… ", False)] if start else []
    at = start
    for token in found:
        if token.start < at or token.end > end:
            continue
        parts.append((text[at : token.start], False))
        parts.append((text[token.start : token.end], True))
        at = token.end
    parts.append((text[at:end] + (" …" if end < len(text) else ""), False))
    return tuple(part for part in parts if part[0])
