"""Asking: what is found, what is shown of it, and what never is."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from portal.articles.models import Article, State
from portal.indexing.engine import SearchEngine
from portal.search import services
from portal.search.confidence import confidence

BODY = """Have your badge at hand.

## On the phone

Open the lantern app and choose **Forgot password**.

## At the desk

Ask the wick keeper.
"""


@pytest.fixture
def engine(app: Flask) -> SearchEngine:
    found: SearchEngine = app.extensions["engine"]
    return found


@pytest.fixture
def index(flask_command: Callable[..., object]) -> Callable[[], object]:
    return lambda: flask_command("index", "sync")


def test_the_article_opens_at_the_section_that_answers(
    session: Session,
    engine: SearchEngine,
    people: SimpleNamespace,
    write_article: Callable[..., Article],
    index,
) -> None:
    write_article("Reset your password", body=BODY)
    write_article("Order a lamp", body="From the shop.")
    index()
    answer = services.ask(session, engine, "where is the wick keeper for my password", by=people.ana)
    first = answer.hits[0]
    assert (first.slug, first.anchor, first.section_heading) == (
        "reset-your-password",
        "s-at-the-desk",
        "At the desk",
    )
    assert ("wick", True) in first.snippet
    assert first.topic_name == "Accounts"
    assert first.rank == 1
    assert not first.partial
    assert answer.count == 1


def test_only_the_first_results_have_a_passage(
    session: Session,
    engine: SearchEngine,
    people: SimpleNamespace,
    write_article: Callable[..., Article],
    index,
) -> None:
    for number in range(services.SNIPPETS + 2):
        write_article(f"Order a lamp {number}", body="A lamp from the shop.")
    index()
    answer = services.ask(session, engine, "lamp", by=people.ana)
    assert [bool(hit.snippet) for hit in answer.hits] == [True] * services.SNIPPETS + [False] * 2


def test_an_article_that_only_shares_a_little_is_labelled(
    session: Session,
    engine: SearchEngine,
    people: SimpleNamespace,
    write_article: Callable[..., Article],
    index,
) -> None:
    write_article("Order a lamp", body="From the shop.")
    index()
    answer = services.ask(session, engine, "lamp zebra giraffe elephant", by=people.ana)
    assert answer.hits[0].partial
    assert answer.weak


def test_when_nothing_matches_the_closest_words_are_tried(
    session: Session,
    engine: SearchEngine,
    people: SimpleNamespace,
    write_article: Callable[..., Article],
    index,
) -> None:
    write_article("Order a lamp", body="From the shop.")
    index()
    answer = services.ask(session, engine, "lam", by=people.ana)
    assert [hit.slug for hit in answer.hits] == ["order-a-lamp"]
    assert answer.corrections == (("lam", "lamp"),)
    assert answer.weak
    assert services.ask(session, engine, "?!", by=people.ana).hits == ()


@pytest.mark.parametrize("index_first", [True, False], ids=["with an index", "without an index"])
def test_what_a_person_may_not_see_is_not_found(
    *, session: Session, engine: SearchEngine, people: SimpleNamespace,
    write_article: Callable[..., Article], index, index_first: bool,
) -> None:  # fmt: skip
    write_article("Lamps for all", body="lamp")
    write_article("Lamps for Germany", body="lamp", audience={"countries": ["DE"]}, team="payroll")
    write_article("Lamps for payroll", body="lamp", audience={"teams": ["payroll"]}, team="it-service-desk")
    write_article("Lamps in the making", body="lamp", state="draft")
    write_article("Lamps of old", body="lamp", state="archived")
    if index_first:
        index()
    found = {
        name: {hit.slug for hit in services.ask(session, engine, "lamp", by=person).hits}
        for name, person in vars(people).items()
    }
    assert found == {
        "ana": {"lamps-for-all"},
        "ben": {"lamps-for-all"},
        "otto": {"lamps-for-all"},
        "gus": {"lamps-for-all", "lamps-for-germany"},
        "eva": {"lamps-for-all", "lamps-for-payroll"},
        "ada": {"lamps-for-all", "lamps-for-germany", "lamps-for-payroll"},
    }
    assert all(
        services.ask(session, engine, "lamp", by=person).count == len(found[name])
        for name, person in vars(people).items()
    )


def test_a_stale_index_does_not_leak(
    session: Session,
    engine: SearchEngine,
    people: SimpleNamespace,
    write_article: Callable[..., Article],
    index,
) -> None:
    """The database decides, whatever the index still holds."""
    article = write_article("Secret lamp", body="lamp")
    index()
    session.execute(sa.update(Article).where(Article.id == article.id).values(state=State.ARCHIVED))
    session.commit()
    answer = services.ask(session, engine, "lamp", by=people.ana)
    assert (answer.hits, answer.count, answer.confidence) == ((), 0, 0.0)


def test_without_an_index_the_database_is_searched(
    session: Session, engine: SearchEngine, people: SimpleNamespace, write_article: Callable[..., Article]
) -> None:
    write_article("Reset your password", body=BODY)
    answer = services.ask(session, engine, "what is the lantern password", by=people.ana)
    assert answer.degraded
    assert [hit.slug for hit in answer.hits] == ["reset-your-password"]
    assert services.ask(session, engine, "100% _", by=people.ana).hits == ()


def test_the_team_to_ask(
    session: Session,
    engine: SearchEngine,
    people: SimpleNamespace,
    write_article: Callable[..., Article],
    index,
) -> None:
    write_article("Payslips", body="lamp", team="payroll")
    for number in range(8):
        write_article(f"Lamp {number}", body="oil wick")
    index()

    def team(text: str) -> str | None:
        answer = services.ask(session, engine, text, by=people.ana)
        found = services.team_to_ask(session, text, answer)
        return found and found.slug

    assert team("payslips") == "payroll"  # a sure first hit
    assert team("zebra giraffe elephant people services oil") == "people-services"  # by its purpose
    assert team("zebra giraffe elephant oil") is None


def test_confidence_grows_with_the_lead_and_the_weight() -> None:
    assert confidence([], 3) == 0
    assert confidence([1.5, 0.2], 3) > confidence([1.5, 1.4], 3)
    assert confidence([1.5], 3) > confidence([1.5], 0.5) > confidence([0.1], 0.5)
