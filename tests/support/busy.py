"""A database in which somebody else is writing."""

import contextlib
from collections.abc import Iterator

from sqlalchemy import Connection, event

from portal.db import db


def is_lite() -> bool:
    """Whether the tests run on SQLite, which has one lock for all."""
    return bool(db.engine.dialect.name == "sqlite")


@contextlib.contextmanager
def busy() -> Iterator[Connection]:
    """A connection that may lock what it likes; everybody else waits for it only for a moment."""

    def _impatient(connection, *_rest):
        with contextlib.closing(connection.cursor()) as cursor:
            cursor.execute("PRAGMA busy_timeout=50" if is_lite() else "SET lock_timeout='50ms'")

    event.listen(db.engine, "checkout", _impatient)
    try:
        with db.engine.execution_options(portal_writes=True).connect() as holder:
            yield holder
    finally:
        event.remove(db.engine, "checkout", _impatient)
