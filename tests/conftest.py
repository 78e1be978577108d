"""Fixtures that every test may use. What they are made of is in tests/support."""

import contextvars
import gc
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts import passwords
from portal.accounts.models import Person
from portal.app import create_app
from portal.articles.models import Article
from portal.db import db
from portal.settings import Settings
from tests.support import reuse, schema
from tests.support import statements as counting
from tests.support import world as small_world
from tests.support.client import PageClient
from tests.support.databases import PostgresServer, Server, SqliteServer

SECRET = "for tests only, long enough to pass"
POSTGRES = os.environ.get("DATABASE_URL", "")
"""The address of a PostgreSQL server, if the tests run on one."""

# A busy machine is slow to make examples; that says nothing about the code.
hypothesis_settings.register_profile("portal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("portal")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL leave out what cannot reach the server: tests that use `databases` through no fixture."""
    if POSTGRES.startswith("postgres"):
        out = [item for item in items if "databases" not in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in set(out)]


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def one_door_to_postgres() -> None:
    """`databases` alone knows the server. A test without that fixture, and what it starts, cannot."""
    os.environ.pop("DATABASE_URL", None)


@pytest.fixture(scope="session")
def run_folder() -> Iterator[Path]:
    """A folder of this test process."""
    with tempfile.TemporaryDirectory(prefix="portal-tests-") as folder:
        yield Path(folder)


def make_settings(folder: Path, database_url: str) -> Settings:
    """The settings of a test's application."""
    return Settings(
        environment="test",
        secret_key=SECRET,
        database_url=database_url,
        data_dir=folder / "data",
        site_name="Test Portal",
        allowed_hosts=("localhost", "127.0.0.1"),
        cookie_secure=False,
        hash_cost="cheap",
    )


@pytest.fixture(scope="session")
def compiled() -> reuse.Compiled:
    """What the applications of this test process need to compile only once."""
    Flask.url_rule_class = reuse.Rules
    return reuse.Compiled()


@pytest.fixture(scope="session")
def databases(run_folder: Path, compiled: reuse.Compiled) -> Iterator[Server]:
    """The templates `empty` (migrated) and `world` (with the small organisation)."""
    server: Server
    if POSTGRES.startswith("postgres"):
        url = make_url(POSTGRES).set(drivername="postgresql+psycopg")
        mark = f"{os.getpid()}_{os.environ.get('PYTEST_XDIST_WORKER', 'one')}"
        server = PostgresServer(url, mark)
    else:
        server = SqliteServer(run_folder)

    def _in_app(url: str, write: Callable[[Flask], None]) -> None:
        app = create_app(make_settings(run_folder, url))
        with app.app_context():
            write(app)
            compiled.learn(db.engine)
            db.session.close()
            db.engine.dispose()

    def _world(_app: Flask) -> None:
        small_world.build(db.session(), passwords.hasher("cheap").hash(small_world.PASSWORD))
        db.session.commit()

    server.template("empty", lambda url: _in_app(url, schema.bring_up))
    server.template("world", lambda url: _in_app(url, _world), base="empty")
    yield server
    if isinstance(server, PostgresServer):
        server.close()


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path, databases: Server) -> Settings:
    """The settings of this test; its database holds the small organisation if the test uses that."""
    template = "world" if "world" in request.fixturenames else "empty"
    return make_settings(tmp_path, databases.copy(template, tmp_path))


@pytest.fixture
def app(settings: Settings, compiled: reuse.Compiled) -> Iterator[Flask]:
    """The application on a database of its own, its context pushed."""
    app = create_app(settings)
    app.jinja_env.bytecode_cache = compiled.templates
    with app.app_context():
        compiled.serve(db.engine)
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def session(app: Flask) -> Session:
    """The session of the test itself. Requests have their own; see PageClient."""
    return db.session()


@pytest.fixture
def world(session: Session) -> small_world.World:
    """Topics it, it/accounts, hr, hr/pay; teams it-service-desk, people-services, payroll; sites
    leeds (GB), hamburg (DE), portland (US)."""
    return small_world.World(session)


@pytest.fixture
def people(session: Session, world: small_world.World) -> SimpleNamespace:
    """ana and ben (Finance, Leeds), eva (author) and gus (agent, Hamburg) of the IT Service Desk,
    ada (admin), otto (contractor in Design, Portland); all with the password `PASSWORD`."""
    return small_world.people(session)


@pytest.fixture
def client(app: Flask) -> PageClient:
    """The page-linting client of somebody who has not signed in."""
    return PageClient(app, before_request=db.session.commit)


@pytest.fixture
def client_for(app: Flask, session: Session) -> Callable[[Person], PageClient]:
    """Makes page-linting clients of people who are signed in."""

    def _client(person: Person) -> PageClient:
        client = PageClient(app, before_request=db.session.commit)
        client.sign_in_as(session, person)
        return client

    return _client


@pytest.fixture
def write_article(session: Session, world: small_world.World) -> Callable[..., Article]:
    """Writes an article straight into the database; the arguments are those of
    `tests.support.world.write_article` without the session."""

    def _write(title: str, **details: Any) -> Article:
        return small_world.write_article(session, title, **details)

    return _write


@pytest.fixture
def statements(app: Flask) -> Callable[[], AbstractContextManager[list[str]]]:
    """`with statements() as found:` lists the SQL statements of the block."""
    return lambda: counting.recorded(db.engine)


@pytest.fixture
def flask_command(app: Flask) -> Callable[..., Result]:
    """Runs `flask …` in this process: `flask_command("index", "sync")`; asserts the exit code."""
    runner = app.test_cli_runner()

    def _run(*arguments: str, exit_code: int = 0, **options: Any) -> Result:
        db.session.commit()
        result: Result = contextvars.Context().run(runner.invoke, args=list(arguments), **options)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == exit_code, (
            f"flask {' '.join(arguments)}: {result.exit_code}\n{result.output}"
        )
        return result

    return _run


@pytest.fixture
def travel(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Moves the portal's clock: `travel(hours=13)` from where it is, `travel(to=moment)`."""
    shift = timedelta()

    class _Shifted(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + shift

    def _travel(*, to: datetime | None = None, **delta: float) -> None:
        nonlocal shift
        shift = to - datetime.now(UTC) if to else shift + timedelta(**delta)
        monkeypatch.setattr(clock, "datetime", _Shifted)

    return _travel


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of measuring data beside the checkout; tests that need it are skipped without it."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("../shared is not there: data of third parties is not part of the project")
    return folder
