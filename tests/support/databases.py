"""A fresh database for every test in milliseconds: a template is built once and copied.

On SQLite a template is a file. On PostgreSQL (DATABASE_URL set) it is a database that serves as
TEMPLATE of CREATE DATABASE.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine, make_url

Build = Callable[[str], None]


class Server(Protocol):
    """Makes databases out of named templates."""

    def template(self, name: str, build: Build, *, base: str | None = None) -> None:
        """Make the template `name` (from template `base`) by `build(url)`, once."""

    def copy(self, template: str, folder: Path) -> str:
        """The address of a new database like the template; files may lie in `folder`."""

    def drop(self, url: str) -> None:
        """Forget a copy."""


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

    def drop(self, url: str) -> None:
        """Nothing to do: the file goes with the test's folder."""


@dataclass
class PostgresServer:
    """Templates and copies are databases of one server; names carry the test process's own mark."""

    url: URL
    mark: str
    made: set[str] = field(default_factory=set)
    copies: int = 0

    def template(self, name: str, build: Build, *, base: str | None = None) -> None:
        if name in self.made:
            return
        database = self._named(name)
        self._run(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        self._run(f'CREATE DATABASE "{database}"' + (f' TEMPLATE "{self._named(base)}"' if base else ""))
        build(self._address(database))
        self.made.add(name)

    def copy(self, template: str, folder: Path) -> str:
        self.copies += 1
        database = self._named(f"copy{self.copies}")
        self._run(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        self._run(f'CREATE DATABASE "{database}" TEMPLATE "{self._named(template)}"')
        return self._address(database)

    def drop(self, url: str) -> None:
        self._run(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def close(self) -> None:
        """Drop all templates."""
        for name in self.made:
            self._run(f'DROP DATABASE IF EXISTS "{self._named(name)}" WITH (FORCE)')

    def _named(self, name: str) -> str:
        return f"portal_test_{self.mark}_{name}"

    def _address(self, database: str) -> str:
        return self.url.set(database=database).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        engine = self._maintenance()
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql(statement)
        finally:
            engine.dispose()

    def _maintenance(self) -> Engine:
        return sa.create_engine(self.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
