"""The database: one declarative Base, one engine set-up, one unit of work.

SQLite is opened in WAL mode with full synchronisation. Its write transactions begin with
BEGIN IMMEDIATE: a plain BEGIN takes the write lock only at the first write, and when another
process wrote in between, SQLite answers "database is locked" at once, without waiting.
"""

import enum
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.types import TypeDecorator

BUSY_TIMEOUT_MS = 15_000


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware datetime, stored as UTC. A naive one is refused: it would be a guess."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A datetime without a time zone cannot be stored.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def enum_by_value(kind: type[enum.Enum]) -> sa.Enum:
    """A column type that stores an enum's values (not its Python names) as checked text."""
    return sa.Enum(
        kind,
        native_enum=False,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    """Base of every model, with constraint names that migrations can rely on."""

    registry = registry(
        metadata=sa.MetaData(
            naming_convention={
                "ix": "ix_%(column_0_N_label)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={datetime: UtcDateTime},
    )


db = SQLAlchemy(model_class=Base)


def prepare_engine(engine: Engine) -> None:
    """Set up connections of `engine`; does nothing for databases other than SQLite."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions on its own
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("portal_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """One write transaction: commits at the end, rolls back on any error.

    Used at the edge only (view, CLI command, job); services never commit. Whatever was read
    before in this session is read anew inside, so that decisions are made on what is locked.
    """
    session = db.session()
    session.rollback()
    session.connection(execution_options={"portal_writes": True})
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise


@contextmanager
def brief_write(engine: Engine) -> Iterator[Connection]:
    """A write transaction on a connection of its own that gives up at once instead of waiting.

    For notes that a request may as well leave out, such as when somebody was last seen: it touches
    neither the request's session nor its time. Raises OperationalError when somebody else is writing.
    """
    with engine.connect().execution_options(portal_writes=True) as connection:
        if engine.dialect.name != "sqlite":
            with connection.begin():
                connection.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
                yield connection
            return
        driver = connection.connection.dbapi_connection
        assert driver is not None
        try:
            driver.cursor().execute("PRAGMA busy_timeout=0")
            with connection.begin():
                yield connection
        finally:
            driver.cursor().execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def insert_missing(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows` (column name -> value), leaving out those whose unique key is there already, also
    when another process is writing the same one just now."""
    if not rows:
        return
    if session.get_bind().dialect.name == "sqlite":
        session.execute(sqlite.insert(model).values(list(rows)).on_conflict_do_nothing())
    else:
        session.execute(postgresql.insert(model).values(list(rows)).on_conflict_do_nothing())
