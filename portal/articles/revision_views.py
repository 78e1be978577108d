"""Where authors look after an article: its history, what changed, and the steps from state to state.

The routes stand on the blueprint of `writing_views`.
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import clock, markdown
from portal.accounts import login, permissions
from portal.accounts.models import Person
from portal.articles import desk, diffs, rendering, services
from portal.articles.drafts import Draft
from portal.articles.forms import AddressForm, CompareForm, StepForm, number
from portal.articles.models import Article, Revision
from portal.db import db, unit_of_work
from portal.errors import Invalid
from portal.web.pages import Page, page_number, safe_next

PAGE_SIZE = 30
MAX_CHOICES = 200

Step = Callable[[Any, Article, Person], object]


def add_to(blueprint: Blueprint) -> None:
    """Register the routes of this module on the blueprint of the writing pages."""
    get, post = ["GET"], ["POST"]
    page = "/articles/<slug>"
    for rule, view, methods in (
        (f"{page}/history", history, get),
        (f"{page}/revisions/<int(max=999999999):nr>", revision, get),
        (f"{page}/diff", diff, get),
        (f"{page}/address", address, ["GET", "POST"]),
        (f"{page}/revisions/<int(max=999999999):nr>/restore", restore, post),
        (f"{page}/publish", publish, post),
        (f"{page}/confirm", confirm, post),
        (f"{page}/archive", archive, post),
        (f"{page}/unarchive", unarchive, post),
    ):
        blueprint.add_url_rule(rule, view_func=view, methods=methods)


def history(slug: str) -> ResponseReturnValue:
    """All revisions of an article, and the steps that can be taken with it."""
    article = _article(slug)
    asked = page_number()
    latest = article.latest.number if article.latest else 0
    session = db.session()
    return render_template(
        "writing/history.html",
        article=article,
        revisions=desk.revisions(session, article, offset=(asked - 1) * PAGE_SIZE, limit=PAGE_SIZE),
        page=Page(asked, PAGE_SIZE, latest),
        compare=_compare_form(latest),
        step=_step_form(article),
        may_archive=permissions.can(login.current_person(), "archive", team_id=article.team_id),
        today=clock.today(),
        desk=desk,
    )


def revision(slug: str, nr: int) -> ResponseReturnValue:
    """One revision as readers see it, or would have seen it."""
    article = _article(slug)
    session = db.session()
    found = desk.revision(session, article, nr)
    return render_template(
        "writing/revision.html",
        article=article,
        revision=found,
        html=markdown.trusted(rendering.for_reading(session, found).html),
        step=_step_form(article),
    )


def diff(slug: str) -> ResponseReturnValue:
    """What changed between two revisions; by default between the live one and the latest."""
    article = _article(slug)
    session = db.session()
    latest = article.latest.number if article.latest else 0
    live = article.live.number if article.live and article.live_id != article.latest_id else latest - 1
    form = _compare_form(latest)
    older = number(request.args.get("from")) if "from" in request.args else max(live, 1)
    newer = number(request.args.get("to")) if "to" in request.args else latest
    before, after = desk.revision(session, article, older), desk.revision(session, article, newer)
    form.older.data, form.newer.data = str(older), str(newer)
    return render_template(
        "writing/diff.html",
        article=article,
        before=before,
        after=after,
        parts=diffs.parts(_text(before), _text(after)),
        compare=form,
    )


def address(slug: str) -> ResponseReturnValue:
    """A form to give an article a new address; the old one goes on working."""
    article = _article(slug)
    form = AddressForm()
    if request.method == "GET":
        form.slug.data = article.slug
    if not form.validate_on_submit():
        return render_template("writing/address.html", article=article, form=form)
    try:
        with unit_of_work() as session:
            me = login.current_person()
            article = desk.to_write(session, me, slug)
            services.rename(session, article, form.slug.data or "", by=me)
            kept = article.slug
    except Invalid as error:
        form.take_errors(error)
        return render_template("writing/address.html", article=_article(slug), form=form), 422
    flash("The page has its new address. The old one leads to it.", "good")
    return redirect(url_for("writing.history", slug=kept))


def restore(slug: str, nr: int) -> ResponseReturnValue:
    """Make the text of an old revision the latest one again."""
    seen = number(request.form.get("version"))
    return _step(
        slug,
        lambda session, article, me: services.restore(session, article, nr, version=seen, by=me),
        f"The text of revision {nr} is the latest draft now. Publish it to show it to colleagues.",
    )


def publish(slug: str) -> ResponseReturnValue:
    """Show the latest text to readers."""
    seen = number(request.form.get("version"))
    return _step(
        slug,
        lambda session, article, me: services.publish(session, article, version=seen, by=me),
        "Published. Colleagues see this text now.",
    )


def confirm(slug: str) -> ResponseReturnValue:
    """Note that the text is still correct."""
    return _step(
        slug,
        lambda session, article, me: services.confirm(session, article, by=me),
        "Thank you. The page counts as checked today.",
    )


def archive(slug: str) -> ResponseReturnValue:
    """Take the article away from readers."""
    return _step(
        slug,
        lambda session, article, me: services.archive(session, article, by=me),
        "Archived. Colleagues do not see this page any more.",
    )


def unarchive(slug: str) -> ResponseReturnValue:
    """Bring the article back as a draft."""
    return _step(
        slug,
        lambda session, article, me: services.unarchive(session, article, by=me),
        "The page is back as a draft. Read it, then publish it.",
    )


def _step(slug: str, step: Step, done: str) -> ResponseReturnValue:
    """Take a step in one transaction, say so and lead back to where it was asked for."""
    with unit_of_work() as session:
        me = login.current_person()
        article = desk.to_write(session, me, slug)
        step(session, article, me)
        kept = article.slug
    flash(done, "good")
    return redirect(safe_next(request.form.get("next"), url_for("writing.history", slug=kept)))


def _article(slug: str) -> Article:
    return desk.to_write(db.session(), login.current_person(), slug)


def _step_form(article: Article) -> StepForm:
    form = StepForm()
    form.version.data = str(article.version)
    return form


def _compare_form(latest: int) -> CompareForm:
    """The form to choose two revisions, out of the last MAX_CHOICES."""
    form = CompareForm(request.args, meta={"csrf": False})
    numbers = [(str(n), f"Revision {n}") for n in range(latest, max(0, latest - MAX_CHOICES), -1)]
    form.older.choices = form.newer.choices = numbers
    if "from" not in request.args:
        form.older.data = str(max(1, latest - 1))
        form.newer.data = str(latest)
    return form


def _text(revision: Revision) -> Draft:
    return Draft(
        title=revision.title,
        answer=revision.answer,
        body=revision.body,
        keywords=tuple(revision.keywords),
        questions=tuple(revision.questions),
        language=revision.language,
    )
