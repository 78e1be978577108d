"""Adding, changing, removing and undoing rules: each is shown with what it would change before it is saved.

Nothing typed is ever lost: whatever refuses a form gives it back with everything in it.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import OperationalError

from portal.accounts import login
from portal.db import db, unit_of_work
from portal.errors import Conflict, Invalid
from portal.indexing.engine import EngineError, SearchEngine
from portal.search import picking, preview, tuning
from portal.search.models import RuleState, TuningRule
from portal.search.preview import Comparison
from portal.search.tuning_checks import Content
from portal.search.tuning_forms import PickForm, RuleForm, Section, StepForm, section_at, section_of, shown

log = logging.getLogger(__name__)

ENGINE = "engine"
QUESTIONS: Final = Path(__file__).resolve().parents[2] / "content" / "questions"
BUSY = "The portal is busy and nothing is saved yet. Wait a minute and save again."
AGAIN = "Somebody else changed a rule after you looked. This is what would happen now."

Change = Mapping[int, Content | None]


def add_to(blueprint: Blueprint) -> None:
    """Give the addresses of this module to `blueprint`."""
    both = ["GET", "POST"]
    blueprint.add_url_rule("/<slug>/new", view_func=add, methods=both)
    blueprint.add_url_rule("/rules/<int(max=2147483647):number>", view_func=change, methods=both)
    blueprint.add_url_rule("/rules/<int(max=2147483647):number>/remove", view_func=remove, methods=both)
    blueprint.add_url_rule("/changes/<int(max=2147483647):number>/undo", view_func=undo, methods=both)


def _engine() -> SearchEngine:
    found: SearchEngine = current_app.extensions[ENGINE]
    return found


# --- adding and changing ---------------------------------------------------------------------


def add(slug: str) -> ResponseReturnValue:
    """The form for a new rule; the address may hold `words`, or a `question` that it is for."""
    section = section_at(slug)
    form = section.form()
    if request.method == "POST":
        return _sent(form, section, None)
    form.words.data = shown(request.args.get("words"))
    return _editor(form, section, None)


def change(number: int) -> ResponseReturnValue:
    """The form with a rule as it is."""
    session = db.session()
    if request.method == "POST":
        rule = tuning.find(session, number, removed=True)
        section = section_of(rule.kind)
        return _sent(section.form(), section, rule)
    rule = tuning.find(session, number)
    section = section_of(rule.kind)
    form = section.form()
    form.fill(tuning.content_of(rule), slug=rule.article.slug if rule.article else "")
    form.version.data = str(rule.version)
    return _editor(form, section, rule)


def _sent(form: RuleForm, section: Section, rule: TuningRule | None) -> ResponseReturnValue:
    """Do what the button says with a form that was sent."""
    session, me = db.session(), login.current_person()
    action = request.form.get("action", "preview")
    if action in ("edit", "find"):
        return _editor(form, section, rule)
    if rule is not None and _newer(rule, form):
        return _conflict(form, section, rule)
    article = picking.article_id(session, form.article.data, by=me) if isinstance(form, PickForm) else None
    try:
        content = tuning.check(
            session, form.content(article), by=me, instead_of=rule.id if rule is not None else None
        )
    except Invalid as error:
        form.take_errors(error)
        return _editor(form, section, rule), 422
    if action == "save" and form.stamp.data == tuning.stamp(session):
        return _saved(form, section, rule, content)
    return _before_saving(form, section, rule, content, again=action == "save")


def _newer(rule: TuningRule, form: RuleForm) -> bool:
    return rule.state is RuleState.REMOVED or rule.version != form.seen


def _saved(
    form: RuleForm, section: Section, rule: TuningRule | None, content: Content
) -> ResponseReturnValue:
    """Save, and lead back to the list; what refuses it becomes a message on the form."""
    number = rule.id if rule is not None else 0
    try:
        with unit_of_work() as session:
            me = login.current_person()
            if number:
                known = tuning.find(session, number, removed=True)
                tuning.change(session, known, content, version=form.seen, by=me)
            else:
                tuning.add(session, content, by=me)
    except Conflict:
        return _conflict(form, section, tuning.find(db.session(), number, removed=True))
    except Invalid as error:
        form.take_errors(error)
        return _editor(form, section, _again(number)), 422
    except OperationalError:
        form.form_errors.append(BUSY)
        return _editor(form, section, _again(number)), 503
    flash("Saved. It counts from the next question on.", "good")
    return redirect(url_for("search_admin.rules", slug=section.slug))


def _again(number: int) -> TuningRule | None:
    return tuning.find(db.session(), number, removed=True) if number else None


def _editor(form: RuleForm, section: Section, rule: TuningRule | None) -> str:
    """The form's page."""
    question = (shown(request.args.get("question")) or "").strip()[:300]
    if isinstance(form, PickForm):
        typed = form.find.data or question or " ".join((form.words.data or "").split("\n")[:1])
        form.offer(
            picking.choices(
                db.session(), _engine(), typed, chosen=form.article.data, by=login.current_person()
            )
        )
    return render_template("tuning/edit.html", form=form, section=section, rule=rule, question=question)


def _before_saving(
    form: RuleForm, section: Section, rule: TuningRule | None, content: Content, *, again: bool
) -> str:
    """The page that shows what would change, with all that was typed."""
    form.stamp.data = tuning.stamp(db.session())
    before = tuning.content_of(rule) if rule is not None else None
    return render_template(
        "tuning/preview.html",
        step="save",
        form=form,
        section=section,
        before=before,
        after=content,
        comparison=_compare({rule.id if rule is not None else 0: content}),
        notice=AGAIN if again else "",
        back=None,
        titles=picking.titles_of(db.session(), [content, before]),
    )


def _compare(change: Change) -> Comparison | None:
    """What the change would do; None while the index does not answer."""
    try:
        return preview.of_change(db.session(), _engine(), change, folder=QUESTIONS, by=login.current_person())
    except EngineError:
        log.exception("the index did not answer; no preview")
        return None


def _conflict(form: RuleForm, section: Section, rule: TuningRule) -> ResponseReturnValue:
    """What the other saved beside what was typed here, above a form that holds the latter."""
    form.version.data = str(rule.version)
    me = login.current_person()
    if isinstance(form, PickForm):
        form.offer(picking.choices(db.session(), _engine(), "", chosen=form.article.data, by=me))
    article = (
        picking.article_id(db.session(), form.article.data, by=me) if isinstance(form, PickForm) else None
    )
    mine, theirs = form.content(article), tuning.content_of(rule)
    page = render_template(
        "tuning/conflict.html",
        form=form,
        section=section,
        rule=rule,
        removed=rule.state is RuleState.REMOVED,
        theirs=theirs,
        mine=mine,
        titles=picking.titles_of(db.session(), [mine, theirs]),
    )
    return page, 409


# --- removing and undoing --------------------------------------------------------------------


def remove(number: int) -> ResponseReturnValue:
    """What would change without the rule, and the button that removes it."""
    session = db.session()
    rule, form = tuning.find(session, number), StepForm()
    section = section_of(rule.kind)
    notice = ""
    if request.method == "POST":
        if form.seen == rule.version and form.stamp.data == tuning.stamp(session):
            return _removed(number, form.seen, section)
        notice = AGAIN
    form = StepForm(formdata=None)
    form.version.data = str(rule.version)
    return _step_page("remove", section, form, {number: None}, before=tuning.content_of(rule), notice=notice)


def _removed(number: int, version: int, section: Section) -> ResponseReturnValue:
    with unit_of_work() as session:
        rule = tuning.find(session, number)
        tuning.remove(session, rule, version=version, by=login.current_person())
    flash("Removed. You can undo it among the changes.", "good")
    return redirect(url_for("search_admin.rules", slug=section.slug))


def undo(number: int) -> ResponseReturnValue:
    """What would change if a change were taken back, and the button that does it."""
    session, me = db.session(), login.current_person()
    entry, form = tuning.find_change(session, number), StepForm()
    section = section_of(entry.change.rule.kind)
    try:
        tuning.check_undo(session, entry, by=me)
        if request.method == "POST" and form.stamp.data == tuning.stamp(session):
            return _undone(number)
    except (Conflict, Invalid) as error:
        titles = picking.titles_of(session, [entry.before, entry.after])
        page = render_template(
            "tuning/refused.html", entry=entry, error=str(error), section=section, titles=titles
        )
        return page, 409
    notice = AGAIN if request.method == "POST" else ""
    change = {entry.change.rule_id: entry.before}
    return _step_page("undo", section, StepForm(formdata=None), change, before=entry.after, notice=notice)


def _undone(number: int) -> ResponseReturnValue:
    with unit_of_work() as session:
        tuning.undo(session, tuning.find_change(session, number).change, by=login.current_person())
    flash("Undone. It counts from the next question on.", "good")
    return redirect(url_for("search_admin.changes"))


def _step_page(
    step: str, section: Section, form: StepForm, change: Change, *, before: Content | None, notice: str
) -> str:
    """The page that shows what a step without a form would change, with its button."""
    form.stamp.data = tuning.stamp(db.session())
    after = next(iter(change.values()))
    home = url_for("search_admin.rules", slug=section.slug)
    return render_template(
        "tuning/preview.html",
        step=step,
        form=form,
        section=section,
        before=before,
        after=after,
        comparison=_compare(change),
        notice=notice,
        back=home if step == "remove" else url_for("search_admin.changes"),
        titles=picking.titles_of(db.session(), [before, after]),
    )
