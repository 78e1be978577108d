"""Asking: what is found, what is shown of it, and what never is."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from portal.accounts import audiences
from portal.articles.models import Article, State
from portal.indexing import outbox
from portal.indexing.engine import SearchEngine
from portal.search import services
from portal.search.confidence import confidence
from portal.search.rules import Bet, Rules, Synonym

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


def test_synonyms_find_and_mark_and_the_very_words_do_not(
    session: Session,
    engine: SearchEngine,
    people: SimpleNamespace,
    write_article: Callable[..., Article],
    index,
) -> None:
    write_article("Order a lamp", body="A lamp from the shop, with a glass chimney.")
    write_article("Oil", body="For the lantern.")
    index()
    rules = Rules(synonyms=(Synonym(("lantern",), ("lamp", "glass chimney")),))
    plain = services.ask(session, engine, "lantern", by=people.ana)
    assert [hit.slug for hit in plain.hits] == ["oil"]
    found = services.ask(session, engine, "lantern", by=people.ana, rules=rules)
    assert {hit.slug for hit in found.hits} == {"oil", "order-a-lamp"}
    assert found.synonyms == (("lantern", "lamp"), ("lantern", "glass chimney"))
    lamp = next(hit for hit in found.hits if hit.slug == "order-a-lamp")
    assert {text for text, marked in lamp.snippet if marked} == {"lamp", "glass", "chimney"}
    exact = services.ask(session, engine, "lantern", by=people.ana, rules=rules, exact=True)
    assert exact.hits == plain.hits


def test_what_is_recommended_comes_first_for_its_question_alone(
    session: Session,
    engine: SearchEngine,
    people: SimpleNamespace,
    write_article: Callable[..., Article],
    index,
) -> None:
    write_article("Order a lamp", body="From the shop.")
    write_article("Lamp oil", body="For the lamp.")
    other = write_article("Sick leave", body="Call your team.")
    secret = write_article("Secret lamp", body="Hidden.", audience={"teams": ["payroll"]})
    index()
    rules = Rules(bets=(Bet("ordering lamps", secret.id), Bet("order lamp", other.id)))
    answer = services.ask(session, engine, "How do I order a lamp?", by=people.ana, rules=rules)
    first = answer.hits[0]
    assert (first.slug, first.recommended, first.rank) == ("sick-leave", True, 1)
    assert [hit.slug for hit in answer.hits].count("sick-leave") == 1
    assert answer.count == len(answer.hits) == 3
    assert answer.confidence >= services.BET_CONFIDENCE
    admin = services.ask(session, engine, "order a lamp", by=people.ada, rules=rules)
    assert [hit.slug for hit in admin.hits if hit.recommended] == ["secret-lamp", "sick-leave"]
    for text in ("order a lamp stand", "lamp"):
        assert not any(
            h.recommended for h in services.ask(session, engine, text, by=people.ana, rules=rules).hits
        )
    only = {"topic": str(other.topic_id + 1000)}
    assert services.ask(session, engine, "order a lamp", by=people.ana, rules=rules, only=only).hits == ()


def test_the_number_of_articles_is_the_same_on_every_page_with_a_recommended_one_far_down(
    session: Session,
    engine: SearchEngine,
    people: SimpleNamespace,
    write_article: Callable[..., Article],
    index,
) -> None:
    for number in range(14):
        write_article(f"Lamp {number}", body="lamp")
    deep = write_article("Opening hours", body="Many other things. " * 40 + "One lamp.")
    other = write_article("Sick leave", body="Call your team.")
    index()
    for bet, count in ((deep, 15), (other, 16)):
        rules = Rules(bets=(Bet("lamp", bet.id),))
        answers = [
            services.ask(session, engine, "lamp", by=people.ana, rules=rules, limit=limit)
            for limit in (10, 20)
        ]
        assert [(answer.count, answer.hits[0].slug) for answer in answers] == [(count, bet.slug)] * 2


def test_a_synonym_of_several_words_is_named_only_when_an_article_holds_all_of_it(
    session: Session,
    engine: SearchEngine,
    people: SimpleNamespace,
    write_article: Callable[..., Article],
    index,
) -> None:
    write_article("Order a lamp", body="From the shop, by wi-fi.")
    write_article("Zorblax", body="The zorblax lamp.", audience={"teams": ["payroll"]})
    index()
    rules = Rules(synonyms=(Synonym(("desk",), ("zorblax lamp", "wi-fi")),))
    answer = services.ask(session, engine, "desk lamp", by=people.ana, rules=rules)
    assert answer.synonyms == (("desk", "wi-fi"),)
    admin = services.ask(session, engine, "desk lamp", by=people.ada, rules=rules)
    assert ("desk", "zorblax lamp") in admin.synonyms


@pytest.mark.parametrize("quotes", ['""', "“”", "„“", "«»"])
@pytest.mark.parametrize("exact", [False, True])
def test_words_in_quotes_that_stand_nowhere_together_are_searched_for_apart(
    session: Session,
    engine: SearchEngine,
    people: SimpleNamespace,
    write_article: Callable[..., Article],
    index,
    quotes: str,
    exact: bool,
) -> None:
    write_article("Order a lamp", body="From the shop.")
    write_article("Secret", body="A lamp order.", audience={"teams": ["payroll"]})
    index()
    together = services.ask(session, engine, quotes[0] + "a lamp" + quotes[1], by=people.ana, exact=exact)
    assert ([hit.slug for hit in together.hits], together.apart) == (["order-a-lamp"], False)
    text = f"{quotes[0]}lamp order{quotes[1]}"
    answer = services.ask(session, engine, text, by=people.ana, exact=exact)
    assert ([hit.slug for hit in answer.hits], answer.apart) == (["order-a-lamp"], True)
    assert answer.weak
    admin = services.ask(session, engine, text, by=people.ada, exact=exact)
    assert ([hit.slug for hit in admin.hits], admin.apart) == (["secret"], False)
    nothing = services.ask(session, engine, '"giraffe 4711"', by=people.ana, exact=True)
    assert (nothing.hits, nothing.apart) == ((), False)


def test_facets_count_what_the_person_may_see_and_name_it(
    session: Session,
    engine: SearchEngine,
    people: SimpleNamespace,
    write_article: Callable[..., Article],
    index,
) -> None:
    write_article("Lamp one", body="A lamp.", topic="it/accounts")
    write_article("Lamp two", body="A lamp.", topic="hr/pay", audience={"countries": ["GB"]})
    write_article("Lamp three", body="A lamp.", topic="hr/pay", audience={"teams": ["payroll"]})
    index()

    def counts(only: dict[str, str]) -> dict[str, dict[str, int]]:
        answer = services.ask(session, engine, "lamp", by=people.ana, only=only)
        return {facet.name: {one.label: one.count for one in facet.values} for facet in answer.facets}

    assert counts({})["topic"] == {"Accounts": 1, "Pay": 1}
    pay = next(
        one.value
        for facet in services.ask(session, engine, "lamp", by=people.ana).facets
        for one in facet.values
        if one.label == "Pay"
    )
    chosen = services.ask(session, engine, "lamp", by=people.ana, only={"topic": pay})
    assert [hit.slug for hit in chosen.hits] == ["lamp-two"]
    assert counts({"topic": pay})["topic"] == {"Accounts": 1, "Pay": 1}
    topic = next(facet for facet in chosen.facets if facet.name == "topic")
    assert [one.label for one in topic.values if one.chosen] == ["Pay"]


def test_what_was_hidden_a_moment_ago_is_in_no_count_while_the_index_still_holds_it(
    session: Session,
    engine: SearchEngine,
    people: SimpleNamespace,
    write_article: Callable[..., Article],
    index,
) -> None:
    for number in range(3):
        write_article(f"Lamp {number}", body="A lamp.")
    secret = write_article("Lamp for the vault", body="A lamp in the vault.", topic="hr/pay")
    index()
    before = services.ask(session, engine, "lamp", by=people.ana, limit=2)
    assert (before.count, [facet.name for facet in before.facets]) == (4, ["topic"])
    secret.audience_id = audiences.of_rules(session, {"countries": ["US"]}).id
    outbox.changed(session, [secret.id])
    session.commit()
    after = services.ask(session, engine, "lamp", by=people.ana, limit=2)
    assert (after.count, after.facets) == (3, ())
    assert services.ask(session, engine, "vault", by=people.ana).hits == ()
    assert services.ask(session, engine, "vualt", by=people.ana).corrections == ()
