"""A fresh database for every test in milliseconds: a template is built once and copied.

On SQLite a template is a file. On PostgreSQL (DATABASE_URL set) it is a database; what a test wrote into
the copy of it is undone before the next test.
"""

import contextlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psycopg
from sqlalchemy.engine import URL

RESTORE = Path(__file__).with_name("restore.sql")
LEAVE = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""

Build = Callable[[str], None]


class Server(Protocol):
    """Makes databases out of named templates."""

    def template(self, name: str, build: Build, *, base: str | None = None) -> None:
        """Make the template `name` (from template `base`) by `build(url)`, once."""

    def copy(self, template: str, folder: Path) -> str:
        """The address of a database like the template until the next one is asked for; files may lie
        in `folder`."""


@dataclass
class SqliteServer:
    """Templates and copies are files."""

    folder: Path
    made: set[str] = field(default_factory=set)

    def template(self, name: str, build: Build, *, base: str | None = None) -> None:
        if name in self.made:
            return
        path = self.folder / f"{name}.sqlite3"
        if base:
            shutil.copy(self.folder / f"{base}.sqlite3", path)
        build(f"sqlite:///{path}")
        leftovers = [other for other in self.folder.glob(f"{name}.sqlite3-*") if other.stat().st_size]
        assert not leftovers, f"the template {name} is still open: {leftovers}"
        self.made.add(name)

    def copy(self, template: str, folder: Path) -> str:
        path = folder / "portal.sqlite3"
        shutil.copy(self.folder / f"{template}.sqlite3", path)
        return f"sqlite:///{path}"


@dataclass
class PostgresServer:
    """Templates and copies are databases of one server; names carry the test process's own mark.

    There is one copy of each template, and what tests wrote into it is undone: that takes a tenth of
    the time of making a database. It needs a superuser.
    """

    url: URL
    mark: str
    made: list[str] = field(default_factory=list)
    copies: dict[str, psycopg.Connection[tuple[bool]]] = field(default_factory=dict)

    def template(self, name: str, build: Build, *, base: str | None = None) -> None:
        if name in self.made:
            return
        self._make(name, base)
        build(self._address(name))

    def copy(self, template: str, folder: Path) -> str:
        name = f"copy_of_{template}"
        if not self._restored(name):
            self._make(name, template)
            self.copies[name] = self._connect(self._named(name))
            self.copies[name].execute(RESTORE.read_bytes())
        return self._address(name)

    def close(self) -> None:
        """Drop all databases."""
        for connection in self.copies.values():
            connection.close()
        for name in reversed(self.made):
            self._run(f'DROP DATABASE IF EXISTS "{self._named(name)}" WITH (FORCE)')

    def _restored(self, name: str) -> bool:
        """Whether there is a copy, as it was when it was made, and nobody else is in it."""
        if name not in self.copies:
            return False
        self.copies[name].execute(LEAVE)
        (restored,) = self.copies[name].execute("SELECT kept.restore()").fetchone() or (False,)
        return restored

    def _make(self, name: str, base: str | None) -> None:
        if name in self.copies:
            self.copies.pop(name).close()
        self._run(f'DROP DATABASE IF EXISTS "{self._named(name)}" WITH (FORCE)')
        self._run(
            f'CREATE DATABASE "{self._named(name)}"' + (f' TEMPLATE "{self._named(base)}"' if base else "")
        )
        self.made.append(name)

    def _named(self, name: str) -> str:
        return f"portal_test_{self.mark}_{name}"

    def _address(self, name: str) -> str:
        return self.url.set(database=self._named(name)).render_as_string(hide_password=False)

    def _connect(self, name: str) -> psycopg.Connection[Any]:
        address = self.url.set(drivername="postgresql", database=name)
        return psycopg.connect(address.render_as_string(hide_password=False), autocommit=True)

    def _run(self, statement: str) -> None:
        with contextlib.closing(self._connect("postgres")) as connection:
            connection.execute(statement)
