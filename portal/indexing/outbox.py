"""The outbox of the index: what changed in the database and is not yet in the index."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from portal.jobs import queue

KIND = "index"


def changed(session: Session, groups: Iterable[int]) -> None:
    """Note, in the caller's transaction, that these groups must be indexed anew (or forgotten)."""
    for group in groups:
        queue.enqueue(session, KIND, {"group": group})
