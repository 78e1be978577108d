"""Tuning for admins: what there is, what was changed, and what keeps typed text from being lost.

Changing rules is in `rule_views`, watched questions and the log are in `golden_views`.
"""

from collections.abc import Mapping

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError

from portal.accounts import login
from portal.db import db
from portal.search import explain_views, golden_questions, golden_views, picking, recent, rule_views, tuning
from portal.search.models import RuleKind, TuningRule
from portal.search.tuning import Entry
from portal.search.tuning_forms import section_at, shown
from portal.web.errors import error_page
from portal.web.pages import Page, page_number

blueprint = Blueprint("search_admin", __name__, url_prefix="/admin/search")
explain_views.add_to(blueprint)
golden_views.add_to(blueprint)
rule_views.add_to(blueprint)

PAGE_SIZE = 50
LATEST = 8
EDITORS = ("search_admin.add", "search_admin.change", "search_admin.golden_add")
STALE = "This page was open for too long. Go back, reload it and try again."


# --- lists -----------------------------------------------------------------------------------


@blueprint.get("")
def overview() -> ResponseReturnValue:
    """What there is, what needs looking at, what was changed last."""
    session, me = db.session(), login.current_person()
    entries, _ = tuning.changes(session, limit=LATEST)
    weak = recent.questions(session, show="weak", limit=0, by=me)[1]
    return render_template(
        "tuning/overview.html",
        counts=tuning.counts(session),
        kinds=RuleKind,
        golden=len(golden_questions.listed(session)),
        alerts=golden_questions.alerts(session),
        asked=recent.questions(session, limit=0, by=me)[1],
        weak=weak,
        entries=entries,
        titles=_titles(entries),
    )


@blueprint.get("/<slug>")
def rules(slug: str) -> ResponseReturnValue:
    """The rules of one list, those that hold the words of `q`."""
    section = section_at(slug)
    q = (shown(request.args.get("q")) or "")[:100].strip()
    every = tuning.listed(db.session(), section.kinds)
    found = [rule for rule in every if _holds(rule, q)]
    page = Page(page_number(), PAGE_SIZE, len(found))
    return render_template(
        "tuning/rules.html",
        section=section,
        rules=found[page.offset : page.offset + PAGE_SIZE],
        total=len(every),
        page=page,
        q=q,
    )


def _holds(rule: TuningRule, words: str) -> bool:
    texts = [*rule.words, *rule.means]
    if rule.article is not None and rule.article.live is not None:
        texts.append(rule.article.live.title)
    return words.casefold() in "\n".join(texts).casefold()


@blueprint.get("/changes")
def changes() -> ResponseReturnValue:
    """All changes, the newest first."""
    number = page_number()
    entries, total = tuning.changes(db.session(), limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
    return render_template(
        "tuning/changes.html", entries=entries, page=Page(number, PAGE_SIZE, total), titles=_titles(entries)
    )


def _titles(entries: list[Entry]) -> Mapping[int, str]:
    return picking.titles_of(db.session(), [one for entry in entries for one in (entry.before, entry.after)])


# --- what must not be lost -------------------------------------------------------------------


@blueprint.before_app_request
def _keep_when_signed_out() -> ResponseReturnValue | None:
    """Runs before the guard sends somebody who is not signed in any more to the sign-in page."""
    if request.method == "POST" and request.endpoint in EDITORS and not login.signed_in():
        return _kept()
    return None


@blueprint.errorhandler(CSRFError)
def _stale_token(_error: CSRFError) -> ResponseReturnValue:
    """What was sent, to be sent again with a fresh token. It comes before the guard, so it guards itself."""
    if request.endpoint not in EDITORS:
        return error_page(400, detail=STALE)
    if login.signed_in() and not login.allows("admin"):
        return error_page(404)
    return _kept()


def _kept() -> ResponseReturnValue:
    """All that was sent, to be sent again. Shows nothing that the sender did not send."""
    fields = [
        (shown(name) or "", shown(value) or "")
        for name, values in request.form.lists()
        if name not in ("csrf_token", "action")
        for value in values
    ]
    return render_template("tuning/kept.html", fields=fields, signed_in=login.signed_in()), 400
