"""What differs between two texts, line by line and word by word, within a bounded time."""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from portal.articles import languages
from portal.articles.drafts import Draft

Kind = Literal["same", "del", "ins"]

CONTEXT: Final = 3
"""Unchanged lines shown around a change."""
MAX_LINES: Final = 1200
"""Longer changed stretches are shown as one block: comparing takes time that grows with the square."""
MAX_WORDS: Final = 300
MAX_ROWS: Final = 3000
"""More rows than this nobody reads, and no browser likes."""
SIMILAR: Final = 0.4
"""Two lines less alike than this are a removed and an added line, not one that was changed."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a line and what happened to it."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line before and after. A side that has no such line is None. `skipped` counts unchanged
    lines left out; then both sides are None."""

    before: tuple[Segment, ...] | None
    after: tuple[Segment, ...] | None
    skipped: int = 0

    @property
    def changed(self) -> bool:
        return not self.skipped and self.before != self.after


@dataclass(frozen=True, slots=True)
class Part:
    """A field that differs, by its label, with its lines; `cut` counts those beyond MAX_ROWS."""

    label: str
    rows: list[Row]
    cut: int = 0


def parts(before: Draft, after: Draft) -> list[Part]:
    """The fields of the text that differ, in the order of the page; none when the texts are equal."""
    pairs = (
        ("Title", before.title, after.title),
        ("Answer in one line", before.answer, after.answer),
        ("Text", before.body, after.body),
        ("Keywords", "\n".join(before.keywords), "\n".join(after.keywords)),
        ("Questions it answers", "\n".join(before.questions), "\n".join(after.questions)),
        ("Language", languages.name_of(before.language), languages.name_of(after.language)),
    )
    return [_part(label, rows(old, new)) for label, old, new in pairs if old != new]


def _part(label: str, found: list[Row]) -> Part:
    return Part(label, found[:MAX_ROWS], max(0, len(found) - MAX_ROWS))


def rows(before: str, after: str) -> list[Row]:
    """The lines of two texts side by side; long unchanged stretches are left out."""
    old, new = before.split("\n"), after.split("\n")
    found: list[Row] = []
    for same, left, right in _stretches(old, new):
        found.extend([_line(line) for line in left] if same else _pairs(left, right))
    return _folded(found)


def _stretches(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[bool, Sequence[str], Sequence[str]]]:
    """(whether equal, lines before, lines after), in order."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    left, right = old[start : len(old) - end], new[start : len(new) - end]
    yield True, old[:start], new[:start]
    if max(len(left), len(right)) > MAX_LINES:
        yield False, left, right
    else:
        matcher = difflib.SequenceMatcher(None, left, right)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes():
            yield tag == "equal", left[i1:i2], right[j1:j2]
    yield True, old[len(old) - end :], new[len(new) - end :]


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """How many lines both texts begin with."""
    count = 0
    for left, right in zip(old, new, strict=False):
        if left != right:
            break
        count += 1
    return count


def _line(text: str) -> Row:
    same = (Segment("same", text),)
    return Row(same, same)


def _pairs(left: Sequence[str], right: Sequence[str]) -> Iterator[Row]:
    both = min(len(left), len(right))
    words_left = MAX_WORDS * 20  # in one stretch
    for old, new in zip(left[:both], right[:both], strict=True):
        before, after = _words(old, new) if words_left > 0 else _whole(old, new)
        words_left -= len(before) + len(after) + len(old) // 6
        yield Row(before, after)
    for old in left[both:]:
        yield Row((Segment("del", old),), None)
    for new in right[both:]:
        yield Row(None, (Segment("ins", new),))


def _whole(old: str, new: str) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
    return (Segment("del", old),), (Segment("ins", new),)


def _words(old: str, new: str) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
    """One line before and after, its changed words marked."""
    left, right = _tokens(old), _tokens(new)
    if max(len(left), len(right)) > MAX_WORDS:
        return _whole(old, new)
    before: list[Segment] = []
    after: list[Segment] = []
    same = 0
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        gone, come = "".join(left[i1:i2]), "".join(right[j1:j2])
        # blanks between two changed words belong to the change: single words are hard to read
        equal = tag == "equal" and (not gone.isspace() or i1 == 0 or i2 == len(left))
        same += len(gone) if equal else 0
        _add(before, "same" if equal else "del", gone)
        _add(after, "same" if equal else "ins", come)
    if 2 * same < SIMILAR * (len(old) + len(new)):
        return _whole(old, new)
    return tuple(before), tuple(after)


def _add(segments: list[Segment], kind: Kind, text: str) -> None:
    """Add a piece to a line, joined with the last one of the same kind."""
    if segments and segments[-1].kind == kind:
        text = segments.pop().text + text
    if text:
        segments.append(Segment(kind, text))


def _tokens(line: str) -> list[str]:
    return re.findall(r"\s+|\w+|[^\w\s]", line)


def _folded(found: Sequence[Row]) -> list[Row]:
    """`found` without the unchanged lines that are far from any change."""
    near = bytearray(len(found))
    for index, row in enumerate(found):
        if row.changed:
            first, last = max(0, index - CONTEXT), min(len(found), index + CONTEXT + 1)
            near[first:last] = b"\1" * (last - first)
    kept: list[Row] = []
    skipped = 0
    for index, row in enumerate(found):
        if near[index]:
            if skipped:
                kept.append(Row(None, None, skipped))
                skipped = 0
            kept.append(row)
        else:
            skipped += 1
    return [*kept, Row(None, None, skipped)] if skipped else kept
