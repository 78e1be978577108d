"""Server time and SQL statements of the pages people wait for: `make bench`.

Fills a throw-away portal with generated articles and asks home, results and article pages of it in
this process, each with another question or article. Prints milliseconds and statements for each.
"""

import argparse
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import sqlalchemy as sa
from corpus import Corpus, Text
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts import audiences, sessions
from portal.accounts.models import Membership, Person, Role, Team
from portal.app import create_app
from portal.articles import rendering
from portal.articles.models import Article, Revision, State, Topic
from portal.db import Base, db, unit_of_work
from portal.settings import Settings

TOPICS = 12
ROUNDS = 200


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        app = create_app(_settings(Path(folder)))
        corpus = Corpus()
        texts = list(corpus.articles(options.articles))
        with app.app_context():
            Base.metadata.create_all(db.engine)
            began = time.perf_counter()
            fill(texts)
            print(f"{options.articles} articles written and rendered in {time.perf_counter() - began:.1f} s")
            began = time.perf_counter()
            app.extensions["indexer"].rebuild(wait=lambda: None, progress=lambda *_: None)
            print(f"indexed in {time.perf_counter() - began:.1f} s")
        _measure(app, corpus, texts, options.rounds)


def _settings(folder: Path) -> Settings:
    return Settings(
        environment="development",
        secret_key=secrets.token_hex(),
        database_url=f"sqlite:///{folder}/portal.sqlite3",
        data_dir=folder,
        cookie_secure=False,
    )


def fill(texts: Sequence[Text], readers: int = 1) -> None:
    """Store the articles as published and rendered, and people who may read them."""
    with unit_of_work() as session:
        everyone = audiences.of_rules(session, {})
        team = Team(slug="desk", name="Desk", purpose="Everything.")
        topics = [Topic(path=f"topic-{n}", name=f"Topic {n}", position=n) for n in range(TOPICS)]
        author = Person(email="author@bench.example", name="Author")
        author.memberships = [Membership(team=team, role=Role.AUTHOR)]
        people = [Person(email=reader_email(n), name=f"Reader {n} Bench") for n in range(readers)]
        session.add_all([team, *topics, *people, author])
        session.flush()
        for number, text in enumerate(texts):
            article = Article(
                slug=f"article-{number}",
                state=State.PUBLISHED,
                topic=topics[number % TOPICS],
                team=team,
                owner=author,
                audience=everyone,
            )
            revision = Revision(
                article=article,
                number=1,
                title=text.title,
                answer=text.answer,
                body=text.body,
                keywords=text.keywords,
                questions=text.questions,
            )
            session.add_all([article, revision])
            session.flush()
            article.live = article.latest = revision
            rendering.render_revision(session, revision)


def reader_email(number: int) -> str:
    """The address of a reader that `fill` has made."""
    return f"reader-{number}@bench.example"


def signed_in(app: Flask, client: FlaskClient, number: int = 0) -> None:
    """Sign a reader in on a client, as the form would after the right password."""
    with app.app_context(), unit_of_work() as session:
        reader = session.scalars(sa.select(Person).where(Person.email == reader_email(number))).one()
        token = sessions.start(session, reader, device="bench")
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True


def _measure(app: Flask, corpus: Corpus, texts: Sequence[Text], rounds: int) -> None:
    addresses: dict[str, Callable[[int], str]] = {
        "home": lambda _: "/",
        "results": lambda n: f"/search?q={corpus.question(texts[n * 7 % len(texts)]).replace(' ', '+')}",
        "article": lambda n: f"/articles/article-{n * 7 % len(texts)}",
    }
    client = app.test_client()
    signed_in(app, client)
    statements = [0]
    with app.app_context():
        sa.event.listen(
            db.engine, "before_cursor_execute", lambda *_: statements.__setitem__(0, statements[0] + 1)
        )
    print(f"{'page':<10} {'p50 ms':>8} {'p95 ms':>8} {'max ms':>8} {'SQL':>5}")
    for name, address in addresses.items():
        client.get(address(0))  # the first request of a process opens the index and compiles templates
        times, most = [], 0
        for n in range(1, rounds + 1):
            statements[0] = 0
            began = time.perf_counter()
            response = client.get(address(n))
            times.append((time.perf_counter() - began) * 1000)
            assert response.status_code == 200, f"{address(n)}: {response.status}"
            most = max(most, statements[0])
        p50, p95 = np.percentile(times, [50, 95])
        print(f"{name:<10} {p50:>8.1f} {p95:>8.1f} {max(times):>8.1f} {most:>5}")


if __name__ == "__main__":
    main()
