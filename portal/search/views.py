"""Home, results, suggestions, and saying that the answer was not there."""

import time
from dataclasses import replace
from itertools import groupby

from flask import Blueprint, current_app, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from portal.accounts import login
from portal.accounts.models import Person
from portal.articles import queries
from portal.articles.queries import Teaser
from portal.db import db, unit_of_work
from portal.indexing.engine import SearchEngine
from portal.search import asked, events, golden_questions, marking, popular, services, suggestions
from portal.search.asked import Asked
from portal.search.services import Answer
from portal.search.suggestions import TEAM, TOPIC, Suggestion

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
        alerts=golden_questions.alerts(session) if login.allows("admin") else (),
    )


@blueprint.get("/search")
def results() -> ResponseReturnValue:
    """The answers to `q`, whole or filtered; the search is logged once it has settled, not again on
    Back, reload, another filter or more of the list."""
    ask = asked.read(request.args)
    person, session = login.current_person(), db.session()
    topics = queries.topics_at_the_top(session, by=person)
    if not ask.text:
        return render_template("search/results.html", q="", topics=topics)
    began = time.perf_counter()
    answer, ask, dropped = _answer(session, ask, person)
    ms = round((time.perf_counter() - began) * 1000)
    before = events.same_need(session, query=ask.text, by=person)
    need = before or events.new_need()
    page = render_template(
        "search/results.html",
        q=ask.text,
        asked=ask,
        page_size=services.LIMIT,
        dropped=dropped,
        need=need,
        answer=answer,
        words=marking.words_to_mark(answer),
        team=services.team_to_ask(session, ask.text, answer),
        topics=topics,
    )
    if before is None and ask.settled and not dropped:  # last, because a write ends what was read
        _log(ask.text, answer, ms, need, person.id)
    return page


def _answer(session: Session, ask: Asked, person: Person) -> tuple[Answer, Asked, bool]:
    """The answer, and what was asked for in the end: filters that leave nothing are dropped, and whether
    there is nothing to see or no such thing looks the same."""
    engine: SearchEngine = current_app.extensions[ENGINE]
    answer = services.ask(
        session, engine, ask.text, by=person, limit=ask.limit, only=ask.only, exact=ask.exact
    )
    if answer.hits or not ask.only:
        return answer, ask, False
    return _answer(session, replace(ask, only={}), person)[0], replace(ask, only={}), True


@blueprint.get("/search/suggest")
def suggest() -> ResponseReturnValue:
    """What the search box offers for what stands in it so far, as JSON: groups with a label and items,
    each with its title in pieces (text, whether typed), a note, an address, and the title's language when
    it is not that of the page. Not logged."""
    text = request.args.get("q", "").replace("\x00", " ")
    engine: SearchEngine = current_app.extensions[ENGINE]
    found = suggestions.suggest(db.session(), engine, text, by=login.current_person())
    groups = [
        {"label": kind, "items": [_item(one) for one in same]}
        for kind, same in groupby(found, key=lambda one: one.kind)
    ]
    return jsonify(groups=groups), {"Cache-Control": "no-store"}


def _item(one: Suggestion) -> dict[str, object]:
    if one.kind == TEAM:
        url = url_for("accounts.team", slug=one.key)
    elif one.kind == TOPIC:
        url = url_for("articles.topic", path=one.key)
    else:
        url = url_for("articles.show", slug=one.key)
    item: dict[str, object] = {"parts": one.title, "note": one.note, "url": url}
    return {**item, "lang": one.language} if one.language not in ("", "en") else item


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
    text, need = asked.typed(request.form.get("q", "")), asked.typed(request.form.get("need", ""))[:36]
    with unit_of_work() as session:
        events.log_not_found(session, need=need, query=text, by=login.current_person())
    flash("Noted: the teams see that an answer is missing. The team named here can help you now.", "good")
    return redirect(url_for("search.results", q=text))
