"""Where the code stands in a Markdown text: fenced blocks, code spans and HTML comments.

Links and tags inside are examples, not links and tags.
"""

import bisect
import re
from typing import Final

Span = tuple[int, int]

FENCE: Final = re.compile(
    r"^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(?P<marks>`{3,}|~{3,})(?P<info>[^\n]*)$", re.MULTILINE
)
_SPAN_OR_COMMENT: Final = re.compile(r"\\`|`+|<!--")
_TICKS: Final = re.compile("`+")
_BLANK: Final = re.compile(r"\n[ \t]*\n")


class Regions:
    """The spans of code in one text, in order; only the fenced blocks without `inline`."""

    def __init__(self, text: str, *, inline: bool = True) -> None:
        fences = fenced(text)
        self.spans: list[Span] = sorted([*fences, *(_inline(text, fences) if inline else ())])
        self._starts = [start for start, _ in self.spans]

    def end(self, position: int) -> int | None:
        """The end of the code that `position` is in, None when it is in none."""
        at = bisect.bisect_right(self._starts, position) - 1
        if at >= 0 and position < self.spans[at][1]:
            return self.spans[at][1]
        return None


def fenced(text: str) -> list[Span]:
    """Spans of fenced blocks, fences included; one without an end reaches to the end of the text."""
    spans: list[Span] = []
    marks, start = "", 0
    for match in FENCE.finditer(text):
        found, info = match["marks"], match["info"].strip()
        if not marks:
            if found[0] == "~" or "`" not in info:
                marks, start = found, match.start()
        elif found[0] == marks[0] and len(found) >= len(marks) and not info:
            spans.append((start, match.end()))
            marks = ""
    if marks:
        spans.append((start, len(text)))
    return spans


def _inline(text: str, fences: list[Span]) -> list[Span]:
    """Code spans and comments between the fences."""
    spans: list[Span] = []
    position = 0
    for start, end in [*fences, (len(text), len(text))]:
        spans.extend(_inline_between(text, position, start))
        position = end
    return spans


def _inline_between(text: str, start: int, end: int) -> list[Span]:
    spans: list[Span] = []
    runs: dict[int, list[int]] = {}
    for run in _TICKS.finditer(text, start, end):
        runs.setdefault(len(run[0]), []).append(run.start())
    position = start
    while (match := _SPAN_OR_COMMENT.search(text, position, end)) is not None:
        position = match.end()
        if match[0] == "<!--":
            close = text.find("-->", position, end)
            position = end if close < 0 else close + 3
            spans.append((match.start(), position))
        elif match[0] != "\\`":
            closing = _next(runs.get(len(match[0]), []), position)
            if closing is not None and not _BLANK.search(text, position, closing):
                position = closing + len(match[0])
                spans.append((match.start(), position))
    return spans


def _next(positions: list[int], after: int) -> int | None:
    at = bisect.bisect_left(positions, after)
    return positions[at] if at < len(positions) else None
