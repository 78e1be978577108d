"""What an import did, or would do, in words."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Final

HEADINGS: Final = {
    "topic": "Topics made for folders that had none",
    "team": "Teams that do not exist here",
    "owner": "Owners whom nobody here is",
    "link": "Links that lead nowhere",
    "anchor": "Links to a place that is not on the page",
    "picture": "Pictures and files that are missing or cannot be used",
    "tag": "Tags of another program that were left out",
    "address": "Old addresses that were not taken over",
    "meaning": "Values with another meaning, kept for export",
    "empty": "Pages without text, kept as drafts",
    "file": "Files that are no pages",
    "gone": "Pages whose file is no longer there; they stay",
}
"""Kind of a note -> the heading over its list, in the order in which they are told."""

MANY: Final = 10
"""So many files may have the same note before they are told in one line."""


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One thing to know about a file: `line` is 0 when it is about all of it."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}" if self.line else f"{self.path}: {self.text}"


def _printable(line: str) -> str:
    """`line` without what no terminal takes: YAML can spell halves of surrogate pairs."""
    return line.encode("utf-8", "replace").decode()


@dataclass(slots=True)
class Report:
    """Counts and notes; paths are relative to the folder."""

    source: str
    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: int = 0
    edited: list[str] = field(default_factory=list)
    """Files whose article was edited in the portal since; the article stays as it is."""
    both: list[str] = field(default_factory=list)
    """Those of them that have changed as well, and were not taken."""
    problems: list[Note] = field(default_factory=list)
    """Files that were not taken."""
    unmapped: defaultdict[str, list[Note]] = field(default_factory=lambda: defaultdict(list))
    kept: dict[str, int] = field(default_factory=dict)
    """Front matter that the portal has no place for: key -> number of files."""
    team_made: str = ""

    def note(self, kind: str, path: str, line: int, text: str) -> None:
        """Add to the list of what could not be mapped; `kind` is a key of HEADINGS."""
        self.unmapped[kind].append(Note(path, line, text))

    def refuse(self, path: str, line: int, reason: str) -> None:
        """A file that is not taken."""
        self.problems.append(Note(path, line, reason))

    def summary(self, *, dry_run: bool) -> str:
        """One line with the counts."""
        would = "would be " if dry_run else ""
        parts = [
            f"{len(self.new)} {would}new",
            f"{len(self.changed)} {would}changed",
            f"{self.unchanged} unchanged",
            f"{len(self.edited)} edited in the portal and kept",
            f"{len(self.problems)} not taken",
        ]
        end = " Nothing was saved." if dry_run else ""
        return f"{self.source}: {', '.join(parts)}.{end}"

    def details(self) -> list[str]:
        """Everything but the counts, line by line."""
        lines: list[str] = []
        for kind, heading in HEADINGS.items():
            notes = sorted(self.unmapped.get(kind, ()))
            if notes:
                lines += [f"{heading} ({len(notes)}):", *_told(notes)]
        if self.kept:
            names = ", ".join(f"{key} ({count})" for key, count in sorted(self.kept.items()))
            lines.append(f"Front matter without a place here, kept for export: {names}")
        if self.both:
            lines += [f"Changed here and edited in the portal; the portal's text stays ({len(self.both)}):"]
            lines += [f"  {path}" for path in sorted(self.both)]
        if self.problems:
            lines += [f"Files that were not taken ({len(self.problems)}):"]
            lines += [f"  {note}" for note in sorted(self.problems)]
        return [_printable(line) for line in lines]


def _told(notes: list[Note]) -> list[str]:
    """The notes one by one; those that say the same of many files together."""
    same = Counter(note.text for note in notes)
    lines = [f"  {note}" for note in notes if same[note.text] <= MANY]
    firsts = {note.text: note.path for note in reversed(notes)}
    lines += [
        f"  {text} ({count} times, first in {firsts[text]})" for text, count in same.items() if count > MANY
    ]
    return lines
