"""The pages on which admins tune the search, by hand and without JavaScript."""

import json
import shutil
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from portal.accounts.models import Person
from portal.articles.models import Article, State
from portal.db import unit_of_work
from portal.search import events, golden_questions, tuning
from portal.search.models import GoldenQuestion, RuleKind, SearchEvent, TuningRule, TuningStamp
from portal.search.tuning_checks import Content
from tests.support.busy import busy, is_lite
from tests.support.client import faults
from tests.support.payloads import spelled_out

HOSTILE = '<script>alert(1)</script>"onmouseover=x'
PLACES = (
    "/admin/search",
    "/admin/search/synonyms",
    "/admin/search/best-bets",
    "/admin/search/stop-words",
    "/admin/search/synonyms/new",
    "/admin/search/best-bets/new",
    "/admin/search/stop-words/new",
    "/admin/search/changes",
    "/admin/search/golden",
    "/admin/search/golden/new",
    "/admin/search/questions",
)


@pytest.fixture
def library(write_article: Callable[..., Article], flask_command):
    articles = SimpleNamespace(
        wifi=write_article("Connect to the wireless network", body="Choose Larkspur."),
        laptop=write_article("Order a laptop", body="In the shop."),
        lamp=write_article("Order a lamp", body="From the shop."),
    )
    flask_command("index", "sync")
    return articles


@pytest.fixture
def asked(library, people, client_for):
    """What ana asked lately."""
    client = client_for(people.ana)
    for question in ("wlan", "laptop", "wlan broken mail sam@larkspur.example"):
        client.get("/search", query_string={"q": question})


@pytest.fixture
def client(people, client_for):
    return client_for(people.ada)


def content(session):
    session.rollback()
    return list(tuning.in_force(session).values())


# --- who may ---------------------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES)
def test_admins_find_every_page_and_nobody_else_does(place, client, client_for, people, library):
    assert client.get(place).h1
    for person in (people.ana, people.eva, people.gus, people.otto):
        missing = client_for(person).get(place, status=404)
        assert (
            missing.text
            == client_for(person)
            .get("/admin/nothing", status=404)
            .text.replace("admin nothing", missing.one("#search").get("value") or "")
            or "no page at this address" in missing.words
        )


def test_only_admins_see_the_entry_in_the_menu(client, client_for, people, library):
    assert "Tune" in client.get("/").texts(".nav__link")
    assert "Tune" not in client_for(people.eva).get("/").texts(".nav__link")


def test_only_admins_change_anything(session, client_for, people, library):
    rule = tuning.add(session, Content(RuleKind.SYNONYM, ("wifi", "wlan")), by=people.ada)
    session.commit()
    client = client_for(people.eva)
    for place in (
        "/admin/search/synonyms/new",
        f"/admin/search/rules/{rule.id}/remove",
        "/admin/search/golden/run",
    ):
        client.post(place, {"words": "a, b", "action": "save"}, status=404)
    assert len(content(session)) == 1


# --- synonyms --------------------------------------------------------------------------------


def test_a_set_is_added_after_a_look_at_what_changes(session, client, asked):
    page = client.get("/admin/search/synonyms")
    assert "No synonyms yet" in page.words
    page = page.click("Add synonyms")
    shown = client.submit(page, "Show what changes", {"words": "wlan, wireless network"})
    assert shown.h1 == "Check before you save"
    assert "2 of 3 questions change" in shown.words
    assert "Connect to the wireless network" in shown.words
    assert "[e-mail]" in shown.words
    assert "larkspur.example" not in shown.words
    assert content(session) == []
    listed = client.submit(shown, "Save", follow=True)
    assert "Saved." in listed.words
    assert "wlan, wireless network" in listed.words
    assert content(session) == [Content(RuleKind.SYNONYM, ("wlan", "wireless network"))]
    found = client.get("/search?q=wlan")
    assert "Connect to the wireless network" in found.words


def test_back_to_editing_keeps_what_was_typed(session, client, library):
    page = client.get("/admin/search/synonyms/new")
    shown = client.submit(page, "Show what changes", {"words": "payroll", "means": "salary, wages"})
    back = client.submit(shown, "Back to editing")
    assert back.h1 == "Add synonyms"
    assert [area.text.strip() for area in back.select("textarea")] == ["payroll", "salary, wages"]
    assert content(session) == []


def test_what_is_refused_says_so_beside_what_was_typed(session, client, library):
    page = client.get("/admin/search/synonyms/new")
    refused = client.submit(page, "Show what changes", {"words": "wifi, wi fi, fi wi !!, ???"}, status=422)
    assert "There is a problem" in refused.words
    assert "wifi, wi fi, fi wi !!, ???" in refused.one("textarea#words").text
    assert refused.one("#words").get("aria-invalid") == "true"


def test_a_set_is_changed_and_removed_and_both_are_undone(session, client, library):
    client.submit(
        client.submit(client.get("/admin/search/synonyms/new"), "Show what changes", {"words": "wifi, wlan"}),
        "Save",
    )
    page = client.get("/admin/search/synonyms").click("Change wifi, wlan")
    assert page.one("textarea#words").text.strip() == "wifi, wlan"
    shown = client.submit(page, "Show what changes", {"words": "wifi, hotspot"})
    client.submit(shown, "Save")
    page = client.get("/admin/search/synonyms").click("Remove wifi, hotspot")
    assert page.h1 == "Check before you remove it"
    assert "Removed." in client.submit(page, "Remove", follow=True).words
    assert content(session) == []
    page = client.get("/admin/search")
    assert page.texts(".list__title") == ["Synonyms removed", "Synonyms changed", "Synonyms added"]
    assert len([one for one in page.texts("a") if one.startswith("Undo")]) == 1
    page = client.submit(page.click("Undo change 3"), "Undo", follow=True)
    assert "Undone." in page.words
    page = client.submit(page.click("Undo change 2"), "Undo", follow=True)
    assert content(session) == [Content(RuleKind.SYNONYM, ("wifi", "wlan"))]
    assert "Undone: Synonyms changed" in page.words


def test_what_cannot_be_undone_says_why(session, client, people, library):
    rule = tuning.add(session, Content(RuleKind.SYNONYM, ("wifi", "wlan")), by=people.ada)
    tuning.change(session, rule, Content(RuleKind.SYNONYM, ("wifi", "hotspot")), version=1, by=people.ada)
    session.commit()
    first = tuning.changes(session, limit=2)[0][1].change.id
    page = client.get(f"/admin/search/changes/{first}/undo", status=409)
    assert "changed again since" in page.words
    client.post(f"/admin/search/changes/{first}/undo", status=409)
    client.get("/admin/search/changes/4711/undo", status=404)


def test_a_long_list_is_filtered(session, client, people, library):
    for number in range(60):
        tuning.add(session, Content(RuleKind.SYNONYM, (f"alpha{number}", f"beta{number}")), by=people.ada)
    session.commit()
    page = client.get("/admin/search/synonyms")
    assert len(page.select(".list__item")) == 50
    assert "Page 1 of 2" in page.words
    page = client.submit(page, "Filter", {"q": "BETA42"})
    assert page.texts(".list__title") == ["alpha42, beta42"]
    page = client.submit(page, "Filter", {"q": "nothing such"})
    assert "Nothing matches" in page.words


# --- best bets and stop words ----------------------------------------------------------------


def test_a_best_bet_is_made_from_a_real_question(session, client, asked, library):
    page = client.get("/admin/search/questions").click("Make a best bet for “laptop”")
    assert page.texts(".choice__label") == ["Order a laptop (IT Service Desk)"]
    page = client.submit(page, "Find articles", {"find": "lamp"})
    assert "Order a lamp (IT Service Desk)" in page.texts(".choice__label")
    page = client.submit(page, "Show what changes", {"article": "order-a-lamp"})
    assert "First answer: Order a laptop Order a lamp" in page.words
    page = client.submit(page, "Save", follow=True)
    assert "laptop Order a lamp" in page.words
    assert content(session) == [Content(RuleKind.BET, ("laptop",), article_id=library.lamp.id)]
    assert client.get("/search?q=laptop").texts(".result__title")[0] == "Order a lamp"
    page = page.click("Change laptop")
    assert [one.get("value") for one in page.select("input[checked]")] == ["order-a-lamp"]


def test_a_best_bet_needs_an_article_and_one_that_goes_away_is_marked(session, client, library):
    page = client.get("/admin/search/best-bets/new")
    refused = client.submit(page, "Show what changes", {"words": "laptop"}, status=422)
    assert "Choose the article to recommend." in refused.words
    page = client.submit(refused, "Show what changes", {"article": "order-a-laptop"})
    client.submit(page, "Save")
    session.execute(sa.update(Article).values(state=State.ARCHIVED))
    session.commit()
    assert "Not published, so not shown" in client.get("/admin/search/best-bets").words


def test_stop_words_count_for_less_or_in_full(session, client, library):
    for words, kind in (("kindly, urgent", "stop_word"), ("help", "full_word")):
        page = client.get("/admin/search/stop-words/new")
        shown = client.submit(page, "Show what changes", {"words": words, "kind": kind})
        client.submit(shown, "Save")
    page = client.get("/admin/search/stop-words")
    assert "Counts for little" in page.words
    assert "Counts in full" in page.words
    assert content(session) == [
        Content(RuleKind.LESS, ("kindly", "urgent")),
        Content(RuleKind.FULL, ("help",)),
    ]


# --- two at once, and other accidents --------------------------------------------------------


def test_two_admins_at_once_see_both_texts(session, client, client_for, people, library):
    rule = tuning.add(session, Content(RuleKind.SYNONYM, ("wifi", "wlan")), by=people.ada)
    session.commit()
    mine = client.get(f"/admin/search/rules/{rule.id}")
    people.eva.admin = True
    session.commit()
    other = client_for(people.eva)
    theirs = other.submit(mine_of(other, rule), "Show what changes", {"words": "wifi, hotspot"})
    other.submit(theirs, "Save")
    page = client.submit(mine, "Show what changes", {"words": "wifi, wlan, radio"}, status=409)
    assert page.h1 == "Somebody else changed this first"
    assert "Eva Test" in page.words
    assert "wifi, hotspot" in page.words
    assert "wifi, wlan, radio" in page.one("textarea#words").text
    client.submit(client.submit(page, "Show what changes"), "Save")
    assert content(session) == [Content(RuleKind.SYNONYM, ("wifi", "wlan", "radio"))]


def mine_of(client, rule):
    return client.get(f"/admin/search/rules/{rule.id}")


def test_what_somebody_else_removed_can_be_added_again(session, client, people, library):
    rule = tuning.add(session, Content(RuleKind.SYNONYM, ("wifi", "wlan")), by=people.ada)
    session.commit()
    page = client.get(f"/admin/search/rules/{rule.id}")
    removing = client.get(f"/admin/search/rules/{rule.id}/remove")
    client.submit(removing, "Remove")
    page = client.submit(page, "Show what changes", {"words": "wifi, radio"}, status=409)
    assert page.h1 == "You removed this first"
    client.submit(client.submit(page, "Show what changes"), "Save")
    assert content(session) == [Content(RuleKind.SYNONYM, ("wifi", "radio"))]
    client.submit(removing, "Remove", status=404)


def test_when_rules_changed_since_the_look_one_looks_again(session, client, people, library):
    page = client.get("/admin/search/synonyms/new")
    shown = client.submit(page, "Show what changes", {"words": "wifi, wlan"})
    rule = tuning.add(session, Content(RuleKind.LESS, ("urgent",)), by=people.ada)
    session.commit()
    removing = client.get(f"/admin/search/rules/{rule.id}/remove")
    again = client.submit(shown, "Save")
    assert "Somebody else changed a rule after you looked" in again.words
    client.submit(again, "Save")
    again = client.submit(removing, "Remove")
    assert "Somebody else changed a rule after you looked" in again.words
    client.submit(again, "Remove")
    assert content(session) == [Content(RuleKind.SYNONYM, ("wifi", "wlan"))]


def test_a_form_sent_twice_is_saved_once(session, client, library):
    shown = client.submit(
        client.get("/admin/search/synonyms/new"), "Show what changes", {"words": "wifi, wlan"}
    )
    client.submit(shown, "Save")
    page = client.submit(shown, "Save", status=422)
    assert "is in the set “wifi, wlan” already" in page.words
    assert len(content(session)) == 1


def test_nothing_typed_is_lost_with_a_stale_token_or_without_a_sign_in(session, client, people, library):
    typed = {"words": "wifi, wlan", "means": "", "action": "save", "csrf_token": "stale"}
    page = client.post("/admin/search/synonyms/new", typed, status=400)
    assert "nothing you typed is lost" in page.words
    shown = client.submit(page, "Go on with what I typed")
    assert shown.h1 == "Check before you save"
    assert "wifi, wlan" in shown.words
    session.execute(sa.text("DELETE FROM sign_in"))
    session.commit()
    page = client.post("/admin/search/synonyms/new", typed, status=400)
    assert page.h1 == "You are signed out"
    assert [one.get("value") for one in page.select("input[name=words]")] == ["wifi, wlan"]


def test_a_stale_token_tells_others_nothing(client_for, people, library):
    client = client_for(people.eva)
    client.post("/admin/search/synonyms/new", {"words": "x", "csrf_token": "stale"}, status=404)
    client.post("/admin/search/golden/run", {"csrf_token": "stale"}, status=400)


def test_hostile_text_is_text_everywhere(session, client, client_for, people, library):
    words = f"{HOSTILE}, wlan"
    page = client.get("/admin/search/synonyms/new")
    shown = client.submit(page, "Show what changes", {"words": words})
    assert "<script>alert" not in shown.text
    listed = client.submit(shown, "Save", follow=True)
    client_for(people.ana).get("/search", query_string={"q": HOSTILE})
    number = session.scalar(sa.select(TuningRule.id))
    for place in (
        *PLACES,
        f"/admin/search/rules/{number}",
        f"/admin/search/rules/{number}/remove",
        "/admin/search/changes/1/undo",
        "/admin/search/synonyms/new?question=" + HOSTILE,
        "/admin/search/synonyms?q=" + HOSTILE,
    ):
        page = client.get(place)
        assert "<script>alert" not in page.text
        assert "onmouseover" not in {name for one in page.select("*") for name in one.attrib}
    assert HOSTILE in listed.words


def test_hostile_fields_get_a_page(client, library, shared_dir):
    token = client.csrf_token()
    for case in json.loads((shared_dir / "payloads/own/search_query_fuzz.json").read_text())[::6]:
        text = spelled_out(case, "q")[:2000]
        for place in ("synonyms", "best-bets", "stop-words"):
            fields = {"words": text, "find": text, "csrf_token": token}
            page = client.fetch("POST", f"/admin/search/{place}/new", data=fields)
            assert page.status in (200, 422)
            assert not faults(page)


def test_unknown_places_are_not_there(client, library):
    for place in ("nothing", "nothing/new", "rules/4711", "rules/4711/remove", "golden/4711"):
        client.get(f"/admin/search/{place}", status=404)


@pytest.mark.parametrize("number", [4711, 2**31, 2**63, 10**30])
def test_a_number_that_no_rule_has_is_not_there_however_large(client, library, number):
    for place in (f"rules/{number}", f"rules/{number}/remove", f"changes/{number}/undo"):
        client.get(f"/admin/search/{place}", status=404)
    token = client.csrf_token()
    for place in (f"rules/{number}", f"golden/{number}/remove", f"golden/{number}/seen"):
        client.post(f"/admin/search/{place}", {"csrf_token": token}, status=404)


@pytest.fixture
def no_index(app, settings):
    """The index goes away; call it."""

    def _away():
        shutil.rmtree(settings.index_dir)
        app.extensions["engine"] = app.extensions["make-engine"](settings.index_dir)

    return _away


def test_while_the_index_is_away_a_rule_can_still_be_saved(session, client, asked, no_index):
    no_index()
    page = client.get("/admin/search/synonyms/new")
    shown = client.submit(page, "Show what changes", {"words": "wifi, wlan"})
    assert "What changes cannot be shown now" in shown.words
    client.submit(shown, "Save")
    assert len(content(session)) == 1


def test_while_the_index_is_away_no_golden_question_is_asked(session, client, asked, no_index):
    page = client.get("/admin/search/golden/new?text=laptop")
    client.submit(page, "Add", {"article": "order-a-laptop"})
    no_index()
    page = client.submit(page, "Add", {"text": "lamp", "article": "order-a-laptop"}, status=503)
    assert "The index does not answer now" in page.words
    assert page.one("input#text").get("value") == "lamp"
    page = client.submit(client.get("/admin/search/golden"), "Ask all now", follow=True)
    assert "The index does not answer now" in page.words
    assert session.scalars(sa.select(GoldenQuestion.rank)).all() == [1]


@pytest.fixture
def meanwhile(monkeypatch, people):
    """Lets somebody else save right after the page has looked whether anybody did."""

    def _meanwhile(save):
        real = tuning.stamp

        def _stamp(session):
            found = real(session)
            monkeypatch.setattr(tuning, "stamp", real)
            with unit_of_work() as other:
                save(other, other.get(Person, people.ada.id))
            return found

        monkeypatch.setattr(tuning, "stamp", _stamp)

    return _meanwhile


def test_who_is_overtaken_while_changing_sees_both(session, client, people, library, meanwhile):
    rule = tuning.add(session, Content(RuleKind.SYNONYM, ("wifi", "wlan")), by=people.ada)
    session.commit()
    number = rule.id
    page = client.get(f"/admin/search/rules/{number}")
    shown = client.submit(page, "Show what changes", {"words": "wifi, radio"})
    theirs = Content(RuleKind.SYNONYM, ("wifi", "hotspot"))
    meanwhile(lambda work, ada: tuning.change(work, tuning.find(work, number), theirs, version=1, by=ada))
    page = client.submit(shown, "Save", status=409)
    assert "wifi, hotspot" in page.words
    assert "wifi, radio" in page.one("textarea#words").text
    assert content(session) == [theirs]


def test_who_is_overtaken_while_adding_is_told(session, client, people, library, meanwhile):
    page = client.get("/admin/search/synonyms/new")
    shown = client.submit(page, "Show what changes", {"words": "wifi, radio"})
    theirs = Content(RuleKind.SYNONYM, ("wifi", "hotspot"))
    meanwhile(lambda work, ada: tuning.add(work, theirs, by=ada))
    page = client.submit(shown, "Save", status=422)
    assert "is in the set “wifi, hotspot” already" in page.words
    assert content(session) == [theirs]


def test_who_is_overtaken_while_changing_a_best_bet_keeps_the_choice(
    session, client, people, library, meanwhile
):
    bet = Content(RuleKind.BET, ("laptop",), article_id=library.laptop.id)
    number = tuning.add(session, bet, by=people.ada).id
    session.commit()
    page = client.get(f"/admin/search/rules/{number}")
    page = client.submit(page, "Find articles", {"find": "lamp"})
    shown = client.submit(page, "Show what changes", {"article": "order-a-lamp"})
    other = Content(RuleKind.BET, ("new laptop",), article_id=library.laptop.id)
    meanwhile(lambda work, ada: tuning.change(work, tuning.find(work, number), other, version=1, by=ada))
    page = client.submit(shown, "Save", status=409)
    assert [one.get("value") for one in page.select("input[checked]")] == ["order-a-lamp"]


@pytest.fixture
def locked(session):
    """Keeps everybody else from writing rules and questions, and makes them wait only for a moment."""
    session.commit()
    with busy() as holder:
        if is_lite():
            holder.execute(sa.select(TuningStamp.id))
        else:
            holder.execute(sa.text("LOCK TABLE tuning_stamp, golden_question IN EXCLUSIVE MODE"))
        yield


def test_while_the_database_is_busy_nothing_typed_is_lost(session, client, people, library, request):
    number = tuning.add(session, Content(RuleKind.SYNONYM, ("wifi", "wlan")), by=people.ada).id
    lamp = session.scalars(sa.select(Article).where(Article.slug == "order-a-lamp")).one()
    session.add(GoldenQuestion(text="lamp", article_id=lamp.id))
    session.commit()
    adding = client.get("/admin/search/best-bets/new")
    adding = client.submit(adding, "Find articles", {"words": "where light", "find": "lamp"})
    adding = client.submit(adding, "Show what changes", {"article": "order-a-lamp"})
    changing = client.get(f"/admin/search/rules/{number}")
    changing = client.submit(changing, "Show what changes", {"words": "wifi, radio", "means": "hotspot"})
    removing = client.get(f"/admin/search/rules/{number}/remove")
    undoing = client.get("/admin/search/changes").click("Undo change 1")
    watching = client.get("/admin/search/golden/new?text=light")
    watching = client.submit(watching, "Find articles", {"find": "lamp"})
    token = client.csrf_token()
    request.getfixturevalue("locked")

    page = client.submit(adding, "Save", status=503)
    assert "The portal is busy and nothing is saved yet" in page.words
    assert page.one("textarea#words").text == "where light"
    assert [one.get("value") for one in page.select("input[checked]")] == ["order-a-lamp"]

    page = client.submit(changing, "Save", status=503)
    assert "The portal is busy and nothing is saved yet" in page.words
    assert (page.one("textarea#words").text, page.one("textarea#means").text) == ("wifi, radio", "hotspot")

    page = client.submit(watching, "Add", {"article": "order-a-lamp", "text": "my light"}, status=503)
    assert "The portal is busy and nothing is saved yet" in page.words
    assert page.one("input#text").get("value") == "my light"
    assert [one.get("value") for one in page.select("input[checked]")] == ["order-a-lamp"]

    for step, button in ((removing, "Remove"), (undoing, "Undo")):
        assert client.submit(step, button, status=503).h1 == "The portal is busy"
    asked = client.post("/admin/search/golden/run", {"csrf_token": token}, status=503)
    assert asked.h1 == "The portal is busy"
    assert content(session) == [Content(RuleKind.SYNONYM, ("wifi", "wlan"))]


# --- recent and golden questions -------------------------------------------------------------


def test_recent_questions_say_how_they_went(session, client, client_for, people, asked):
    client_for(people.ben).get("/search?q=LAPTOP?")
    events.log_search(
        session, query="dog", top=[], count=0, confidence=0, ms=1, need="x", person_id=people.ben.id
    )
    page = client.get("/admin/search/questions")
    assert page.texts(".list__title") == ["dog", "LAPTOP?", "wlan broken mail [e-mail]", "wlan"]
    assert "Asked 2 times" in page.words
    assert "First answer: Order a laptop" in page.words
    assert "No answer." in page.words
    often = page.click("Asked most")
    assert often.texts(".list__title")[0] == "LAPTOP?"
    weak = page.click("Without a sure answer")
    assert "wlan" in weak.texts(".list__title")
    assert "LAPTOP?" not in weak.texts(".list__title")
    synonyms = page.click("Add synonyms for “wlan”")
    assert synonyms.one("textarea#words").text.strip() == "wlan"


def test_a_golden_question_is_added_from_a_recent_one(session, client, asked, people, library):
    page = client.get("/admin/search/questions").click("Watch as golden question for “laptop”")
    assert page.one("input#text").get("value") == "laptop"
    page = client.submit(page, "Add", {"article": "order-a-laptop"}, follow=True)
    assert "Added. The article is at rank 1 now." in page.words
    assert "Rank 1" in page.words
    golden = session.scalars(sa.select(GoldenQuestion)).one()
    assert (golden.text, golden.rank, golden.added_by_id) == ("laptop", 1, people.ada.id)
    page = client.submit(page, "Ask all now", follow=True)
    assert "None dropped" in page.words
    page = client.submit(page, "Stop watching", follow=True)
    assert "“laptop” is not watched any more." in page.words
    assert "No golden questions yet" in page.words


def test_what_is_wrong_with_a_golden_question_is_said(client, library):
    page = client.get("/admin/search/golden/new")
    page = client.submit(page, "Add", {"text": "?!", "asked_as": "nobody@portal.test"}, status=422)
    assert "Type the question" in page.words
    assert "Nobody active has this e-mail address" in page.words
    page = client.submit(page, "Find articles", {"text": "laptop", "asked_as": ""})
    page = client.submit(page, "Add", status=422)
    assert "Choose the article that answers the question." in page.words


def test_a_drop_is_told_on_the_home_page_until_it_is_seen(
    session, app, client, client_for, people, library, flask_command, write_article
):
    golden_questions.add(
        session, text="lamp", article_id=library.lamp.id, engine=app.extensions["engine"], by=people.ada
    )
    session.execute(sa.update(Article).where(Article.id == library.lamp.id).values(state=State.ARCHIVED))
    session.commit()
    flask_command("index", "rebuild")
    page = client.get("/admin/search/golden")
    page = client.submit(page, "Ask all now", follow=True)
    assert "1 dropped out of the top three." in page.words
    for place in ("/", "/admin/search"):
        assert "One golden question dropped out of the top three" in client.get(place).words
    assert "golden question" not in client_for(people.ana).get("/").words
    page = client.submit(client.get("/"), "Seen", follow=True)
    assert "Seen by Ada Test" in page.words
    assert "golden question" not in client.get("/").words
    assert session.scalar(sa.select(sa.func.count(SearchEvent.id))) == 0
