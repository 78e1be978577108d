"""How much the whole portal bears: part of `make bench`.

Serves generated articles with two web workers and has several people at once ask questions, type
into the search box and read articles, each over one connection of their own, without pauses.
docs/operations.md says how to read the table.
"""

import argparse
import http.client
import math
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote_plus

from bench_pages import fill, signed_in
from corpus import Corpus, Text
from crash_test import Portal, application, processes, unused_port

from portal.db import Base, db

CLIENTS = (1, 8, 32)
SECONDS = 8.0
WARMING = 8
WARM_SECONDS = 5.0
COOKIE = "portal_session"
SUGGEST = "/search/suggest"
LOG_CHARS = 3000

Address = Callable[[int, int], str]
"""Where a client (its number) goes with its n-th request."""


def main() -> int:
    """0 when every answer was a page, else 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--clients", type=int, nargs="+", default=list(CLIENTS), help="people at once")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for each row of the table")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name:
        folder = Path(name)
        os.environ.update(
            PORTAL_ENV="development",
            PORTAL_DATA=str(folder / "data"),
            PORTAL_SECRET_KEY=secrets.token_hex(32),
            FLASK_APP="wsgi",
        )
        corpus = Corpus()
        texts = list(corpus.articles(options.articles))
        cookies = _prepare(texts, max(options.clients))
        portal = Portal(unused_port(), folder / "portal.log")
        portal.serve()
        try:
            failed = _measure(portal, _addresses(corpus, texts), cookies, options)
        finally:
            portal.stop()
        if failed:
            print(f"The end of the portal's log:\n{portal.log.read_text(encoding='utf-8')[-LOG_CHARS:]}")
    return 1 if failed else 0


def _prepare(texts: Sequence[Text], readers: int) -> list[str]:
    """Fill database and index; the cookies of readers who are signed in."""
    app = application()
    with app.app_context():
        Base.metadata.create_all(db.engine)
        began = time.perf_counter()
        fill(texts, readers)
        print(f"{len(texts):,} articles written and rendered in {time.perf_counter() - began:.0f} s")
        began = time.perf_counter()
        app.extensions["indexer"].rebuild(wait=lambda: None, progress=lambda *_: None)
        print(f"indexed in {time.perf_counter() - began:.0f} s")
    cookies = []
    for number in range(readers):
        client = app.test_client()
        signed_in(app, client, number)
        cookie = client.get_cookie(COOKIE)
        assert cookie is not None
        cookies.append(f"{COOKIE}={cookie.value}")
    with app.app_context():
        db.engine.dispose()
    return cookies


def _addresses(corpus: Corpus, texts: Sequence[Text]) -> dict[str, Address]:
    def text(client: int, n: int) -> Text:
        return texts[(client * 7919 + n * 83) % len(texts)]

    def question(client: int, n: int) -> str:
        return f"/search?q={quote_plus(corpus.question(text(client, n), client * 100_000 + n))}"

    def typed(client: int, n: int) -> str:
        """What stands in the box after some keys: two letters or more of a question."""
        words = corpus.question(text(client, n // 4), n // 4)
        return f"{SUGGEST}?q={quote_plus(words[: 2 + n % 4 * 3])}"

    def article(client: int, n: int) -> str:
        return f"/articles/article-{text(client, n).number}"

    return {"search": question, "suggest": typed, "article": article}


# --- measuring -----------------------------------------------------------------------------------


@dataclass
class Row:
    """What some clients have seen of one page together."""

    times: list[float] = field(default_factory=list)
    """Milliseconds of every answer that was a page."""
    errors: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    own: float = 0.0
    """Share of one processor that the measuring itself has used."""
    served: float = math.nan
    """Seconds of processor time that the web workers have used."""


def _measure(
    portal: Portal, addresses: dict[str, Address], cookies: Sequence[str], options: argparse.Namespace
) -> bool:
    """Print the table; whether there were errors."""
    print(
        f"{'page':<10}{'clients':>8}{'requests':>9}{'per s':>8}"
        f"{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'max ms':>9}{'CPU ms':>8}{'errors':>7}{'own CPU':>8}"
    )
    failed = False
    for page, address in addresses.items():
        # Every web worker opens the index, which a deployment does once; not counted.
        first = _together(portal.port, address, cookies[:WARMING], WARM_SECONDS)
        if page == "suggest" and first.errors["404"]:
            print(f"{page:<10}left out: there is no {SUGGEST}")
            continue
        for clients in options.clients:
            used = _processor(portal)
            row = _together(portal.port, address, cookies[:clients], options.seconds)
            row.served = _processor(portal) - used
            failed = failed or bool(row.errors)
            _print_row(page, clients, row)
    _print_memory(portal)
    return failed


def _together(port: int, address: Address, cookies: Sequence[str], seconds: float) -> Row:
    """All clients at once, each in a thread with a connection and a person of its own."""
    whole, began, used = Row(), time.perf_counter(), time.process_time()
    rows: list[Row] = []
    threads = [
        threading.Thread(
            target=lambda client=client, cookie=cookie: rows.append(
                _visit(port, address, cookie, client, began + seconds)
            )
        )
        for client, cookie in enumerate(cookies, start=1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole.seconds = time.perf_counter() - began
    whole.own = (time.process_time() - used) / whole.seconds
    for row in rows:
        whole.times += row.times
        whole.errors += row.errors
    return whole


def _visit(port: int, address: Address, cookie: str, client: int, until: float) -> Row:
    """One page after the other over one connection until the time is up."""
    row, n = Row(), 0
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while time.perf_counter() < until:
        path = address(client, n)
        n += 1
        began = time.perf_counter()
        try:
            connection.request("GET", path, headers={"Cookie": cookie})
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            row.errors[type(error).__name__] += 1
            connection.close()  # the next request opens it again
            continue
        if answer.status == http.client.OK:
            row.times.append((time.perf_counter() - began) * 1000)
        else:
            row.errors[str(answer.status)] += 1
    connection.close()
    return row


def _print_row(page: str, clients: int, row: Row) -> None:
    asked = len(row.times) + row.errors.total()
    rate = len(row.times) / row.seconds
    cuts = statistics.quantiles(row.times, n=100, method="inclusive") if len(row.times) > 1 else [0.0] * 99
    ends = (cuts[49], cuts[94], cuts[98], max(row.times, default=0.0))
    kinds = " ".join(f"{count}x {kind}" for kind, count in row.errors.most_common(3))
    print(
        f"{page:<10}{clients:>8}{asked:>9}{rate:>8.1f}{''.join(f'{ms:>9.1f}' for ms in ends)}"
        f"{row.served * 1000 / max(asked, 1):>8.1f}{row.errors.total():>7}{row.own:>8.0%} {kinds}"
    )


def _processor(portal: Portal) -> float:
    """Seconds of processor time that the web workers have used so far; not a number where the system
    does not tell it as Linux does."""
    try:
        facts = [Path(f"/proc/{pid}/stat").read_text(encoding="utf-8") for pid in portal.pids("web worker")]
    except OSError:
        return math.nan
    ticks = [int(used) for fact in facts for used in fact.rpartition(")")[2].split()[11:13]]
    return sum(ticks) / os.sysconf("SC_CLK_TCK")


def _print_memory(portal: Portal) -> None:
    """Megabytes of the web workers and the job worker after all that."""
    for part in ("web worker", "job worker"):
        sizes = []
        for pid in portal.pids(part):
            if pid in processes():
                shown = subprocess.run(
                    ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True
                )
                sizes.append(f"{int(shown.stdout) / 1024:.0f} MB")
        print(f"memory of each {part}: {', '.join(sizes)}")


if __name__ == "__main__":
    sys.exit(main())
