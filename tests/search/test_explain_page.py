"""The page that shows admins why a question is answered as it is."""

import re
import shutil

import pytest

from portal.search.models import SearchEvent
from tests.support import canaries
from tests.support.canaries import PLACES, SEEN_BY, came_across, word

PLACE = "/admin/search/explain"


@pytest.fixture
def library(write_article, flask_command):
    write_article("Reset your password", slug="password", body="Choose Reset.", keywords=["forgot password"])
    write_article("Connect to Wi-Fi", slug="wifi", body="The password is on the wall.")
    write_article("Password of the board", slug="board", audience={"sites": ["hamburg"]})
    flask_command("index", "sync")


@pytest.fixture
def client(people, client_for):
    return client_for(people.ada)


def ask(client, q, **more):
    status = more.pop("status", 200)
    return client.get(PLACE, query_string={"q": q, **more}, status=status)


def test_nobody_but_admins_finds_it(client_for, people, library):
    for person in (people.ana, people.eva, people.gus, people.otto):
        client_for(person).get(PLACE, query_string={"q": "password"}, status=404)


def test_it_asks_for_a_question_first(client, library):
    page = client.get(PLACE)
    assert "Ask a question" in page.words
    assert page.texts(".tabs [aria-current]") == ["Explain"]


def test_it_draws_the_scores_and_says_what_they_are_made_of(client, library):
    page = ask(client, "forgot my pasword")
    assert page.texts(".list__title a")[0] == "Reset your password"
    bars = page.select(".list .explain-bar")
    assert len(bars) == 2
    longest = [sum(float(rect.get("width").rstrip("%")) for rect in bar.iter("rect")) for bar in bars]
    assert longest[0] == pytest.approx(100, abs=0.1)
    assert 0 < longest[1] < 100
    assert "Score 1." in page.one("#bar-1").text or "Score 0." in page.one("#bar-1").text
    assert "Why Reset your password is number 1" in page.words
    assert "pasword to password" in page.words
    assert re.search(r"How sure the first answer is: \d+ %", page.words)
    assert "a plain employee" in page.words


def test_another_article_is_chosen_by_a_link(client, library):
    page = ask(client, "password").click("Connect to Wi-Fi")
    assert "Why Connect to Wi-Fi is number 2" in page.words
    assert page.texts(".list__title [aria-current]") == ["Connect to Wi-Fi"]


def test_it_shows_what_the_chosen_person_sees_and_no_more(client, people, library):
    as_otto = ask(client, "password board", **{"as": people.otto.email, "article": "board"})
    assert "Password of the board" not in as_otto.words
    assert f"{people.otto.name} sees no article at “board”" in as_otto.words
    nothing = ask(client, "password board", **{"as": people.otto.email, "article": "nothing"})
    assert as_otto.words.replace("at “board”", "at “nothing”") == nothing.words
    as_me = as_otto.click("Ask as yourself")
    assert "Why Password of the board" in as_me.words
    assert "As you, who sees everything." in as_me.words
    assert "a plain employee" in as_me.click("Ask as a plain employee").words


def test_unknown_people_are_named_as_such(client, library):
    for email in ("nobody@larkspur.example", "no address", "\0"):
        page = ask(client, "password", **{"as": email})
        assert ("There is no active person" in page.words) == (email != "\0")


def test_it_says_that_nothing_is_found(client, library):
    page = ask(client, "ξξξ", article="wifi")
    assert "Nothing is found" in page.words
    assert "None of the words that were searched for stands in it." in page.words


def test_it_says_that_quoted_words_were_taken_apart(client, library, flask_command):
    page = client.get("/admin/search/explain", query_string={"q": "“wall password”"})
    assert "Nothing has the words in quotes together" in page.words
    assert "Nothing holds these words" not in page.words
    printed = flask_command("search", "explain", "“wall password”").output
    assert "stand nowhere together" in printed


def test_what_is_typed_stays_text(client, library):
    hostile = '<script>alert(1)</script> " onmouseover=x password'
    page = ask(client, hostile, article="<b>x", **{"as": "<i>@x.y"})
    assert "<script>alert" not in page.text
    assert "<b>x" not in page.text
    assert "<i>@" not in page.text
    assert "<script>alert" in ask(client, hostile).one("#explain-q").get("value")


def test_it_leads_to_tuning(client, library):
    page = ask(client, "password")
    assert page.click("Make golden question").one("#text").get("value") == "password"
    assert page.click("Add synonyms").h1
    assert page.click("Make a best bet").h1


def test_it_counts_as_no_search(session, client, library):
    ask(client, "password")
    assert session.query(SearchEvent).count() == 0


def test_it_says_when_the_index_does_not_answer(settings, client, library):
    shutil.rmtree(settings.index_dir)
    page = ask(client, "password", status=503)
    assert "The index does not answer" in page.words


def test_nothing_of_what_a_person_may_not_see_is_shown_as_them(
    session, settings, world, client, people, flask_command
):
    canaries.plant(session, settings.attachments_dir)
    flask_command("index", "sync")
    for secret, seen_by in SEEN_BY.items():
        if "otto" in seen_by:
            continue
        for place in PLACES:
            asked = word(secret, place)
            for q in (asked, asked[:-3], f"About {asked} lantern"):
                page = ask(client, q, **{"as": people.otto.email, "article": word(secret, "slug")})
                asked_for = f"{q} {word(secret, 'slug')}"
                leaked = [one for one in came_across(asked_for, page.text) if "otto" not in SEEN_BY[one[0]]]
                assert leaked == [], q
