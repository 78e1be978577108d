"""Several people save at the same moment: exactly one wins, nobody's text is lost without a word."""

import subprocess
import sys
import threading

import pytest
import sqlalchemy as sa

from portal.accounts.models import Person
from portal.articles import services
from portal.articles.models import Article, Revision, State
from portal.articles.services import Draft
from portal.db import db, unit_of_work
from portal.errors import Conflict
from tests.support.code import ROOT

AT_ONCE = 6


def draft_in(world, **details):
    return Draft(
        title="Reset your password",
        answer="Ask.",
        topic_id=world.topic("it").id,
        team_id=world.team("it-service-desk").id,
        **details,
    )


@pytest.fixture
def all_at_once(app):
    """Runs functions in threads of their own that start together; gives results and errors in order."""

    def _run(*functions):
        start = threading.Barrier(len(functions))
        results = [None] * len(functions)

        def _one(index, function):
            with app.app_context():
                start.wait(timeout=30)
                try:
                    results[index] = function()
                except Exception as error:
                    results[index] = error
                finally:
                    db.session.remove()

        threads = [threading.Thread(target=_one, args=pair) for pair in enumerate(functions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        return results

    return _run


def test_of_saves_from_the_same_version_exactly_one_wins(session, people, world, all_at_once):
    article_id = services.create(session, draft_in(world), by=people.eva).id
    eva_id, draft = people.eva.id, draft_in(world)
    session.commit()

    def saver(number):
        def _save():
            with unit_of_work() as mine:
                article, eva = mine.get(Article, article_id), mine.get(Person, eva_id)
                mine.refresh(article)  # what it read before others wrote must not count
                text = Draft(**{**{f: getattr(draft, f) for f in draft.__slots__}, "body": f"Text {number}"})
                return services.save(mine, article, text, version=1, by=eva).body

        return _save

    results = all_at_once(*map(saver, range(AT_ONCE)))
    won = [result for result in results if isinstance(result, str)]
    lost = [result for result in results if isinstance(result, Conflict)]
    assert (len(won), len(lost)) == (1, AT_ONCE - 1), results
    session.expire_all()
    article = session.get(Article, article_id)
    assert (article.version, article.latest.body, len(article.revisions)) == (2, won[0], 2)


def test_one_form_sent_many_times_at_once_makes_one_article(session, people, world, all_at_once):
    eva_id, draft = people.eva.id, draft_in(world)
    session.commit()

    def create():
        with unit_of_work() as mine:
            article = services.create(mine, draft, form_token="same", by=mine.get(Person, eva_id))
            services.publish(mine, article, by=mine.get(Person, eva_id))
            return article.id

    results = all_at_once(*[create] * AT_ONCE)
    assert len(set(results)) == 1, results
    session.expire_all()
    article = session.scalars(sa.select(Article)).one()
    assert (article.state, article.version, len(article.revisions)) == (State.PUBLISHED, 2, 1)


def test_equal_titles_at_once_get_addresses_of_their_own(session, people, world, all_at_once):
    eva_id, draft = people.eva.id, draft_in(world)
    session.commit()

    def create():
        with unit_of_work() as mine:
            return services.create(mine, draft, by=mine.get(Person, eva_id)).slug

    results = all_at_once(*[create] * 4)
    assert sorted(results) == [
        "reset-your-password",
        "reset-your-password-2",
        "reset-your-password-3",
        "reset-your-password-4",
    ]


PROCESS = """
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from portal.accounts.models import Person
from portal.app import create_app
from portal.articles import drafts, services
from portal.articles.models import Article
from portal.db import unit_of_work
from portal.errors import Conflict
from portal.settings import Settings

url, folder, article_id, person_id, name = sys.argv[1:]
app = create_app(Settings(environment="test", secret_key="x" * 40, database_url=url, data_dir=Path(folder)))
with app.app_context():
    print("ready", flush=True)
    sys.stdin.readline()
    saved = 0
    while saved < 5:
        with unit_of_work() as session:
            article = session.get(Article, int(article_id))
            version, draft = article.version, drafts.of_article(article)
        try:
            with unit_of_work() as session:
                article, me = session.get(Article, int(article_id)), session.get(Person, int(person_id))
                mine = replace(draft, body=draft.body + f"{name}{saved} ")
                services.save(session, article, mine, version=version, by=me)
        except Conflict:
            continue
        saved += 1
"""


def test_processes_that_save_at_once_lose_nothing(session, people, world, settings, tmp_path):
    article_id = services.create(session, draft_in(world), by=people.eva).id
    session.commit()
    arguments = [settings.database_url, str(tmp_path / "data"), str(article_id), str(people.eva.id)]
    session.commit()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, *arguments, name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "abcd"
    ]
    try:
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        codes = [process.wait(timeout=120) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()
    assert codes == [0, 0, 0, 0]
    session.expire_all()
    article = session.get(Article, article_id)
    words = article.latest.body.split()
    assert sorted(words) == sorted(f"{name}{number}" for name in "abcd" for number in range(5))
    assert article.version == 21
    numbers = session.scalars(sa.select(Revision.number).order_by(Revision.number)).all()
    assert numbers == list(range(1, 22))
