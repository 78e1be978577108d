"""Who is behind a request: ties Flask-Login to our server-side sign-ins."""

import logging

from flask import Flask, Response, after_this_request, current_app, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy.exc import OperationalError

from portal import clock
from portal.accounts import devices, permissions, queries, security_log, services, sessions
from portal.accounts.models import Person, SignIn
from portal.accounts.throttle import Ticket
from portal.db import brief_write, db, unit_of_work
from portal.errors import NotAllowed
from portal.settings import Settings

log = logging.getLogger(__name__)


class Identity(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """A person as signed in with one token. Flask-Login keeps the token in the session cookie."""

    def __init__(self, person: Person, token: str) -> None:
        self.person = person
        self.token = token

    def get_id(self) -> str:
        return self.token


def install(app: Flask) -> None:
    """Load the person behind each request from the token in the cookie."""
    security_log.install()
    manager = LoginManager(app)
    manager.session_protection = None  # the server-side sign-in is the protection

    @manager.user_loader  # type: ignore[untyped-decorator]
    def _load(token: str) -> Identity | None:
        found = sessions.find(db.session(), token, settings=_settings())
        if found is None:
            return None
        _mark_seen(found)
        return Identity(found.person, token)


def attempt(email: str, password: str) -> Ticket | None:
    """Try to sign in with what was typed. None when it worked: the browser is signed in.

    Otherwise the ticket of the refused try; it says when to try again if there were too many.
    """
    settings = _settings()
    account = services.account_key(email, settings=settings)
    device = devices.read(request.cookies.get(devices.COOKIE), settings.secret_key)
    caller = services.Caller(
        address=request.remote_addr or "",
        device=this_device(),
        device_id=device.id if device.knows(account) else "",
    )
    with unit_of_work() as work:
        ticket = services.count_try(work, email=email, caller=caller, settings=settings)
    checked = services.check_password(
        db.session(), email=email, password=password, ticket=ticket, settings=settings
    )
    signed = None
    if checked:
        replaced = current_token()
        with unit_of_work() as work:
            signed = services.sign_in(
                work, checked, ticket=ticket, caller=caller, settings=settings, replaces=replaced
            )
    if signed is None:
        _log_refusal(email, ticket, caller)
        return ticket
    begin(*signed)
    _remember(device.with_account(account), settings)
    return None


def begin(person: Person, token: str) -> None:
    """Start a fresh browser session for a new sign-in: nothing from before it survives."""
    session.clear()
    login_user(Identity(person, token))


def end() -> None:
    """Forget everything in the browser session."""
    logout_user()
    session.clear()


def signed_in() -> bool:
    """Whether an active person is behind the request."""
    return bool(current_user.is_authenticated)


def current_token() -> str:
    """The token of the sign-in behind the request; empty when there is none."""
    return current_user.token if signed_in() else ""


def current_person() -> Person:
    """The person behind the request. Raises NotAllowed when there is none (the guard prevents it)."""
    person = current_person_or_none()
    if person is None:
        raise NotAllowed("Sign in first.")
    return person


def current_person_or_none() -> Person | None:
    """The person behind the request, or None on public pages."""
    return current_user.person if signed_in() else None


def allows(permission: str) -> bool:
    """Whether the person behind the request holds a permission for any team."""
    person = current_person_or_none()
    return person is not None and permissions.can(person, permission)


def this_device() -> str:
    """The name of the device behind the request."""
    return devices.name_of(request.headers.get("User-Agent"))


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def _mark_seen(sign_in: SignIn) -> None:
    if clock.now() - sign_in.seen_at < sessions.SEEN_EVERY:
        return
    try:
        with brief_write(db.engine) as connection:
            sessions.mark_seen(connection, sign_in.id)
    except OperationalError:
        log.debug("somebody else is writing; the next request will note that this one was seen")


def _log_refusal(email: str, ticket: Ticket, caller: services.Caller) -> None:
    # People type passwords into the wrong box: only what looks like an address is written down.
    folded = queries.fold_email(email)
    account = folded if queries.is_address(folded) else "(no e-mail address)"
    event = "sign_in_blocked" if ticket.blocked else "sign_in_refused"
    security_log.warn(event, account=account, address=caller.address, device=caller.device)
    if ticket.next_from:
        seconds = round((ticket.next_from - ticket.at).total_seconds())
        security_log.warn("locked_out", account=account, address=caller.address, seconds=seconds)


def _remember(device: devices.Device, settings: Settings) -> None:
    """Let the browser be known again at the sign-in page, and only there."""
    value = devices.write(device, settings.secret_key)

    @after_this_request
    def _cookie(response: Response) -> Response:
        response.set_cookie(
            devices.COOKIE,
            value,
            max_age=devices.KEPT_FOR,
            path="/sign-in",
            httponly=True,
            samesite="Lax",
            secure=settings.cookie_secure,
        )
        return response
