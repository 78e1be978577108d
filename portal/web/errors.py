"""Errors as pages: what happened, what to do, and a reference that is in the log as well."""

import logging
import re
import secrets
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, SecurityError

from portal import errors
from portal.db import db

log = logging.getLogger(__name__)

Handler = Callable[[Exception], ResponseReturnValue]

TEXTS = {
    400: ("This request could not be understood", "Go back, check what you typed and send it again."),
    403: ("You cannot do this", "Ask the person or team named below to do it or to give you the right."),
    404: (
        "There is no page at this address",
        "It may have moved, or it may be for another group of colleagues. Search for what you need.",
    ),
    405: ("This address does not take that", "Go back and use the buttons on the page."),
    409: (
        "Somebody else changed this first",
        "Nothing you typed is lost. Compare both texts and save again.",
    ),
    413: ("That is too large to send", "Shorten the text or send a smaller file, then try again."),
    429: ("Too many tries in a short time", "Wait a little, then try again."),
    500: (
        "The portal made a mistake",
        "It has been recorded. Try again; if it happens again, tell the IT help desk the reference.",
    ),
    503: ("The portal is busy", "Wait a minute and load the page again. Nothing you saved is lost."),
}

TOO_LONG = "This page was open for too long. Go back, reload it and send the form again."

PLACES = frozenset({"articles", "topics", "teams", "write", "search", "account", "html", "php", "aspx"})
"""First words of addresses; nobody looks for these."""


def install(app: Flask) -> None:
    """Answer every error of `app` with a page."""
    app.before_request(_known_host)
    handlers: list[tuple[type[Exception], Handler]] = [
        (errors.NotFound, lambda _error: error_page(404)),
        (errors.NotAllowed, lambda error: error_page(403, detail=str(error))),
        (errors.Conflict, lambda error: error_page(409, detail=str(error))),
        (errors.WrongState, lambda error: error_page(409, detail=str(error))),
        (errors.Invalid, lambda error: error_page(400, detail=str(error))),
        (CSRFError, lambda _error: error_page(400, detail=TOO_LONG)),
        (SecurityError, _foreign_host),
        (OperationalError, _database),
        (HTTPException, _http),
        (Exception, _unexpected),
    ]
    for kind, handler in handlers:
        app.register_error_handler(kind, handler)


def _known_host() -> None:
    """Before anything else: without a host that we answer to, no address can be built at all."""
    if isinstance(request.routing_exception, SecurityError):
        raise request.routing_exception


def _foreign_host(_error: Exception) -> ResponseReturnValue:
    return Response("This server does not answer to that name.\n", 400, mimetype="text/plain")


def _database(error: Exception) -> ResponseReturnValue:
    log.error("database not available", exc_info=error)
    db.session.rollback()
    return error_page(503, headers={"Retry-After": "30"})


def _http(error: Any) -> ResponseReturnValue:
    # Redirects do not come here: Flask answers with them as they are.
    sent = error.get_response().headers
    return error_page(
        error.code, headers={name: sent[name] for name in ("Allow", "Retry-After") if name in sent}
    )


def _unexpected(error: Exception) -> ResponseReturnValue:
    reference = secrets.token_hex(4).upper()
    log.error("reference %s: %s %s", reference, request.method, request.path, exc_info=error)
    db.session.rollback()
    return error_page(500, reference=reference)


def error_page(
    code: int, *, detail: str = "", reference: str = "", headers: dict[str, str] | None = None
) -> ResponseReturnValue:
    """The page for an HTTP status. Depends on nothing but the status and the address that was asked
    for, so that what may not be seen and what does not exist give the same bytes."""
    title, text = TEXTS.get(code, TEXTS[500 if code >= 500 else 400])
    context = {"code": code, "title": title, "text": text, "detail": detail, "reference": reference}
    if code < 500:
        page = render_template("web/error.html", **context, words=words_of(request.path))
    else:
        # Without the context of other pages: who is signed in may be the very thing that cannot be read.
        template = current_app.jinja_env.get_template("web/error.html")
        page = template.render(**context, theme=request.cookies.get("theme"))
    return page, code, headers or {}


def words_of(path: str) -> str:
    """The words in an address, for a search: "/articles/reset-your-pasword" gives "reset your pasword"."""
    words = [word for word in re.findall(r"[^\W_]+", path) if word.lower() not in PLACES]
    return " ".join(words)[:100].strip()
