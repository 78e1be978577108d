"""Pages that belong to no room: health, help, privacy, theme."""

import sqlalchemy as sa
from flask import (
    Blueprint,
    Response,
    current_app,
    redirect,
    render_template,
    request,
    send_from_directory,
)
from flask.typing import ResponseReturnValue

from portal.db import db
from portal.web import assets
from portal.web.pages import safe_next

blueprint = Blueprint("web", __name__)

THEMES = ("system", "light", "dark")


@blueprint.get("/healthz")
def health() -> ResponseReturnValue:
    """Whether this process can reach its database; for load balancers and `make run`."""
    db.session.execute(sa.text("SELECT 1"))
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/robots.txt")
def robots() -> ResponseReturnValue:
    """An internal portal is not for search engines."""
    return Response("User-agent: *\nDisallow: /\n", mimetype="text/plain")


@blueprint.get("/favicon.ico")
def favicon() -> ResponseReturnValue:
    """The icon at the address that browsers ask for unasked."""
    return send_from_directory(str(current_app.static_folder), "favicon.svg", mimetype="image/svg+xml")


@blueprint.get("/assets/<version>/<path:name>")
def asset(version: str, name: str) -> ResponseReturnValue:
    """A static file at an address that changes with its content. A page from before an update asks
    for a version that is gone: it gets the present file, which must not be kept under the old name."""
    response = current_app.send_static_file(name)
    if version == assets.current_version():
        response.headers["Cache-Control"] = assets.FOREVER
    return response


@blueprint.get("/help")
def help_page() -> ResponseReturnValue:
    """How to use the portal, and its keys."""
    return render_template("web/help.html")


@blueprint.get("/privacy")
def privacy() -> ResponseReturnValue:
    """What is recorded about a person, in plain words."""
    return render_template("web/privacy.html")


@blueprint.post("/theme")
def theme() -> ResponseReturnValue:
    """Keep the chosen theme in a cookie; works before sign-in and without JavaScript."""
    chosen = request.form.get("theme", "system")
    response = redirect(safe_next(request.form.get("next"), "/"))
    if chosen in THEMES:
        response.set_cookie(
            "theme",
            chosen,
            max_age=365 * 24 * 3600,
            httponly=True,
            samesite="Lax",
            secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        )
    return response
