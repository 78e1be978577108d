"""Deny by default: no request reaches a view unless the access list and the person allow it."""

from collections.abc import Callable

from flask import Flask, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed

from portal.web.access import ACCESS, PUBLIC, SIGNED_IN

Allows = Callable[[str], bool]


class AccessListError(RuntimeError):
    """The access list and the URL map differ; the message names the endpoints."""


def install(app: Flask, *, signed_in: Callable[[], bool], allows: Allows) -> None:
    """Guard every request of `app`. Call after all blueprints are registered.

    `signed_in()` tells whether an active person is behind the request, `allows(permission)` whether
    that person holds a permission in any team. Raises AccessListError when an endpoint is missing
    from the access list or the list names one that does not exist.
    """
    check_list({rule.endpoint for rule in app.url_map.iter_rules()})

    @app.before_request
    def _guard() -> ResponseReturnValue | None:
        rule = ACCESS.get(request.endpoint or "")
        if rule == PUBLIC:
            return None
        if not signed_in():
            return _to_sign_in()
        if rule is None and isinstance(request.routing_exception, MethodNotAllowed):
            return None  # Flask answers with 405 and the methods that the address takes
        # An unknown address and one that is not for this person look the same.
        if rule is None or (rule != SIGNED_IN and not allows(rule)):
            abort(404)
        return None


def check_list(endpoints: set[str]) -> None:
    """Compare the access list with the endpoints that exist."""
    missing = sorted(endpoints - set(ACCESS))
    stale = sorted(set(ACCESS) - endpoints)
    if missing or stale:
        raise AccessListError(
            f"portal/web/access.py: not on the list: {missing}; listed but not there: {stale}"
        )


def _to_sign_in() -> ResponseReturnValue:
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    if wanted in ("/", None):
        wanted = None
    return redirect(url_for("accounts.sign_in", next=wanted))
