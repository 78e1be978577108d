"""Pages for readers: an article, the topics, the files that belong to articles."""

import logging
from dataclasses import dataclass

from flask import Blueprint, Response, current_app, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from portal import clock, markdown
from portal.accounts import login, permissions
from portal.articles import attachments, queries, rendering
from portal.articles.models import Rendering, Revision
from portal.db import db, unit_of_work
from portal.errors import NotFound, PortalError
from portal.web.pages import Page, page_number

log = logging.getLogger(__name__)

blueprint = Blueprint("articles", __name__)

PAGE_SIZE = 50
CONTENTS_FROM = 2
"""An article with fewer headings needs no list of them."""
DEEP_CONTENTS = 14
"""With more headings than this, the list shows those of the first level alone."""

FILE_POLICY = "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"


@dataclass(slots=True)
class Entry:
    """A line of the on-this-page list, with those below it."""

    anchor: str
    heading: str
    below: list["Entry"]


@blueprint.get("/articles/<slug>")
def show(slug: str) -> ResponseReturnValue:
    """An article as readers see it; an old address leads to the present one."""
    session, me = db.session(), login.current_person()
    found = queries.get_visible(session, slug, by=me)
    if isinstance(found, queries.Moved):
        query = request.query_string.decode("ascii", "ignore")
        return redirect(url_for("articles.show", slug=found.slug) + (f"?{query}" if query else ""), 301)
    revision = found.live
    assert revision is not None  # nobody gets through the door to an article without a live text
    rendered = rendering.for_reading(session, revision)
    page = render_template(
        "articles/show.html",
        article=found,
        revision=revision,
        html=markdown.trusted(rendered.html),
        contents=_contents(rendered),
        trail=queries.trail_of(session, found.topic.path),
        related=queries.related(session, found, linked=rendering.linked_slugs(rendered.html), by=me),
        overdue=queries.overdue(found, today=clock.today()),
        may_write=permissions.can(me, "write", team_id=found.team_id),
        may_publish=permissions.can(me, "publish", team_id=found.team_id),
    )
    if rendered not in session:
        _keep(revision.id)
    return page


def _contents(rendered: Rendering) -> list[Entry]:
    headings = [section for section in rendered.sections if section["anchor"]]
    if len(headings) < CONTENTS_FROM:
        return []
    entries: list[Entry] = []
    for section in headings:
        entry = Entry(section["anchor"], section["heading"], [])
        if section["level"] <= 2 or not entries:
            entries.append(entry)
        elif len(headings) <= DEEP_CONTENTS:
            entries[-1].below.append(entry)
    return entries


def _keep(revision_id: int) -> None:
    """Store the rendering that was made for this page, so that the next reader need not wait.

    The page is complete already: whatever goes wrong here is for the log alone.
    """
    try:
        with unit_of_work() as session:
            revision = session.get(Revision, revision_id)
            if revision is not None:
                rendering.render_revision(session, revision)
    except (SQLAlchemyError, PortalError):
        log.warning("the rendering of revision %s could not be stored", revision_id, exc_info=True)


@blueprint.get("/topics")
def topics() -> ResponseReturnValue:
    """All topics in which the person may read something."""
    tree = queries.topic_tree(db.session(), by=login.current_person())
    return render_template("articles/topics.html", topics=tree)


@blueprint.get("/topics/<path:path>")
def topic(path: str) -> ResponseReturnValue:
    """A topic: those below it, and the articles in all of them."""
    session, me = db.session(), login.current_person()
    trail = queries.find_topic(queries.topic_tree(session, by=me), path)
    here = Page(page_number(), PAGE_SIZE, trail[-1].count)
    if here.number > here.last:
        raise NotFound(path)
    articles = queries.in_topic(session, path, by=me, limit=here.size, offset=here.offset)
    return render_template(
        "articles/topic.html", topic=trail[-1], trail=trail, articles=articles, page=here, today=clock.today()
    )


@blueprint.get("/attachments/<int(max=2147483647):number>/<name>")
def attachment(number: int, name: str) -> ResponseReturnValue:
    """A file of an article that the person may read or write. Only images are shown, the rest is saved."""
    found = queries.get_attachment(db.session(), number, by=login.current_person())
    if found.name != name:
        raise NotFound(name)
    settings = current_app.extensions["settings"]
    inline = found.media_type in attachments.INLINE
    response: Response = send_file(
        attachments.file_of(found, settings.attachments_dir),
        mimetype=attachments.served_as(found),
        as_attachment=not inline,
        download_name=found.name,
    )
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.cache_control.private = True  # kept by one browser, which asks each time; by no proxy
    return response
