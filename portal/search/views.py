"""Home, results, and saying that the answer was not there."""

import time

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts import login
from portal.articles import queries
from portal.articles.queries import Teaser
from portal.db import db, unit_of_work
from portal.indexing.engine import SearchEngine
from portal.search import events, popular, services
from portal.search.services import Answer
from portal.search.understanding import MAX_CHARS

ENGINE = "engine"
TOP_TASKS = 8
FRESH = 4

blueprint = Blueprint("search", __name__)


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """The search box, what colleagues look up most, topics, what is new."""
    person, session = login.current_person(), db.session()
    return render_template(
        "search/home.html",
        name=person.name.split()[0],
        topics=[(node, node.count) for node in queries.topic_tree(session, by=person)],
        popular=popular.top_articles(session, by=person, limit=TOP_TASKS),
        fresh=[
            Teaser(article.slug, article.live.title, article.live.answer, article.live.language)
            for article in queries.recently_updated(session, by=person, limit=FRESH)
            if article.live is not None
        ],
    )


@blueprint.get("/search")
def results() -> ResponseReturnValue:
    """The answers to `q`; the search is logged once it has settled, not again on Back or reload."""
    text = _typed(request.args.get("q", ""))
    person, session = login.current_person(), db.session()
    if not text:
        topics = queries.topic_tree(session, by=person)
        return render_template("search/results.html", q="", topics=[(node, node.count) for node in topics])
    engine: SearchEngine = current_app.extensions[ENGINE]
    began = time.perf_counter()
    answer = services.ask(session, engine, text, by=person)
    ms = round((time.perf_counter() - began) * 1000)
    before = events.same_search(session, query=text, by=person)
    need = before.need if before else events.new_need()
    page = render_template(
        "search/results.html",
        q=text,
        cut=text != _line(request.args["q"]),
        need=need,
        answer=answer,
        team=services.team_to_ask(session, text, answer),
        topics=[(node, node.count) for node in queries.topic_tree(session, by=person)],
    )
    if before is None:  # last, because a write ends what was read
        _log(text, answer, ms, need, person.id)
    return page


def _log(text: str, answer: Answer, ms: int, need: str, person_id: int) -> None:
    with unit_of_work() as session:
        events.log_search(
            session,
            query=text,
            top=[hit.slug for hit in answer.hits],
            count=answer.count,
            confidence=answer.confidence,
            ms=ms,
            need=need,
            person_id=person_id,
        )


@blueprint.post("/search/not-found")
def not_found() -> ResponseReturnValue:
    """Note that the person did not find it, and say what happens now."""
    text, need = _typed(request.form.get("q", "")), _typed(request.form.get("need", ""))[:36]
    with unit_of_work() as session:
        events.log_not_found(session, need=need, query=text, by=login.current_person())
    flash("Noted: the teams see that an answer is missing. The team named here can help you now.", "good")
    return redirect(url_for("search.results", q=text))


def _typed(text: str) -> str:
    """What was typed, on one line, cut between words when it is longer than a question can be;
    without NUL, which PostgreSQL refuses."""
    text = _line(text)
    if len(text) <= MAX_CHARS:
        return text
    return text[: MAX_CHARS + 1].rpartition(" ")[0] or text[:MAX_CHARS]


def _line(text: str) -> str:
    return " ".join(text.replace("\x00", " ").split())
