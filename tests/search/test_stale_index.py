"""While the index has not followed a change yet, nothing of what was taken away shows."""

from collections.abc import Callable
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from portal.accounts import audiences
from portal.accounts.models import Membership, Person, Site
from portal.articles.models import Article, State
from portal.indexing import outbox
from portal.search import services
from tests.support.client import PageClient


@pytest.mark.parametrize("change", ["audience", "archived"])
def test_words_of_an_article_that_was_taken_away_are_no_corrections(
    app: Flask,
    session: Session,
    people: SimpleNamespace,
    write_article: Callable[..., Article],
    flask_command: Callable[..., object],
    change: str,
) -> None:
    write_article("Order a lamp", body="From the shop.")
    secret = write_article("Project zorblax", body="lamp")
    flask_command("index", "sync")
    engine = app.extensions["engine"]
    before = services.ask(session, engine, "zorblac", by=people.ana)
    assert before.corrections == (("zorblac", "zorblax"),)
    if change == "audience":
        secret.audience_id = audiences.of_rules(session, {"countries": ["US"]}).id
    else:
        secret.state = State.ARCHIVED
    session.commit()
    for question in ("zorblac", "lamp zorblac"):
        answer = services.ask(session, engine, question, by=people.ana)
        assert "project-zorblax" not in [hit.slug for hit in answer.hits]
        assert answer.corrections == ()
        assert answer.count == len(answer.hits)


def _nothing_shows(client: PageClient) -> None:
    """Neither a title nor a word, count, filter or correction of the article shows anywhere."""
    for address in (
        "/search?q=zorblax",
        "/search?q=zorblac",
        "/search?q=zorblax&exact=1",
        "/search?q=lamp",
        "/search?q=lamp&page=2",
        "/search/suggest?q=zorb",
        "/search/suggest?q=zorblac+",
        "/search/suggest?q=project",
        "/",
    ):
        page = client.get(address)
        typed = parse_qs(urlsplit(address).query).get("q", ["?"])[0].strip()
        assert "zorblax" not in page.text.replace(typed, "").lower(), address
    lamps = client.get("/search?q=lamp")
    assert lamps.texts("li.result h2") == ["Order a lamp"]
    assert "1 article" in lamps.words
    assert lamps.select(".filter") == []


@pytest.mark.parametrize("change", ["membership", "site", "audience", "archived"])
def test_who_may_not_see_it_any_more_meets_nothing_of_it_on_any_page(
    session: Session,
    people: SimpleNamespace,
    client_for: Callable[[Person], PageClient],
    write_article: Callable[..., Article],
    flask_command: Callable[..., object],
    change: str,
) -> None:
    write_article("Order a lamp", body="From the shop.")
    author = change == "membership"
    rules = {"countries": ["US"]} if author else {"sites": ["leeds"]}
    secret = write_article("Project zorblax", body="The lamp project.", topic="hr/pay", audience=rules)
    flask_command("index", "sync")
    client = client_for(people.eva if author else people.ana)
    assert "Project zorblax" in client.get("/search?q=lamp").texts("li.result h2")
    assert "zorblax" in client.get("/search/suggest?q=zorb").text
    if change == "membership":
        session.delete(session.scalars(sa.select(Membership).where(Membership.person == people.eva)).one())
    elif change == "site":
        people.ana.site = session.scalars(sa.select(Site).where(Site.slug == "hamburg")).one()
    elif change == "audience":
        secret.audience_id = audiences.of_rules(session, {"countries": ["US"]}).id
        outbox.changed(session, [secret.id])
    else:
        secret.state = State.ARCHIVED
        outbox.changed(session, [secret.id])
    session.commit()
    _nothing_shows(client)


def test_who_is_deactivated_is_answered_nothing(
    session: Session,
    people: SimpleNamespace,
    client_for: Callable[[Person], PageClient],
    write_article: Callable[..., Article],
    flask_command: Callable[..., object],
) -> None:
    write_article("Order a lamp", body="From the shop.")
    flask_command("index", "sync")
    clients = {name: client_for(getattr(people, name)) for name in ("ana", "ada")}
    for person in (people.ana, people.ada):
        person.active = False
    session.commit()
    for name, address in (
        ("ana", "/search?q=lamp"),
        ("ana", "/search/suggest?q=lamp"),
        ("ada", "/admin/search/explain?q=lamp"),
        ("ada", "/admin/search/questions"),
        ("ada", "/admin/search/golden"),
    ):
        page = clients[name].get(address, status=302)
        assert "/sign-in" in page.location
        assert "Order a lamp" not in page.text
