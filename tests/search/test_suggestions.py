"""What is offered while somebody types: what fits, in what order, and never what is not theirs."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from portal.accounts import audiences
from portal.accounts.models import Person, Team
from portal.articles.models import Article, State
from portal.indexing import outbox
from portal.search import suggestions
from portal.search.models import SearchEvent
from portal.search.suggestions import ARTICLE, MOST, TEAM, TOPIC, Suggestion, Typed, marked
from tests.support.client import PageClient
from tests.support.payloads import spelled_out

ClientFor = Callable[[Person], PageClient]
Suggest = Callable[..., list[Suggestion]]


@pytest.fixture
def index(flask_command: Callable[..., object]) -> Callable[[], object]:
    return lambda: flask_command("index", "sync")


@pytest.fixture
def suggest(app: Flask, session: Session, people: SimpleNamespace) -> Suggest:
    def _suggest(text: str, by: Person | None = None) -> list[Suggestion]:
        session.commit()
        return suggestions.suggest(session, app.extensions["engine"], text, by=by or people.ana)

    return _suggest


@pytest.fixture
def library(write_article: Callable[..., Article], index: Callable[[], object]) -> None:
    write_article("Reset your password", questions=["forgot my login?"], keywords=["passphrase"])
    write_article("Order a lamp", topic="hr")
    write_article("Understand our policies", topic="hr", team="people-services")
    write_article("Lamps for the secret payroll run", audience={"teams": ["payroll"]}, team="payroll")
    index()


def keys(found: list[Suggestion], kind: str = ARTICLE) -> list[str]:
    return [one.key for one in found if one.kind == kind]


def text_of(one: Suggestion) -> str:
    return "".join(text for text, _ in one.title)


@pytest.mark.parametrize(
    "text",
    [
        "re",
        "reset",
        "reset pass",
        "pass reset",
        "RESET PASS",
        "how do I reset my pass",
        "passphr",
        "forgot log",
        "passwords",  # more than the title's form
        "resetting pass",
        "passwrod ",  # a slip in a finished word
        "passwrod reset",
        "passwrod",  # nothing begins like that: so it is finished
        "  reset   your ",
        "réset",
        '"reset',
        "reset-pass",
        "reset my password for o",  # the last word is about something else
        "reset?",
    ],
)
def test_an_article_is_suggested(library: None, suggest: Suggest, text: str) -> None:
    assert "reset-your-password" in keys(suggest(text))


@pytest.mark.parametrize(
    ("text", "slug"), [("policy ", "understand-our-policies"), ("lamps ", "order-a-lamp")]
)
def test_finished_words_stand_for_all_their_forms(
    library: None, suggest: Suggest, text: str, slug: str
) -> None:
    assert keys(suggest(text)) == [slug]


@pytest.mark.parametrize("text", ["", " ", "\t \n", "r", "?", "!!", "\x00", "-", '"', "a" * 64, "zebra"])
def test_nothing_is_suggested_for_too_little_or_what_is_not_there(
    library: None, suggest: Suggest, text: str
) -> None:
    assert suggest(text) == []


@pytest.mark.parametrize("sign", ["休", "ร", "ש"])
def test_one_sign_is_enough_where_it_may_be_a_word(
    write_article: Callable[..., Article], index: Callable[[], object], suggest: Suggest, sign: str
) -> None:
    write_article(f"{sign}", slug="one")
    index()
    assert keys(suggest(sign)) == ["one"]


def test_of_a_long_text_the_end_counts(library: None, suggest: Suggest) -> None:
    assert keys(suggest("zebra " * 50 + " " * 120 + "reset pass")) == ["reset-your-password"]


def test_teams_and_topics_are_suggested_by_their_names_and_purposes(
    session: Session, library: None, suggest: Suggest
) -> None:
    found = suggest("pay")
    assert keys(found, TEAM) == ["payroll"]
    team = session.scalars(sa.select(Team).where(Team.slug == "people-services")).one()
    team.purpose = "Ask us about contracts and parental leave."
    assert keys(suggest("who should I ask about parental lea"), TEAM) == ["people-services"]
    assert keys(suggest("contracts zebra"), TEAM) == []
    assert keys(suggest("IT Serv"), TEAM) == ["it-service-desk"]
    assert keys(suggest("accou"), TOPIC) == ["it/accounts"]


def test_a_topic_is_suggested_to_those_who_see_an_article_in_it_or_below(
    people: SimpleNamespace,
    write_article: Callable[..., Article],
    index: Callable[[], object],
    suggest: Suggest,
) -> None:
    write_article("Bonus", topic="hr/pay", team="payroll", audience={"countries": ["GB"]})
    index()
    assert keys(suggest("hr"), TOPIC) == ["hr"]
    assert keys(suggest("pay"), TOPIC) == ["hr/pay"]
    assert keys(suggest("hr", people.otto), TOPIC) == []
    assert keys(suggest("pay", people.otto), TOPIC) == []


def test_there_are_never_more_than_eight_and_places_keep_their_room(
    write_article: Callable[..., Article], index: Callable[[], object], suggest: Suggest
) -> None:
    for number in range(12):
        write_article(f"Pay day number {number}", topic="hr/pay")
    index()
    found = suggest("pay")
    assert len(found) == MOST
    assert [one.kind for one in found] == [ARTICLE] * 6 + [TEAM, TOPIC]
    assert found[0].note == "Pay"


def test_what_is_typed_is_marked(library: None, suggest: Suggest) -> None:
    found = suggest("reset pass")[0]
    assert found.title == (("Reset", True), (" your ", False), ("pass", True), ("word", False))
    assert suggest("passwrod ")[0].title == (("Reset your ", False), ("password", True))
    assert marked("Straße", Typed(("stra",), 0)) == (("Straße", True),)
    assert marked("Nothing of it", Typed(("zebra",), 0)) == (("Nothing of it", False),)
    assert marked("Wi-Fi", Typed(("wi",), 0))[0] == ("Wi", True)


def test_what_a_person_may_not_see_is_not_suggested(
    people: SimpleNamespace, library: None, suggest: Suggest
) -> None:
    for text in ("lamps", "secret", "secret pay", "seecret ", "lamps for the"):
        assert "secret" not in str(suggest(text))
    assert keys(suggest("secret", people.ada)) == ["lamps-for-the-secret-payroll-run"]


@pytest.mark.parametrize("change", ["audience", "archived", "renamed"])
def test_the_database_has_the_last_word(
    session: Session,
    library: None,
    suggest: Suggest,
    change: str,
) -> None:
    article = session.scalars(sa.select(Article).where(Article.slug == "reset-your-password")).one()
    assert article.live is not None
    if change == "audience":
        article.audience_id = audiences.of_rules(session, {"countries": ["US"]}).id
    elif change == "archived":
        article.state = State.ARCHIVED
    else:
        article.live.title = "Set a new password"
    titles = [text_of(one) for one in suggest("reset") if one.kind == ARTICLE]
    assert titles == (["Set a new password"] if change == "renamed" else [])


def test_words_of_what_was_just_taken_away_say_nothing(
    session: Session, library: None, write_article: Callable[..., Article], index: Callable[[], object],
    suggest: Suggest,
) -> None:  # fmt: skip
    secret = write_article("Order project lamp zorblax")
    index()
    assert keys(suggest("order lamp zorblac ")) == ["order-project-lamp-zorblax"]
    secret.state = State.ARCHIVED
    outbox.changed(session, [secret.id])
    assert suggest("order lamp zorblac ") == suggest("order lamp qwertzy ")
    assert keys(suggest("order lamp zorblac ")) == ["order-a-lamp"]


def test_without_an_index_there_are_still_teams_and_topics(
    write_article: Callable[..., Article], suggest: Suggest
) -> None:
    write_article("Pay day", topic="hr/pay")
    found = suggest("pay")
    assert [one.kind for one in found] == [TEAM, TOPIC]


def test_few_statements_whatever_is_found(
    people: SimpleNamespace,
    library: None,
    suggest: Suggest,
    statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    for text in ("reset pass", "pay", "it", "zebra ", "order a lamp"):
        suggest(text)
        with statements() as found:
            suggest(text)
        beside = [one for one in found if "FROM audience" not in one and "FROM membership" not in one]
        assert len([one for one in beside if "FROM person" not in one]) <= 2, beside


# -- the address --------------------------------------------------------------------------------


def test_the_answer_is_json_that_nobody_keeps(
    people: SimpleNamespace, client_for: ClientFor, library: None
) -> None:
    answer = client_for(people.ana).get("/search/suggest?q=reset+pass")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert json.loads(answer.text) == {
        "groups": [
            {
                "label": "Articles",
                "items": [
                    {
                        "parts": [["Reset", True], [" your ", False], ["pass", True], ["word", False]],
                        "note": "Accounts",
                        "url": "/articles/reset-your-password",
                    }
                ],
            }
        ]
    }


def test_a_title_in_another_language_says_so(
    session: Session, people: SimpleNamespace, client_for: ClientFor, write_article: Callable[..., Article],
    index: Callable[[], object],
) -> None:  # fmt: skip
    article = write_article("Urlaub beantragen")
    assert article.live is not None
    article.live.language = "de"
    session.commit()
    index()
    groups = json.loads(client_for(people.ana).get("/search/suggest?q=urlaub").text)["groups"]
    assert groups[0]["items"][0]["lang"] == "de"


def test_every_suggestion_opens(people: SimpleNamespace, client_for: ClientFor, library: None) -> None:
    client = client_for(people.ana)
    opened = 0
    for text in ("reset", "it", "people", "hr"):
        for group in json.loads(client.get(f"/search/suggest?q={text}").text)["groups"]:
            for item in group["items"]:
                client.get(item["url"])
                opened += 1
    assert opened >= 5


def test_typing_is_no_search(
    session: Session, people: SimpleNamespace, client_for: ClientFor, library: None
) -> None:
    client_for(people.ana).get("/search/suggest?q=reset+pass")
    session.commit()
    assert session.scalar(sa.select(sa.func.count()).select_from(SearchEvent)) == 0


def test_what_colleagues_typed_is_not_suggested(
    people: SimpleNamespace, client_for: ClientFor, library: None
) -> None:
    client_for(people.ben).get("/search?q=lampshade+of+my+manager")
    assert "shade" not in client_for(people.ana).get("/search/suggest?q=lamp").text


def test_nobody_is_told_anything_before_signing_in(client: PageClient, library: None) -> None:
    assert client.get("/search/suggest?q=reset", status=302).location.startswith("/sign-in")


def test_hostile_text_gets_an_answer(
    people: SimpleNamespace, client_for: ClientFor, library: None, shared_dir: Path
) -> None:
    client = client_for(people.ana)
    client.get("/search/suggest")
    cases = json.loads((shared_dir / "payloads/own/search_query_fuzz.json").read_text())
    for case in cases[::3]:
        answer = client.get(f"/search/suggest?q={quote(spelled_out(case, 'q')[:2000])}")
        groups = json.loads(answer.text)["groups"]
        assert sum(len(group["items"]) for group in groups) <= MOST
