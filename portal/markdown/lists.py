"""Lists as people write them, put into the form that Python-Markdown reads.

Most editors and most people follow CommonMark: a nested list stands under the text of its item,
two or three columns in, and a list or table may follow a paragraph without an empty line.
Python-Markdown wants four columns and the empty line; without this step it shows such lists flat.
"""

import re
from dataclasses import dataclass
from typing import Final

STEP: Final = 4
"""Columns that one level is indented by in the output."""
MAX_DEPTH: Final = 20
"""Deeper levels are joined to this one."""

_ITEM = re.compile(r"(?P<mark>[-+*]|\d{1,9}[.)])(?:(?P<gap> +)(?P<rest>\S.*)|[ ]*\Z)")
_FIRST = ("-", "+", "*", "1.", "1)")
"""Marks that may begin a list right after a paragraph; `2019.` may not."""
_RULE = re.compile(r"(?:\*[ ]*){3,}\Z|(?:-[ ]*){3,}\Z|(?:_[ ]*){3,}\Z")
_UNDERLINE = re.compile(r"(?:=+|-+)[ ]*\Z")
_FENCE = re.compile(r"(`{3,})[^`]*\Z|(~{3,})")
_BOX = re.compile(r"(?:!!!|\?\?\?\+?)[ ]?[\w\"]|\[\^[^\]\n]+\]:|:[ ]{1,3}\S")
_BLOCK = re.compile(r"#{1,6}(?:\s|\Z)|[>|<]|!!!|\?\?\?")
_RAW = re.compile(r"<(pre|script|style|textarea)\b", re.IGNORECASE)
_TABLE_RULE = re.compile(r"[ ]*\|?[ ]*:?-+:?[ ]*(?:\|[ ]*:?-+:?[ ]*)+\|?[ ]*\Z|[ ]*\|[ ]*:?-+:?[ ]*\|[ ]*\Z")


def normalise(text: str) -> str:
    """`text` with its lists and tables in Python-Markdown's form; everything else stays as it is."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(STEP).split("\n")
    normaliser = _Normaliser()
    for position, line in enumerate(lines):
        following = lines[position + 1] if position + 1 < len(lines) else ""
        normaliser.take(line, following)
    return "\n".join(normaliser.out)


@dataclass(frozen=True, slots=True)
class _Container:
    """A list item, or a box (admonition, footnote, definition): its content is indented."""

    kind: str
    """`ul`, `ol` or `box`."""
    content: int
    """Column at which its content starts in the source."""


class _Normaliser:
    """Takes the lines in order; `out` is what Python-Markdown gets."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self._open: list[_Container] = []
        self._paragraph = False  # the line before is text that the next line may go on with
        self._depth = 0  # of the first line since the last empty one
        self._fence = ""
        self._fence_column = 0
        self._raw_end = ""

    def take(self, line: str, following: str) -> None:
        text = line.lstrip(" ")
        column = len(line) - len(text)
        if self._raw_end:
            self._raw(line)
        elif self._fence:
            self._in_fence(line, text, column)
        elif not text:
            self.out.append("")
            self._paragraph = False
        elif self._paragraph and _UNDERLINE.match(text) and column >= self._column():
            self._put(text)
            self._paragraph = False
        elif (item := _ITEM.match(text)) and not _RULE.match(text) and self._starts_item(item, column):
            self._item(item, column)
        elif self._paragraph and not _interrupts(text, following):
            self._put(text)
        else:
            self._block(text, column, following)

    def _put(self, text: str) -> None:
        depth = min(len(self._open), MAX_DEPTH)
        if not self.out or not self.out[-1]:
            self._depth = depth
        self.out.append(" " * (STEP * depth) + text)

    def _column(self) -> int:
        return self._open[-1].content if self._open else 0

    def _raw(self, line: str) -> None:
        self.out.append(line)
        if self._raw_end in line.lower():
            self._raw_end = ""

    def _in_fence(self, line: str, text: str, column: int) -> None:
        self._put(line[min(column, self._fence_column) :])
        if text.startswith(self._fence) and not text.strip(self._fence[0]).strip():
            self._fence = ""

    def _starts_item(self, item: re.Match[str], column: int) -> bool:
        """Whether what looks like a list item is one, and not text or indented code."""
        outer = next((c.content for c in reversed(self._open) if c.content <= column), 0)
        if self._paragraph and any(container.kind != "box" for container in self._open):
            return True
        starts = not self._paragraph or (item["rest"] is not None and item["mark"] in _FIRST)
        return starts and column - outer < STEP

    def _item(self, item: re.Match[str], column: int) -> None:
        kind = "ul" if item["mark"] in "-+*" else "ol"
        sibling = ""
        while self._open and column < self._open[-1].content:
            sibling = self._open.pop().kind
        follows_text = self._paragraph and not self._open and not sibling
        other_kind = sibling not in ("", kind)
        if follows_text or other_kind or self._in_box() or self._depth > len(self._open):
            self._gap()
        mark = item["mark"].replace(")", ".")
        if mark == "-" and not item["rest"]:
            mark = "*"  # a lone dash below a text would make it a heading
        self._put(f"{mark} {item['rest'] or ''}")
        gap = len(item["gap"] or " ")
        content = column + len(item["mark"]) + (gap if gap <= STEP else 1)
        self._open.append(_Container(kind, content))
        self._paragraph = bool(item["rest"])

    def _in_box(self) -> bool:
        """Whether text stands right before, directly in an admonition or the like."""
        return bool(self._open) and self._open[-1].kind == "box" and self._paragraph

    def _gap(self) -> None:
        if self.out and self.out[-1]:
            self.out.append("")

    def _block(self, text: str, column: int, following: str) -> None:
        """A line that starts something new: what it is not indented for ends here."""
        while self._open and column < self._open[-1].content:
            self._open.pop()
        extra = column - self._column()
        if _table_starts(text, following) or (self._paragraph and self._open and _BLOCK.match(text)):
            self._gap()
        self._put(" " * (extra if extra >= STEP or not self._open else 0) + text)
        self._paragraph = extra < STEP and not _BLOCK.match(text) and not _RULE.match(text)
        if fence := _FENCE.match(text):
            self._fence, self._fence_column = fence[1] or fence[2], column
            self._paragraph = False
        elif _BOX.match(text) and extra < STEP:
            self._open.append(_Container("box", column + STEP))
        elif (raw := _RAW.match(text)) and f"</{raw[1]}".lower() not in text.lower():
            self._raw_end = f"</{raw[1]}".lower()


def _table_starts(text: str, following: str) -> bool:
    return "|" in text and "-" in following and bool(_TABLE_RULE.match(following))


def _interrupts(text: str, following: str) -> bool:
    """Whether a line ends the paragraph before it."""
    return bool(
        _FENCE.match(text)
        or _BLOCK.match(text)
        or _RULE.match(text)
        or _BOX.match(text)
        or _table_starts(text, following)
    )
