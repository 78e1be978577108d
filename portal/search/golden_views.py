"""Pages about questions: those that admins watch, and those people asked lately."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import OperationalError

from portal.accounts import login
from portal.db import db, unit_of_work
from portal.errors import Invalid
from portal.indexing.engine import EngineError, SearchEngine
from portal.search import golden_questions, picking, recent
from portal.search.tuning_forms import GoldenForm, shown
from portal.web.pages import Page, page_number

ENGINE = "engine"
EXPLAIN = "search_admin.explain"
PAGE_SIZE = 50
NO_INDEX = "The index does not answer now, so nothing was asked. Try again in a minute."
BUSY = "The portal is busy and nothing is saved yet. Wait a minute and save again."


def add_to(blueprint: Blueprint) -> None:
    """Give the addresses of this module to `blueprint`."""
    blueprint.add_url_rule("/golden", view_func=golden)
    blueprint.add_url_rule("/golden/new", view_func=golden_add, methods=["GET", "POST"])
    blueprint.add_url_rule("/golden/run", view_func=golden_run, methods=["POST"])
    one = "/golden/<int(max=2147483647):number>"
    blueprint.add_url_rule(f"{one}/remove", view_func=golden_remove, methods=["POST"])
    blueprint.add_url_rule(f"{one}/seen", view_func=golden_seen, methods=["POST"])
    blueprint.add_url_rule("/questions", view_func=questions)


def _engine() -> SearchEngine:
    found: SearchEngine = current_app.extensions[ENGINE]
    return found


# --- golden questions ------------------------------------------------------------------------


def golden() -> ResponseReturnValue:
    """The watched questions, those that dropped first."""
    return render_template(
        "tuning/golden.html",
        questions=golden_questions.listed(db.session()),
        in_top=golden_questions.in_top,
    )


def golden_add() -> ResponseReturnValue:
    """The form for a question to watch; the address may hold its `text`."""
    form = GoldenForm()
    if request.method != "POST":
        form.text.data = shown(request.args.get("text"))
        return _editor(form)
    if request.form.get("action") == "save":
        return _saved(form)
    return _editor(form)


def _saved(form: GoldenForm) -> ResponseReturnValue:
    """Save, and lead back to the list; what refuses it becomes a message on the form."""
    try:
        with unit_of_work() as session:
            me = login.current_person()
            kept = golden_questions.add(
                session,
                text=form.text.data or "",
                article_id=picking.article_id(session, form.article.data, by=me),
                asked_as=form.asked_as.data or "",
                engine=_engine(),
                by=me,
            )
            rank = kept.rank
    except Invalid as error:
        form.take_errors(error)
        return _editor(form), 422
    except (EngineError, OperationalError) as error:
        form.form_errors.append(NO_INDEX if isinstance(error, EngineError) else BUSY)
        return _editor(form), 503
    place = f"at rank {rank}" if rank else "not found among the first ten"
    flash(f"Added. The article is {place} now.", "good" if golden_questions.in_top(rank) else "warning")
    return redirect(url_for("search_admin.golden"))


def _editor(form: GoldenForm) -> str:
    typed = form.find.data or form.text.data or ""
    me = login.current_person()
    form.offer(picking.choices(db.session(), _engine(), typed, chosen=form.article.data, by=me))
    return render_template("tuning/golden_add.html", form=form)


def golden_run() -> ResponseReturnValue:
    """Ask all watched questions now."""
    try:
        with unit_of_work() as session:
            dropped = len(golden_questions.ask_all(session, _engine()))
    except EngineError:
        flash(NO_INDEX, "warning")
        return redirect(url_for("search_admin.golden"))
    if dropped:
        flash(f"Asked. {dropped} dropped out of the top three.", "warning")
    else:
        flash("Asked. None dropped out of the top three.", "good")
    return redirect(url_for("search_admin.golden"))


def golden_remove(number: int) -> ResponseReturnValue:
    """Stop watching a question."""
    with unit_of_work() as session:
        found = golden_questions.find(session, number)
        text = found.text
        golden_questions.remove(session, found, by=login.current_person())
    flash(f"“{text}” is not watched any more.", "good")
    return redirect(url_for("search_admin.golden"))


def golden_seen(number: int) -> ResponseReturnValue:
    """Take note of a drop."""
    with unit_of_work() as session:
        found = golden_questions.find(session, number)
        golden_questions.take_note(found, by=login.current_person())
    flash("Noted. It stays on the list of golden questions until it is in the top three again.", "good")
    return redirect(url_for("search_admin.golden"))


# --- what people asked -----------------------------------------------------------------------


def questions() -> ResponseReturnValue:
    """What people asked lately, as the log has it."""
    wanted = next((show for show in recent.SHOWS if show == request.args.get("show")), recent.SHOWS[0])
    number = page_number()
    found, total = recent.questions(
        db.session(),
        show=wanted,
        limit=PAGE_SIZE,
        offset=(number - 1) * PAGE_SIZE,
        by=login.current_person(),
    )
    return render_template(
        "tuning/questions.html",
        questions=found,
        wanted=wanted,
        page=Page(number, PAGE_SIZE, total),
        explain=EXPLAIN if EXPLAIN in current_app.view_functions else None,
        askable=recent.askable,
    )
