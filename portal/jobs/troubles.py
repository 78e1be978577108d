"""Telling the database's troubles from a job's own, and putting an error into one line."""

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError


def database_is_away(error: BaseException) -> bool:
    """Whether the database could not be used at all: locked for too long, full, not reachable.

    Then no job is to blame, and trying the next one would not help. SQLite reports a mistake in a
    statement with the same exception; only its code tells them apart.
    """
    if not isinstance(error, (OperationalError, InterfaceError)):
        return False
    return getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR


def describe(error: BaseException) -> str:
    """An error in one line: its kind and what it says, without SQL and its parameters."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
