"""While the index has not followed a change yet, nothing of what was taken away shows."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from portal.accounts import audiences
from portal.articles.models import Article, State
from portal.search import services


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
