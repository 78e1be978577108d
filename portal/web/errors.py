"""Errors as pages: what happened, what to do, and a reference that is in the log as well."""

import logging
import secrets

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from portal import errors
from portal.db import db

log = logging.getLogger(__name__)

TEXTS = {
    400: ("This request could not be understood", "Go back, check what you typed and send it again."),
    403: ("You cannot do this", "Ask the person or team named below to do it or to give you the right."),
    404: (
        "There is no page at this address",
        "It may have moved, or it may be for another group of colleagues. Search for what you need.",
    ),
    405: ("This address does not take that", "Go back and use the buttons on the page."),
    409: ("Somebody else changed this first", "Nothing you typed is lost. Compare both texts and save again."),
    413: ("That is too large to send", "Shorten the text or send a smaller file, then try again."),
    429: ("Too many tries in a short time", "Wait a little, then try again."),
    500: (
        "The portal made a mistake",
        "It has been recorded. Try again; if it happens again, tell the IT help desk the reference.",
    ),
    503: ("The portal is busy", "Wait a minute and load the page again. Nothing you saved is lost."),
}


def install(app: Flask) -> None:
    """Answer every error of `app` with a page."""

    @app.errorhandler(errors.NotFound)
    def _not_found(_error: errors.NotFound) -> ResponseReturnValue:
        return error_page(404)

    @app.errorhandler(errors.NotAllowed)
    def _not_allowed(error: errors.NotAllowed) -> ResponseReturnValue:
        return error_page(403, detail=str(error))

    @app.errorhandler(errors.Conflict)
    @app.errorhandler(errors.WrongState)
    def _conflict(error: errors.PortalError) -> ResponseReturnValue:
        return error_page(409, detail=str(error))

    @app.errorhandler(errors.Invalid)
    def _invalid(error: errors.Invalid) -> ResponseReturnValue:
        return error_page(400, detail=str(error))

    @app.errorhandler(CSRFError)
    def _csrf(_error: CSRFError) -> ResponseReturnValue:
        return error_page(
            400, detail="This page was open for too long. Go back, reload it and send the form again."
        )

    @app.errorhandler(OperationalError)
    def _database(error: OperationalError) -> ResponseReturnValue:
        log.exception("database not available", exc_info=error)
        db.session.rollback()
        return error_page(503)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> ResponseReturnValue:
        if error.code is not None and 300 <= error.code < 400:
            return error
        return error_page(error.code or 500, allow=error.get_response().headers.get("Allow"))

    @app.errorhandler(Exception)
    def _unexpected(error: Exception) -> ResponseReturnValue:
        reference = secrets.token_hex(4).upper()
        log.error("reference %s: %s %s", reference, request.method, request.path, exc_info=error)
        db.session.rollback()
        return error_page(500, reference=reference)


def error_page(
    code: int, *, detail: str = "", reference: str = "", allow: str | None = None
) -> ResponseReturnValue:
    """The page for an HTTP status. Depends on nothing that was asked, so that what may not be
    seen and what does not exist give the same bytes."""
    title, text = TEXTS.get(code, TEXTS[500 if code >= 500 else 400])
    page = render_template(
        "web/error.html", code=code, title=title, text=text, detail=detail, reference=reference
    )
    headers = {"Allow": allow} if allow else {}
    return page, code, headers


