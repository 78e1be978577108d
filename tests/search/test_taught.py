"""What admins teach the search, from their forms through the database to the page of whoever asks."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from portal.accounts import audiences
from portal.articles.models import Article, State
from portal.search import tuning
from portal.search.models import RuleKind
from portal.search.tuning_checks import Content


@pytest.fixture
def library(write_article: Callable[..., Article], flask_command):
    articles = SimpleNamespace(
        wifi=write_article("Connect to the wireless network", body="Choose Larkspur."),
        laptop=write_article("Order a laptop", body="In the shop."),
        printer=write_article("Order a printer", body="From the shop."),
        secret=write_article("Order a zorblax", body="A shop.", audience={"teams": ["payroll"]}),
    )
    flask_command("index", "sync")
    return articles


@pytest.fixture
def ana(people, client_for):
    return client_for(people.ana)


@pytest.fixture
def teach(people, client_for):
    """Adds a rule by its form, as an admin does."""

    def _teach(section: str, **fields: str) -> None:
        client = client_for(people.ada)
        form = client.get(f"/admin/search/{section}/new")
        if "find" in fields:
            form = client.submit(form, "Find articles", {"find": fields.pop("find")})
        shown = client.submit(form, "Show what changes", fields)
        client.submit(shown, "Save", status=302)

    return _teach


def titles(page) -> list[str]:
    return page.texts("li.result h2")


def test_a_synonym_finds_says_so_and_can_be_left_out(ana, library, teach):
    assert "Connect to the wireless network" not in titles(ana.get("/search?q=wlan"))
    teach("synonyms", words="wlan", means="wireless network")
    page = ana.get("/search?q=wlan")
    assert titles(page) == ["Connect to the wireless network"]
    assert "Showing results also for wireless network." in page.words
    assert page.texts("mark") == [] or {"wireless", "network"} >= set(page.texts("mark"))
    very_words = page.click("Search only for “wlan”")
    assert titles(very_words) == []
    assert "wireless" not in very_words.words
    assert titles(very_words.click("Search for similar words too")) == titles(page)


def test_a_best_bet_comes_first_and_is_labelled(ana, library, teach):
    assert titles(ana.get("/search?q=order+shop"))[0] != "Connect to the wireless network"
    teach("best-bets", words="order shop", find="network", article="connect-to-the-wireless-network")
    page = ana.get("/search?q=Shop+orders")
    assert titles(page)[0] == "Connect to the wireless network"
    assert page.texts("li.result")[0].startswith("Recommended")
    assert page.h1.startswith("Answers to")
    assert "Recommended" not in ana.get("/search?q=order+laptop").words


def test_a_stop_word_counts_for_less(ana, library, teach):
    teach("best-bets", words="laptop", find="printer", article="order-a-printer")
    assert titles(ana.get("/search?q=urgent+laptop"))[0] == "Order a laptop"
    teach("stop-words", words="urgent")
    assert titles(ana.get("/search?q=urgent+laptop"))[0] == "Order a printer"


@pytest.mark.parametrize("change", ["audience", "archived"])
@pytest.mark.parametrize("indexed", [False, True])
def test_what_is_recommended_but_taken_away_is_not_there(
    session, ana, library, teach, flask_command, change, indexed
):
    teach("best-bets", words="shop", find="laptop", article="order-a-laptop")
    assert titles(ana.get("/search?q=shop"))[0] == "Order a laptop"
    article = session.get_one(Article, library.laptop.id)
    if change == "audience":
        article.audience_id = audiences.of_rules(session, {"teams": ["payroll"]}).id
    else:
        article.state = State.ARCHIVED
    session.commit()
    if indexed:
        flask_command("index", "rebuild")
    page = ana.get("/search?q=shop")
    assert titles(page) == ["Order a printer"]
    assert "1 article" in page.words
    assert "Recommended" not in page.words
    assert "laptop" not in page.text.lower()


def test_what_is_recommended_to_others_is_not_there(session, people, client_for, ana, library):
    bet = Content(RuleKind.BET, ("shop",), article_id=library.secret.id)
    tuning.add(session, bet, by=people.ada)
    session.commit()
    assert titles(client_for(people.ada).get("/search?q=shop"))[0] == "Order a zorblax"
    page = ana.get("/search?q=shop")
    assert sorted(titles(page)) == ["Order a laptop", "Order a printer"]
    assert "2 articles" in page.words
    assert "Recommended" not in page.words


def test_a_synonym_that_stands_only_in_what_is_for_others_is_not_named(ana, library, teach):
    teach("synonyms", words="shop", means="zorblax, order a zorblax")
    page = ana.get("/search?q=shop")
    assert sorted(titles(page)) == ["Order a laptop", "Order a printer"]
    assert "zorblax" not in page.text.lower()
    teach("synonyms", words="larkspur", means="shop order")  # each word is known to ana, together nowhere
    page = ana.get("/search?q=larkspur+shop")
    assert "also for" not in page.words


def test_words_in_quotes_that_stand_nowhere_together_are_said_to(ana, library):
    page = ana.get("/search", query_string={"q": "“shop laptop”"})
    assert "Order a laptop" in titles(page)
    assert "Nothing has these words together" in page.words
    assert page.h1.startswith("No sure answer")
    assert "Nothing has these words" not in ana.get("/search", query_string={"q": '"a laptop"'}).words
