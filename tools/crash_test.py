"""Saves articles from several processes while the portal's own are killed: `make crash`.

Starts the portal (web server and job worker) on a fresh SQLite file or on the empty database that
DATABASE_URL names. Half of the writers save through the browser's forms, half through the services.
Meanwhile the job worker, the web server, one of its workers, or all at once are killed with kill -9.
At the end every save that was acknowledged must be in the database, and the index must equal it.
"""

import argparse
import contextlib
import http.client
import http.cookiejar
import json
import os
import random
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import sqlalchemy as sa  # noqa: E402
from flask import Flask  # noqa: E402

import config  # noqa: E402
from portal.accounts import passwords  # noqa: E402
from portal.accounts.models import Membership, Person, Role, Team  # noqa: E402
from portal.app import create_app  # noqa: E402
from portal.articles import services  # noqa: E402
from portal.articles.models import Article, Revision, Topic  # noqa: E402
from portal.db import Base, db, unit_of_work  # noqa: E402
from portal.errors import PortalError  # noqa: E402
from portal.indexing.indexer import Indexer  # noqa: E402

EMAIL, PASSWORD = "writer@portal.test", secrets.token_urlsafe(18)
TARGETS = ("job worker", "web server", "web worker", "job worker", "web server", "everything")
LIMIT_SECONDS = 60.0
START_SECONDS = 60.0


# --- the portal under test -----------------------------------------------------------------------


@dataclass
class Portal:
    """The running portal; `serve` starts it (again)."""

    port: int
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    restarts: int = 0

    def serve(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flask", "jobs", "serve", f"--port={self.port}"],
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )
        wait_for(self.answers, START_SECONDS, "the portal does not start", self.log)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as answer:
                return answer.status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False

    def pids(self, target: str) -> list[int]:
        """The processes of one part of the portal that run now."""
        assert self.process is not None
        if target == "everything":
            return [self.process.pid]
        listed = processes()
        servers = [pid for pid, (parent, command) in listed.items() if parent == self.process.pid]
        wanted = "flask jobs work" if target == "job worker" else "gunicorn"
        mains = [pid for pid in servers if wanted in listed[pid][1]]
        if target != "web worker":
            return mains
        return [pid for pid, (parent, _) in listed.items() if parent in mains]

    def kill(self, target: str) -> bool:
        """Kill one process of a part with kill -9; False when it was gone already."""
        found = self.pids(target)
        if not found:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(random.choice(found), signal.SIGKILL)  # noqa: S311
            if target == "everything":
                assert self.process is not None
                self.process.wait()
                self.restarts += 1
                # its children end by themselves; the port must be free by then
                wait_for(lambda: free(self.port), START_SECONDS, "children have outlived", self.log)
                self.serve()
            return True
        return False

    def stop(self) -> int:
        """Stop it as Ctrl-C does; how many of its processes are left."""
        assert self.process is not None
        below = descendants(self.process.pid)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=60)
        time.sleep(0.2)
        return len(below & processes().keys())


def processes() -> dict[int, tuple[int, str]]:
    """All processes that run: pid to parent and command line."""
    text = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = (line.split(None, 3) for line in text.splitlines())
    return {int(row[0]): (int(row[1]), row[3]) for row in rows if len(row) == 4 and "Z" not in row[2]}


def descendants(pid: int) -> set[int]:
    """The processes that `pid` has started, theirs included."""
    listed = processes()
    found: set[int] = set()
    waiting = {pid}
    while waiting:
        waiting = {child for child, (parent, _) in listed.items() if parent in waiting}
        found |= waiting
    return found


def free(port: int) -> bool:
    """Whether nobody listens at the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def wait_for(look: Callable[[], bool], seconds: float, problem: str, log: Path | None = None) -> float:
    """Ask until the answer is yes; how long it took."""
    start = time.monotonic()
    while not look():
        if time.monotonic() - start > seconds:
            tail = log.read_text()[-3000:] if log else ""
            sys.exit(f"After {seconds:.0f} s: {problem}.\n{tail}")
        time.sleep(0.05)
    return time.monotonic() - start


# --- writers -------------------------------------------------------------------------------------


@dataclass
class Browser:
    """Saves through the pages, as a person without JavaScript does."""

    port: int
    name: str
    cookies: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def __post_init__(self) -> None:
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self._send("/sign-in", {"email": EMAIL, "password": os.environ["CRASH_PASSWORD"]})

    def create(self, title: str, mark: str) -> str:
        where = self._send("/articles/new", self._text(title, mark))
        return where.rstrip("/").rpartition("/")[2]

    def change(self, slug: str, title: str, mark: str) -> None:
        self._send(f"/articles/{slug}/edit", self._text(title, mark))

    def finds(self, question: str, slug: str) -> bool:
        """Whether the results for a question lead to the article."""
        return f"/articles/{slug}" in self._open("/search?" + urllib.parse.urlencode({"q": question}))[1]

    def _text(self, title: str, mark: str) -> dict[str, str]:
        return {"title": title, "answer": mark, "body": f"1. Do {mark}.", "topic": "1", "team": "1",
                "review_days": "180", "action": "publish"}  # fmt: skip

    def _send(self, path: str, fields: Mapping[str, str]) -> str:
        """Send a form until it is acknowledged; where it leads. The form's id makes that save once."""
        page = repeated(lambda: self._open(path))[1]
        hidden = {
            found["name"]: unescape(found["value"])
            for found in map(attributes, re.findall(r"<input ([^>]*)>", page))
            if found.get("type") == "hidden" and "name" in found
        }
        sent = urllib.parse.urlencode({**hidden, **fields}).encode()
        where, answer = repeated(lambda: self._open(path, sent))
        if urllib.parse.urlsplit(where).path == path:
            sys.exit(f"{self.name}: {path} was refused: {plain(answer)}")
        return urllib.parse.urlsplit(where).path

    def _open(self, path: str, sent: bytes | None = None) -> tuple[str, str]:
        url = f"http://127.0.0.1:{self.port}{path}"
        with self.opener.open(url, sent, timeout=30) as answer:
            return answer.url, answer.read().decode()


def plain(page: str) -> str:
    """What a page says."""
    main = page[page.find("<main") :]
    return " ".join(re.sub("<[^>]+>", " ", main).split())[:2000]


def attributes(text: str) -> dict[str, str]:
    """The attributes of an HTML tag."""
    return {"value": ""} | dict(re.findall(r'([\w-]+)="([^"]*)"', text))


def repeated(step: Callable[[], tuple[str, str]]) -> tuple[str, str]:
    """Do it again until the server answers; a page that refuses ends the writer."""
    deadline = time.monotonic() + START_SECONDS * 2
    while time.monotonic() < deadline:
        try:
            return step()
        except urllib.error.HTTPError as error:
            if error.code < 500 and error.code != http.client.TOO_MANY_REQUESTS:
                sys.exit(f"{error.code} for {error.url}: {plain(error.read().decode())}")
        except (OSError, http.client.HTTPException):
            pass  # killed while it answered: nothing was acknowledged
        time.sleep(0.1)
    sys.exit(f"The server has not answered for {START_SECONDS * 2:.0f} s.")


class Script:
    """Saves through the services, as an import or another program of the portal does."""

    def create(self, title: str, mark: str) -> str:
        with unit_of_work() as session:
            article = services.create(session, self._draft(title, mark), by=self._me())
            services.publish(session, article, by=self._me())
            return article.slug

    def change(self, slug: str, title: str, mark: str) -> None:
        with unit_of_work() as session:
            article = session.scalars(sa.select(Article).where(Article.slug == slug)).one()
            services.save(session, article, self._draft(title, mark), version=article.version, by=self._me())
            services.publish(session, article, by=self._me())

    def _draft(self, title: str, mark: str) -> services.Draft:
        return services.Draft(title=title, answer=mark, body=f"1. Do {mark}.", topic_id=1, team_id=1)

    def _me(self) -> Person:
        return db.session.scalars(sa.select(Person).where(Person.email == EMAIL)).one()


def write(number: int, saves: int, folder: Path, port: int) -> None:
    """The life of a writer: at least `saves` saves, and more until told to stop.

    Every second save makes an article, the others change the last one. A save that was acknowledged
    is noted in a file of this writer; what was not acknowledged may or may not be there.
    """
    name = f"writer {number}"
    with application().app_context(), (folder / f"saved-{number}").open("a", encoding="utf-8") as noted:
        writer: Browser | Script = Browser(port, name) if number % 2 else Script()
        slug = title = ""
        done = 0
        while done < saves or not (folder / "stop").exists():
            mark = f"mark {number} {done}"
            try:
                if done % 2 == 0:
                    title = f"Article {done} of {name}"
                    slug = writer.create(title, mark)
                else:
                    writer.change(slug, title, mark)
            except (sa.exc.OperationalError, PortalError) as error:
                db.session.rollback()
                print(f"{name}: not saved, tried again: {error}", file=sys.stderr)
                continue
            print(json.dumps({"slug": slug, "mark": mark}), file=noted, flush=True)
            done += 1
            time.sleep(0.02)  # a short breath: people do not save without pause


# --- the test ------------------------------------------------------------------------------------


def application() -> Flask:
    """The application on the database of this test."""
    return create_app(config.from_env())


def prepare() -> None:
    """An empty database with one team, one topic and one author."""
    with application().app_context():
        Base.metadata.create_all(db.engine)
        with unit_of_work() as session:
            team = Team(id=1, slug="desk", name="Desk")
            hashed = passwords.hasher("standard").hash(os.environ["CRASH_PASSWORD"])
            person = Person(email=EMAIL, name="Writer", password_hash=hashed)
            person.memberships = [Membership(team=team, role=Role.AUTHOR)]
            session.add_all([team, person, Topic(id=1, path="it", name="IT")])
        db.engine.dispose()


@dataclass
class Result:
    """What has been seen."""

    acknowledged: int = 0
    articles: int = 0
    lost: list[str] = field(default_factory=list)
    left: int = 0
    settled: float = 0.0
    kills: dict[str, int] = field(default_factory=lambda: dict.fromkeys(sorted(set(TARGETS)), 0))
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        return not self.lost and not self.left and self.settled <= LIMIT_SECONDS


def run(arguments: argparse.Namespace, folder: Path) -> Result:
    """Start all, kill, wait until it has settled, look."""
    result = Result()
    prepare()
    portal = Portal(arguments.port or unused_port(), folder / "portal.log")
    portal.serve()
    start = time.monotonic()
    try:
        with writing(arguments, folder, portal.port) as writers:
            wait_for(
                lambda: all_writing(arguments, folder), START_SECONDS, "not all writers save", portal.log
            )
            while sum(result.kills.values()) < arguments.kills - 1:
                time.sleep(random.uniform(0.1, arguments.pause))  # noqa: S311
                kill(portal, random.choice(TARGETS), result)  # noqa: S311
                if any(writer.poll() for writer in writers):
                    sys.exit("A writer has failed; see above.")
            (folder / "stop").touch()
        if arguments.kills:
            kill(portal, "job worker", result)  # with the last saves still on their way into the index
        result.seconds = time.monotonic() - start
        with application().app_context() as context:
            indexer = context.app.extensions["indexer"]
            result.settled = wait_for(
                lambda: settled(indexer), LIMIT_SECONDS * 2, "the index differs", portal.log
            )
            check(folder, result)
            db.engine.dispose()
    finally:
        result.left = portal.stop()
    return result


@contextlib.contextmanager
def writing(
    arguments: argparse.Namespace, folder: Path, port: int
) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """The writers at work; at the end waits for them to finish."""
    saves = -(-arguments.saves // arguments.writers)
    command = [sys.executable, __file__, "--folder", str(folder), "--port", str(port), "--saves", str(saves)]
    writers = [
        subprocess.Popen([*command, "--writer", str(number)], cwd=ROOT) for number in range(arguments.writers)
    ]
    try:
        yield writers
        for writer in writers:
            if writer.wait(timeout=600):
                sys.exit("A writer has failed; see above.")
    finally:
        for writer in writers:
            writer.kill()


def all_writing(arguments: argparse.Namespace, folder: Path) -> bool:
    """Whether every writer has had a save acknowledged."""
    noted = [path for path in folder.glob("saved-*") if path.stat().st_size]
    return len(noted) == arguments.writers


def kill(portal: Portal, target: str, result: Result) -> None:
    """Kill one process of a part of the portal, waiting for it to be there."""
    wait_for(lambda: portal.kill(target), START_SECONDS, f"there is no {target}", portal.log)
    result.kills[target] += 1
    if sys.stderr.isatty():
        print(f"\r{sum(result.kills.values())} kills", end="", file=sys.stderr, flush=True)


def settled(indexer: Indexer) -> bool:
    """Whether nothing waits and index and database are equal."""
    db.session.rollback()
    return not indexer.waiting() and not indexer.drift().groups


def check(folder: Path, result: Result) -> None:
    """Look for every acknowledged save in the database, and for the last of each article as live text."""
    last: dict[str, str] = {}
    marks: set[str] = set()
    for path in folder.glob("saved-*"):
        for line in path.read_text(encoding="utf-8").splitlines():
            note = json.loads(line)
            last[note["slug"]] = note["mark"]
            marks.add(note["mark"])
    stored = set(db.session.scalars(sa.select(Revision.answer)))
    rows = db.session.execute(sa.select(Article.slug, Revision.answer).join(Article.live))
    live: dict[str, str] = dict(rows.all())  # type: ignore[arg-type]  # rows are pairs
    result.acknowledged, result.articles = len(marks), len(live)
    # A writer goes on only when its save was acknowledged: the last one noted must be what readers see.
    result.lost = sorted(marks - stored) + sorted(
        f"{slug}: {mark!r} was saved, {live.get(slug)!r} is shown"
        for slug, mark in last.items()
        if live.get(slug) != mark
    )


def unused_port() -> int:
    """A port that nobody listens at just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def report(arguments: argparse.Namespace, result: Result) -> None:
    """Print the table."""
    rows = {
        "writers": arguments.writers,
        "seconds of saving": f"{result.seconds:.0f}",
        **{f"kill -9 of {target}": count for target, count in result.kills.items()},
        "kills in all": sum(result.kills.values()),
        "acknowledged saves": result.acknowledged,
        "articles": result.articles,
        "lost": len(result.lost),
        "seconds until index equals database": f"{result.settled:.1f}",
        "processes left after the stop": result.left,
    }
    for label, value in rows.items():
        print(f"{label:<40}{value:>8}")
    for line in result.lost:
        print(f"LOST {line}")


def main() -> int:
    """0 when nothing is lost, nobody is left and the index is in time; else 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--saves", type=int, default=160, help="at least so many, by all writers together")
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--pause", type=float, default=2.0, help="longest time between two kills, seconds")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--writer", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.writer is not None:
        write(arguments.writer, arguments.saves, arguments.folder, arguments.port)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leave nobody behind
    with tempfile.TemporaryDirectory(prefix="portal-crash-") as name:
        folder = Path(name)
        os.environ.update(
            PORTAL_ENV="development",
            PORTAL_DATA=str(folder / "data"),
            PORTAL_SECRET_KEY=secrets.token_hex(32),
            CRASH_PASSWORD=PASSWORD,
            FLASK_APP="wsgi",
        )
        result = run(arguments, folder)
    report(arguments, result)
    return 0 if result.good else 1


if __name__ == "__main__":
    sys.exit(main())
