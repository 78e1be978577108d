"""Home, results, the empty page, and what is written down about a search."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.accounts.models import Person, Team
from portal.articles.models import Article, Topic
from portal.search import events
from portal.search.models import EventKind, SearchEvent
from tests.support.client import Page, PageClient
from tests.support.html import text_of
from tests.support.payloads import spelled_out

ClientFor = Callable[[Person], PageClient]


@pytest.fixture
def library(write_article: Callable[..., Article], flask_command: Callable[..., object]) -> None:
    write_article(
        "Reset your password", body="Intro.\n\n## On the phone\n\nOpen the app.", questions=["forgot it?"]
    )
    write_article("Order a lamp", body="From the shop.")
    write_article("Secret payroll run", body="lamp", audience={"teams": ["payroll"]}, team="payroll")
    flask_command("index", "sync")


def logged(session: Session) -> list[SearchEvent]:
    session.commit()
    return list(session.scalars(sa.select(SearchEvent).order_by(SearchEvent.id)))


def test_results_lead_to_the_section_and_are_logged_once(
    session: Session,
    people: SimpleNamespace,
    client_for: ClientFor,
    library: None,
    travel: Callable[..., None],
) -> None:
    client = client_for(people.ana)
    page = client.get("/search?q=open+app+on+the+phone+password")
    article = page.click("Reset your password")
    assert article.url.endswith("/articles/reset-your-password#s-on-the-phone")
    client.get("/search?q=Open+APP+on+the+phone+password?")  # Back, or the same in other letters
    found = logged(session)
    assert [(event.kind, event.query, event.count) for event in found] == [
        (EventKind.SEARCH, "open app on the phone password", 1)
    ]
    assert found[0].person_id == people.ana.id
    assert found[0].detail["top"] == ["reset-your-password"]
    travel(minutes=31)
    client.get("/search?q=open+app+on+the+phone+password")
    assert len(logged(session)) == 2


def test_the_empty_page_says_what_was_looked_for_and_takes_note(
    session: Session, people: SimpleNamespace, client_for: ClientFor, library: None
) -> None:
    client = client_for(people.ana)
    page = client.get("/search?q=%21%3F")
    assert page.h1.startswith("Nothing found")
    page = client.submit(page, "I could not find it", {}).follow()
    assert "Noted" in page.words
    search, not_found = logged(session)
    assert (search.count, search.kind) == (0, EventKind.SEARCH)
    assert not_found.kind is EventKind.NOT_FOUND
    assert not_found.need == search.need


def test_a_need_of_somebody_else_is_not_joined(
    session: Session, people: SimpleNamespace, client_for: ClientFor, library: None
) -> None:
    client_for(people.ana).get("/search?q=lamp")
    need = logged(session)[0].need
    client = client_for(people.ben)
    client.post("/search/not-found", {"q": "lamp", "need": need})
    assert logged(session)[-1].need != need


def test_characters_that_a_database_refuses_are_left_out_of_the_log(
    session: Session, people: SimpleNamespace, client_for: ClientFor, library: None
) -> None:
    client = client_for(people.ana)
    client.post("/search/not-found", {"q": "lamp\x00 oil", "need": "\x00"})
    event = logged(session)[-1]
    assert (event.kind, event.query) == (EventKind.NOT_FOUND, "lamp oil")


def test_characters_that_no_page_may_hold_are_left_out_of_the_page(
    people: SimpleNamespace, client_for: ClientFor, library: None
) -> None:
    for text in ("lamp\x01", "\x7f", "\ufdd0lamp", "\u202elamp"):
        client_for(people.ana).get("/search", query_string={"q": text})


def test_no_question_is_no_search(
    session: Session, people: SimpleNamespace, client_for: ClientFor, library: None
) -> None:
    client = client_for(people.ana)
    assert client.get("/search").h1 == "Search"
    assert client.get("/search?q=%20%00").h1 == "Search"
    assert logged(session) == []


def test_home_greets_and_lists_only_what_may_be_seen(
    session: Session, people: SimpleNamespace, client_for: ClientFor, library: None
) -> None:
    for person in (people.ana, people.otto):
        client = client_for(person)
        client.get("/search?q=lamp")
        page = client.get("/")
        assert page.h1 == "What do you need?"
        assert "Order a lamp" in page.words
        assert "Secret payroll run" not in page.text
    assert "Secret payroll run" in client_for(people.ada).get("/").text


def test_what_is_looked_up_most_stands_first(
    people: SimpleNamespace, client_for: ClientFor, library: None
) -> None:
    client_for(people.ben).get("/search?q=order+a+lamp")
    page = client_for(people.ana).get("/")
    assert page.texts(".list__title")[0] == "Order a lamp"


def test_pages_need_few_statements(
    people: SimpleNamespace, client_for: ClientFor, library: None,
    statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:  # fmt: skip
    client = client_for(people.eva)
    for address in ("/", "/search?q=reset+password", "/articles/reset-your-password"):
        client.get(address)
        with statements() as found:
            client.get(address)
        assert len(found) <= 12, f"{address}: {found}"


def test_hostile_questions_get_a_page(
    people: SimpleNamespace, client_for: ClientFor, library: None, shared_dir: Path
) -> None:
    client = client_for(people.ana)
    cases = json.loads((shared_dir / "payloads/own/search_query_fuzz.json").read_text())
    for case in cases[::4]:
        client.get(f"/search?q={quote(spelled_out(case, 'q')[:2000])}")


def test_the_log_keeps_no_addresses_and_numbers(
    session: Session, people: SimpleNamespace, client_for: ClientFor, library: None
) -> None:
    client_for(people.ana).get(
        "/search?q=mail+sam%40larkspur.example+%2B44+113+496+0440+id+AB123456C+P60+W-2"
    )
    event = logged(session)[0]
    assert event.query == "mail [e-mail] [number] id [number] P60 W-2"
    assert "0440" not in event.normalised
    assert "larkspur" not in event.normalised


def test_people_are_forgotten_after_thirty_days(
    session: Session,
    people: SimpleNamespace,
    client_for: ClientFor,
    library: None,
    travel: Callable[..., None],
) -> None:
    client_for(people.ana).get("/search?q=lamp")
    assert events.forget_people(session, salt="a") == 0
    travel(days=31)
    assert events.forget_people(session, salt="a") == 1
    event = logged(session)[0]
    assert event.person_id is None
    assert len(event.person_hash) == 64


def test_a_very_long_question_is_cut_between_words_and_says_so(
    session: Session, people: SimpleNamespace, client_for: ClientFor, library: None
) -> None:
    client = client_for(people.ana)
    page = client.get("/search?q=" + "lamp+" * 80)
    assert "we searched for its first 299 characters" in page.words
    assert logged(session)[0].query.split() == ["lamp"] * 60
    assert len(client.get("/search?q=" + "x" * 400).one("#search").get("value") or "") == 300
    assert "very long" not in client.get("/search?q=lamp").words


# -- other looks at the same answers ------------------------------------------------------------


@pytest.fixture
def shelves(
    write_article: Callable[..., Article], flask_command: Callable[..., object], session: Session
) -> SimpleNamespace:
    """Lamps on two topics, of two teams and for two sites; one of them for Germany alone."""
    for number in range(3):
        write_article(f"Lamp number {number}", body="wick and oil", topic="hr", team="people-services")
    write_article("Lamp desk", body="wick", topic="it/accounts", audience={"countries": ["GB"]})
    write_article(
        "Lamp in Germany", body="wick", topic="hr/pay", team="payroll", audience={"countries": ["DE"]}
    )
    flask_command("index", "sync")
    topics = {topic.path: topic.id for topic in session.scalars(sa.select(Topic))}
    teams = {team.slug: team.id for team in session.scalars(sa.select(Team))}
    return SimpleNamespace(topics=topics, teams=teams)


def filters(page: Page) -> dict[str, str]:
    """What can be chosen, and the address that chooses it."""
    return {text_of(link): link.get("href") or "" for link in page.select(".filter__value")}


def titles(page: Page) -> list[str]:
    return page.texts(".result__title")


def test_filters_count_what_the_person_may_see(
    people: SimpleNamespace, client_for: ClientFor, shelves: SimpleNamespace
) -> None:
    found = filters(client_for(people.ana).get("/search?q=lamp"))
    assert {
        "HR3 articles",
        "Accounts1 article",
        "People Services3 articles",
        "IT Service Desk1 article",
    } <= set(found)
    assert not any(name.startswith(("Pay", "Hamburg", "Portland")) for name in found)
    assert not filters(client_for(people.otto).get("/search?q=lamp"))  # three of a kind: nothing to choose
    assert "Pay1 article" in filters(client_for(people.gus).get("/search?q=lamp"))


def test_a_filter_narrows_and_is_taken_away(
    people: SimpleNamespace, client_for: ClientFor, shelves: SimpleNamespace
) -> None:
    client = client_for(people.ana)
    page = client.get(filters(client.get("/search?q=lamp"))["Accounts1 article"])
    assert titles(page) == ["Lamp desk"]
    assert page.texts(".chip--chosen") == ["Remove filter Topic: Accounts"]
    back = client.get(page.one(".chip--chosen").get("href") or "")
    assert len(titles(back)) == 4


@pytest.mark.parametrize(
    "query",
    [
        "topic=999",
        "topic={pay}",
        "team={payroll}",
        "team=x",
        "site=nowhere",
        "site=hamburg",
        "type=x",
        "topic=%00",
    ],
)
def test_a_filter_that_leaves_nothing_is_ignored_whether_it_exists_or_not(
    people: SimpleNamespace, client_for: ClientFor, shelves: SimpleNamespace, query: str
) -> None:
    query = query.format(pay=shelves.topics["hr/pay"], payroll=shelves.teams["payroll"])
    page = client_for(people.ana).get(f"/search?q=lamp&{query}")
    assert len(titles(page)) == 4
    assert page.select(".chip--chosen") == []
    assert ("Nothing matches with that filter" in page.words) == ("%00" not in query)


def test_other_looks_are_no_searches(
    session: Session, people: SimpleNamespace, client_for: ClientFor, shelves: SimpleNamespace
) -> None:
    client = client_for(people.ana)
    for more in ("topic=999", f"topic={shelves.topics['hr']}", "page=2", "exact=1", "type=article"):
        client.get(f"/search?q=lamp&{more}")
    assert logged(session) == []
    client.get("/search?q=lamp&page=1")
    client.get("/search?q=lamp&page=2")
    assert len(logged(session)) == 1


def test_the_need_goes_on_through_filters(
    session: Session, people: SimpleNamespace, client_for: ClientFor, shelves: SimpleNamespace
) -> None:
    client = client_for(people.ana)
    client.get("/search?q=lamp")
    page = client.get(f"/search?q=lamp&topic={shelves.topics['hr']}")
    client.submit(page, "I could not find it", {})
    search, not_found = logged(session)
    assert not_found.need == search.need


def test_the_very_words_are_searched_for_when_asked(
    people: SimpleNamespace, client_for: ClientFor, library: None
) -> None:
    client = client_for(people.ana)
    page = client.get("/search?q=pasword")
    assert "Showing results also for password." in page.words
    assert titles(page) == ["Reset your password"]
    page = page.click("Search only for “pasword”")
    assert titles(page) == []
    assert "Only your very words were searched for." in page.words
    assert titles(page.click("Search for similar words too")) == ["Reset your password"]


def test_a_long_list_grows_page_by_page_and_ends(
    people: SimpleNamespace, write_article: Callable[..., Article], flask_command: Callable[..., object],
    client_for: ClientFor,
) -> None:  # fmt: skip
    for number in range(23):
        write_article(f"Lamp {number}", body="wick")
    flask_command("index", "sync")
    client = client_for(people.ana)
    page = client.get("/search?q=lamp")
    assert (len(titles(page)), "10 of 23 shown" in page.words) == (10, True)
    first = titles(page)
    page = page.click("Show more")
    assert titles(page)[:10] == first
    assert len(titles(page)) == 20
    page = page.click("Show more")
    assert (len(titles(page)), page.select(".results__more")) == (23, [])
    assert len(set(titles(page))) == 23
    assert len(titles(client.get("/search?q=lamp&page=5"))) == 23
    assert len(titles(client.get("/search?q=lamp&page=-3"))) == 10


def test_the_words_to_mark_are_those_of_the_articles(
    people: SimpleNamespace, client_for: ClientFor, library: None
) -> None:
    page = client_for(people.ana).get("/search?q=how+to+resetting+passwords")
    assert set((page.one(".results").get("data-words") or "").split("|")) == {"reset", "password"}
