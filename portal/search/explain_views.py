"""The page that shows why a question is answered as it is."""

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from portal.accounts import login
from portal.accounts.models import Person
from portal.accounts.queries import person_by_email
from portal.db import db
from portal.indexing.engine import EngineError, SearchEngine
from portal.search import explanation, probing
from portal.search.confidence import DOUBTS
from portal.search.explained import Explained
from portal.search.tuning_forms import shown
from portal.search.understanding import MAX_CHARS

ENGINE = "engine"
LONGEST_ADDRESS = 500


def add_to(blueprint: Blueprint) -> None:
    """Give the address of this module to `blueprint`."""
    blueprint.add_url_rule("/explain", view_func=explain)


def explain() -> ResponseReturnValue:
    """Why the question `q` is answered as it is when `as` (an e-mail address; by default a plain
    employee) asks it, and why `article` stands where it does. Nothing of it counts as a search."""
    session, me = db.session(), login.current_person()
    q, email = _argument("q", MAX_CHARS), _argument("as", LONGEST_ADDRESS)
    slug = explanation.slug_of(_argument("article", LONGEST_ADDRESS))
    plain = probing.plain_employee(session)
    person = person_by_email(session, email) if email else plain or me
    person = person if person is not None and person.active else None
    found, answered = _explained(session, q, slug, person) if q and person is not None else (None, True)
    page = render_template(
        "tuning/explain.html",
        q=q,
        email=email,
        slug=slug,
        person=person,
        plain=plain is not None,
        found=found,
        answered=answered,
        doubts=DOUBTS,
        top=max((hit.score for hit in found.hits), default=0.0) if found else 0.0,
    )
    return page, 200 if answered else 503


def _argument(name: str, most: int) -> str:
    return (shown(request.args.get(name)) or "").strip()[:most]


def _explained(session: Session, q: str, slug: str, person: Person) -> tuple[Explained | None, bool]:
    """The explanation, and whether the index answered."""
    engine: SearchEngine = current_app.extensions[ENGINE]
    try:
        return explanation.explain(session, engine, q, by=person, slug=slug), True
    except EngineError:
        current_app.logger.exception("the index did not answer; nothing can be explained")
        return None, False
