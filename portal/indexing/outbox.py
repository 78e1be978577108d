"""The outbox of the index: what changed in the database and is not yet in the index.

A row is written in the transaction of the change. Nothing else connects the two, so that the index
can always be brought up to date, whatever was running when the lights went out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from portal.jobs import queue
from portal.jobs.queue import Row

KIND = "index"

LONGEST_BACK_OFF = timedelta(seconds=60)
"""How long a group that fails waits at most. Its jobs never die: the index must equal the database."""


@dataclass(frozen=True, slots=True)
class Change:
    """A group that changed, and the jobs that said so at the moment of reading."""

    group: int
    rows: Sequence[Row]

    @property
    def ids(self) -> list[int]:
        return [row.id for row in self.rows]

    @property
    def attempts(self) -> int:
        """How often indexing this group has failed so far."""
        return max((row.attempts for row in self.rows), default=0)


def changed(session: Session, groups: Iterable[int]) -> None:
    """Note, in the caller's transaction, that these groups must be indexed anew (or forgotten)."""
    for group in groups:
        queue.enqueue(session, KIND, {"group": group})


def due(session: Session) -> bool:
    """Whether there is anything to index now. One cheap statement."""
    return queue.any_due(session, KIND)


def take(session: Session, *, limit: int) -> list[Change]:
    """The changes of the oldest due rows, one for each group, in the order in which they came.

    A group's failed rows belong to its change as well: when it can be indexed now, they are done
    with. Reads only; the rows go when `settle` is called with what was taken.
    """
    rows = list(queue.due_rows(session, KIND, limit=limit))
    if rows:
        groups = {row.payload["group"] for row in rows}
        seen = {row.id for row in rows}
        held_back = queue.held_back_rows(session, KIND)
        rows += [row for row in held_back if row.payload["group"] in groups and row.id not in seen]
    return _by_group(rows)


def all_changes(session: Session) -> list[Change]:
    """All changes, also those held back after a failure. Reads only."""
    return _by_group(queue.all_rows(session, KIND))


def pending(session: Session) -> set[int]:
    """The groups of which the index may still hold an older state. One statement."""
    return {row.payload["group"] for row in queue.all_rows(session, KIND)}


def settle(session: Session, changes: Iterable[Change]) -> None:
    """Delete the rows of changes that are in the index: those that were read, by their ids.

    A row added since says that the group changed again; it has another id and stays.
    """
    queue.discard(session, [row_id for change in changes for row_id in change.ids])


def put_off(session: Session, change: Change, error: str) -> None:
    """Let a group that could not be indexed wait; of its rows one is enough."""
    newest, *older = sorted(change.ids, reverse=True)
    queue.discard(session, older)
    queue.put_off(session, [newest], error, attempts=change.attempts + 1, longest=LONGEST_BACK_OFF)


def hurry(session: Session) -> None:
    """Make the groups that wait after a failure due now."""
    queue.hurry(session, KIND)


def _by_group(rows: Iterable[Row]) -> list[Change]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row.payload["group"], []).append(row)
    return [Change(group=group, rows=rows) for group, rows in found.items()]
