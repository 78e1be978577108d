"""Every address, every person, every secret: nobody comes across a word they may not see.

What is planted and where the crawl goes is in tests/support/canaries.py; it must be taught every new
address. The last tests break the rules on purpose and show that the crawl notices.
"""

import pytest
import sqlalchemy as sa

from portal.accounts.models import Audience
from portal.articles import queries
from portal.articles.models import Article
from portal.search import suggestions
from tests.support import canaries
from tests.support.canaries import READERS, SEEN_BY, Crawl, came_across, walk, word
from tests.support.world import PEOPLE


@pytest.fixture
def crawl(app, session, world, settings, flask_command):
    canaries.plant(session, settings.attachments_dir)
    flask_command("index", "sync")
    return Crawl(app, session)


@pytest.fixture
def visitor(client, client_for, people):
    return lambda name: client_for(getattr(people, name)) if name != "anonymous" else client


def test_the_crawl_knows_every_address(crawl):
    assert crawl.untaught() == []


@pytest.mark.parametrize("person", [*PEOPLE, "anonymous"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_comes_across_what_they_may_not_see(crawl, visitor, person, method):
    found = walk(crawl, visitor(person), person, method)
    assert found.leaked == []
    assert found.told_apart == []
    assert found.failed == []
    assert found.faulty == []
    if method == "GET":
        assert found.refused == []
        assert found.seen == {secret for secret, seen_by in SEEN_BY.items() if person in seen_by}
    assert found.requests > 10


@pytest.mark.parametrize("person", PEOPLE)
def test_the_door_lets_through_what_the_list_says(crawl, session, people, person):
    visible = session.scalars(queries.visible_to(getattr(people, person)))
    expected = {word(name, "slug") for name, readers in READERS.items() if person in readers}
    assert {article.slug for article in visible} == expected


class TestTheCrawlCanFail:
    def test_a_word_in_an_answer_is_found(self):
        assert came_across("/x", "<p>VexBritishTitle</p>") == [("british", "title")]

    def test_a_word_that_was_asked_for_tells_nothing(self):
        assert came_across("/search?q=vexbritishtitle", "<p>Nothing for vexbritishtitle</p>") == []

    def test_but_another_word_of_the_same_secret_does(self):
        assert came_across("/search?q=vexbritishtitle", "vexbritishtitle vexbritishbody") == [
            ("british", "body")
        ]

    def test_words_in_addresses_count(self):
        assert came_across("/x", "Location: /articles/vexdraft%73lug") == [("draft", "slug")]

    def test_an_open_door_is_noticed(self, crawl, visitor, monkeypatch):
        monkeypatch.setattr(queries, "visible_to", lambda person: sa.select(Article))
        found = walk(crawl, visitor("otto"), "otto", "GET")
        assert any("vexbritish" in leak for leak in found.leaked)
        assert any("vexdraft" in leak for leak in found.leaked)
        assert found.told_apart

    def test_an_open_door_of_suggestions_is_noticed(self, crawl, visitor, monkeypatch):
        monkeypatch.setattr(queries, "door_of", lambda person: (queries.Door.OPEN, {}))
        monkeypatch.setattr(suggestions, "hidden", lambda session, *, by: frozenset())
        monkeypatch.setattr(
            suggestions, "tokens", lambda session, by: frozenset(session.scalars(sa.select(Audience.key)))
        )
        found = walk(crawl, visitor("otto"), "otto", "GET", only="search.suggest")
        assert any("vexbritishtitle" in leak for leak in found.leaked)

    def test_an_unknown_address_is_noticed(self, crawl, app):
        app.add_url_rule("/new/<thing>", "articles.new_thing", lambda thing: thing, methods=["GET", "POST"])
        assert crawl.untaught() == [
            "arguments of articles.new_thing: ['thing']",
            "forms of articles.new_thing",
        ]
