"""Where authors write: the workbench and the editor. The steps after writing are in `revision_views`.

Nothing typed is ever lost: whatever refuses a form here gives it back with everything in it, also when
the sign-in has run out or the CSRF token is stale.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from markupsafe import Markup
from sqlalchemy.exc import OperationalError
from wtforms import SelectField, SelectMultipleField

from portal import clock, markdown
from portal.accounts import login
from portal.accounts.audiences import KINDS
from portal.articles import checklist, desk, diffs, drafts, rendering, revision_views, services
from portal.articles.drafts import Draft
from portal.articles.forms import ArticleForm, WorkbenchForm, checked_show, number
from portal.articles.models import Article
from portal.db import db, unit_of_work
from portal.errors import Conflict, Invalid, NotAllowed, NotFound, WrongState
from portal.web.errors import error_page
from portal.web.pages import Page, page_number

blueprint = Blueprint("writing", __name__)
revision_views.add_to(blueprint)

PAGE_SIZE = 25
EDITORS = ("writing.create", "writing.edit")
STALE = "This page was open for too long and nothing is saved yet. Check what you typed and save again."
BUSY = "The portal is busy and nothing is saved yet. Wait a minute and save again."


# --- the workbench ---------------------------------------------------------------------------


@blueprint.get("/write")
def workbench() -> ResponseReturnValue:
    """The articles of my teams: drafts, changed since published, due; filtered by the address."""
    person, session = login.current_person(), db.session()
    form = WorkbenchForm(request.args, meta={"csrf": False})
    form.team.choices = [("", "All my teams"), *((t.slug, t.name) for t in desk.teams_of(session, person))]
    form.topic.choices = [("", "All topics"), *((t.path, label) for t, label in desk.topics(session))]
    wanted = desk.Filter(
        show=checked_show(request.args.get("show"), desk.SHOWS),
        team=_known(form.team),
        topic=_known(form.topic),
        text=(form.q.data or "")[:200],
    )
    asked = page_number()
    articles, total = desk.workbench(session, person, wanted, offset=(asked - 1) * PAGE_SIZE, limit=PAGE_SIZE)
    return render_template(
        "writing/workbench.html",
        form=form,
        wanted=wanted,
        articles=articles,
        page=Page(asked, PAGE_SIZE, total),
        counts=desk.counts(session, person),
        today=clock.today(),
        desk=desk,
    )


def _known(field: SelectField) -> str:
    return field.data if field.data in {choice[0] for choice in field.choices or ()} else ""


# --- the editor ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preview:
    """The text as readers would see it, or why it cannot be shown."""

    title: str
    answer: str
    language: str
    html: Markup | None
    problem: str = ""


@blueprint.route("/articles/new", methods=["GET", "POST"])
def create() -> ResponseReturnValue:
    """The editor for a new article."""
    form = _offered(None)
    if request.method == "POST":
        return _sent(form, None)
    form.fill(_blank(form), version=0)
    return _editor(form, None)


@blueprint.route("/articles/<slug>/edit", methods=["GET", "POST"])
def edit(slug: str) -> ResponseReturnValue:
    """The editor with the latest text of an article."""
    article = desk.to_write(db.session(), login.current_person(), slug)
    form = _offered(article)
    if request.method == "POST":
        return _sent(form, article)
    form.fill(drafts.of_article(article), version=article.version)
    return _editor(form, article)


@blueprint.post("/editor/preview")
def preview() -> ResponseReturnValue:
    """A part of a page: what is in the form as readers would see it, and the checklist for it."""
    draft = ArticleForm().draft()
    page = render_template("writing/_preview.html", preview=_preview(draft), checks=checklist.checks(draft))
    response: Response = make_response(page)
    response.headers["X-Fragment"] = "preview"
    return response


def _offered(article: Article | None) -> ArticleForm:
    """The form with what was sent, if anything, and what can be chosen."""
    form = ArticleForm()
    form.offer(desk.choices(db.session(), login.current_person(), article))
    return form


def _blank(form: ArticleForm) -> Draft:
    """What a new article starts with; the address may name a `title`, and a `topic` by its path."""
    topic = next(
        (topic for topic, _label in desk.topics(db.session()) if topic.path == request.args.get("topic")),
        None,
    )
    me = login.current_person()
    offered = {choice[0] for choice in form.owner.choices or ()}
    return Draft(
        title=drafts.one_line(request.args.get("title", ""))[: drafts.MAX_TITLE],
        topic_id=topic.id if topic else 0,
        team_id=number(next((choice[0] for choice in form.team.choices or ()), None)),
        owner_id=me.id if str(me.id) in offered else None,
        review_days=topic.review_days if topic and topic.review_days in drafts.REVIEW_DAYS else 180,
    )


def _sent(form: ArticleForm, article: Article | None) -> ResponseReturnValue:
    """Do what the button says with a form that was sent."""
    action = request.form.get("action", "save")
    if action == "theirs" and article is not None:
        flash("You see the text that was saved last. Yours was left out.", "info")
        return redirect(url_for("writing.edit", slug=article.slug))
    if action == "preview":
        return _editor(form, article, shown=_preview(form.draft()))
    if not form.validate():
        return _editor(form, article), 422
    return _saved(form, article, publish=action == "publish")


def _saved(form: ArticleForm, article: Article | None, *, publish: bool) -> ResponseReturnValue:
    """Save, and lead on; what refuses it becomes a message on the form."""
    slug = article.slug if article else None
    try:
        kept = _store(form, slug, publish=publish)
    except Conflict as error:
        return _conflict(form, slug, error)
    except Invalid as error:
        form.take_errors(error)
        return _editor(form, article), 422
    except NotAllowed as error:
        form.form_errors.append(str(error))
        return _editor(form, article), 403
    except WrongState as error:
        form.form_errors.append(str(error))
        return _editor(form, article), 409
    except OperationalError:
        form.form_errors.append(BUSY)
        return _editor(form, article), 503
    flash("Published. Colleagues see this text now." if publish else "Draft saved.", "good")
    return redirect(url_for("articles.show" if publish else "writing.edit", slug=kept))


def _store(form: ArticleForm, slug: str | None, *, publish: bool) -> str:
    """Save the form in one transaction; gives the article's address."""
    note, token = form.note.data or "", form.token()
    with unit_of_work() as session:
        me = login.current_person()
        if slug is None:
            article = services.create(session, form.draft(), note=note, form_token=token, by=me)
        else:
            article = desk.to_write(session, me, slug)
            seen = number(form.version.data)
            services.save(session, article, form.draft(), version=seen, note=note, form_token=token, by=me)
        if publish:
            if article.latest is None or (article.latest.form_token or "") != token:
                # the form was sent twice, and somebody saved a text of theirs in between
                raise Conflict("Somebody else saved this page after you did.")
            services.publish(session, article, by=me)
        return article.slug


def _editor(form: ArticleForm, article: Article | None, *, shown: Preview | None = None) -> str:
    """The editor's page."""
    return render_template("writing/edit.html", shown=shown, **_parts(form, article))


def _parts(form: ArticleForm, article: Article | None) -> dict[str, object]:
    return {
        "form": form,
        "article": article,
        "checks": checklist.checks(form.draft()),
        "desk": desk,
        "done": desk.recent_tokens(db.session(), login.current_person()),
    }


def _preview(draft: Draft) -> Preview:
    title, answer = drafts.one_line(draft.title), drafts.one_line(draft.answer)
    try:
        rendered = markdown.render(draft.body, resolve=rendering.resolver(db.session(), draft.body))
    except Invalid as error:
        return Preview(title, answer, draft.language, None, str(error))
    return Preview(title, answer, draft.language, rendered.html)


# --- what must not be lost -------------------------------------------------------------------


def _conflict(form: ArticleForm, slug: str | None, error: Conflict) -> ResponseReturnValue:
    """Both texts side by side, above a form that holds all of mine and is based on theirs."""
    session, me = db.session(), login.current_person()
    try:
        article = desk.to_write(session, me, slug) if slug else desk.of_token(session, me, form.token())
    except NotFound:
        form.form_errors.append(str(error))
        return _editor(form, None), 409
    theirs, mine = drafts.of_article(article), form.draft()
    saved_by = article.latest.author if article.latest else None
    form.start(version=article.version)
    page = render_template(
        "writing/conflict.html",
        parts=diffs.parts(theirs, drafts.tidied(mine)),
        places=_places(form, theirs, mine),
        saved_by="You" if saved_by == me else saved_by.name if saved_by else "",
        **_parts(form, article),
    )
    return page, 409


def _places(form: ArticleForm, theirs: Draft, mine: Draft) -> list[tuple[str, str, str]]:
    """(label, theirs, mine) of every choice that differs."""
    pairs: list[tuple[str, SelectField | SelectMultipleField, Sequence[str], Sequence[str]]] = [
        (field.label.text, field, [str(old or "")], [str(new or "")])
        for field, old, new in (
            (form.topic, theirs.topic_id, mine.topic_id),
            (form.team, theirs.team_id, mine.team_id),
            (form.owner, theirs.owner_id, mine.owner_id),
            (form.review_days, theirs.review_days, mine.review_days),
        )
    ]
    for kind in KINDS:
        field, old, new = (
            form.audience_field(kind),
            theirs.audience.get(kind, ()),
            mine.audience.get(kind, ()),
        )
        pairs.append((f"Who may see it: {field.label.text}", field, old, new))
    return [
        (label, _chosen(field, old), _chosen(field, new))
        for label, field, old, new in pairs
        if set(old) != set(new)
    ]


def _chosen(field: SelectField | SelectMultipleField, values: Sequence[str]) -> str:
    return ", ".join(choice[1] for choice in field.choices or () if choice[0] in values) or "Not limited"


@blueprint.before_app_request
def _keep_when_signed_out() -> ResponseReturnValue | None:
    """Runs before the guard sends somebody who is not signed in any more to the sign-in page."""
    if request.method == "POST" and request.endpoint in EDITORS and not login.signed_in():
        return _kept()
    return None


@blueprint.errorhandler(CSRFError)
def _stale_token(_error: CSRFError) -> ResponseReturnValue:
    """The form again, with a fresh token. It comes before the guard, so it guards itself."""
    if request.endpoint not in EDITORS:
        return error_page(400, detail=STALE)
    if not login.signed_in():
        return _kept()
    if not login.allows("write"):
        return error_page(404)
    try:
        slug = (request.view_args or {}).get("slug")
        article = desk.to_write(db.session(), login.current_person(), slug) if slug else None
    except NotFound:
        return error_page(404)
    form = _offered(article)
    form.form_errors.append(STALE)
    return _editor(form, article), 400


def _kept() -> ResponseReturnValue:
    """All that was sent, to be sent again after signing in. Shows nothing that the sender did not send."""
    fields = [
        (drafts.lines(name), drafts.lines(value))
        for name, values in request.form.lists()
        if name not in ("csrf_token", "body")
        for value in values
    ]
    page = render_template(
        "writing/kept.html", fields=fields, text=drafts.lines(request.form.get("body", ""))
    )
    return page, 400
