"""Who is behind a request: ties Flask-Login to our server-side sign-ins."""

from flask import Flask, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from portal.accounts import permissions, services
from portal.accounts.models import Person
from portal.db import db
from portal.errors import NotAllowed


class Identity(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """A person as signed in with one token. Flask-Login keeps the token in the session cookie."""

    def __init__(self, person: Person, token: str) -> None:
        self.person = person
        self.token = token

    def get_id(self) -> str:
        return self.token


def install(app: Flask) -> None:
    """Load the person behind each request from the token in the cookie."""
    manager = LoginManager(app)
    manager.session_protection = None  # the server-side sign-in is the protection

    @manager.user_loader  # type: ignore[untyped-decorator]
    def _load(token: str) -> Identity | None:
        settings = app.extensions["settings"]
        person = services.person_of_token(db.session(), token, settings=settings)
        return Identity(person, token) if person else None


def signed_in() -> bool:
    """Whether an active person is behind the request."""
    return bool(current_user.is_authenticated)


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


def current_token() -> str:
    """The token of the sign-in behind the request; empty when there is none."""
    return current_user.token if signed_in() else ""


def begin(person: Person, token: str) -> None:
    """Start a fresh browser session for a new sign-in: nothing from before it survives."""
    session.clear()
    login_user(Identity(person, token))


def end() -> None:
    """Forget everything in the browser session."""
    logout_user()
    session.clear()
