"""Synonyms as a text file: one set on each line, "a, b, c" both ways, "a => b, c" one way.

A line that starts with # is a comment. Loading a file twice changes nothing, and what became of a
loaded set in the browser stays as it is.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from portal.errors import Invalid
from portal.search import tuning
from portal.search.models import RuleKind
from portal.search.tuning_checks import Content, both_sides, key


@dataclass(slots=True)
class Loaded:
    """What `load` did: sets added, lines that were loaded before, and lines left out with the reason."""

    added: int = 0
    known: int = 0
    problems: list[str] = field(default_factory=list)


def load(session: Session, text: str) -> Loaded:
    """Add the sets of a file that were not loaded before. A line that cannot be used is left out."""
    loaded = Loaded()
    for number, content in _sets(text):
        try:
            if tuning.load(session, content, source=_digest(content)):
                loaded.added += 1
            else:
                loaded.known += 1
        except Invalid as error:
            loaded.problems.append(f"line {number}: {error}")
    return loaded


def _sets(text: str) -> Iterator[tuple[int, Content]]:
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            words, means = both_sides(line)
            yield number, Content(RuleKind.SYNONYM, words, means)


def _digest(content: Content) -> str:
    """By what a line is known again: its phrases as the search reads them, in any order."""
    sides = (sorted(" ".join(key(phrase)) for phrase in side) for side in (content.words, content.means))
    return hashlib.sha256(" => ".join(", ".join(side) for side in sides).encode()).hexdigest()


def export(session: Session) -> str:
    """All sets in force as a file that `load` reads."""
    rules = tuning.in_force(session).values()
    # a set that began with # would be read as a comment; the search does not look at the sign
    return "".join(f"{one}".lstrip("# ") + "\n" for one in rules if one.kind is RuleKind.SYNONYM)
