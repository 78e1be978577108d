"""Signing in and out."""

import hashlib
import secrets

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Person, SignIn
from portal.settings import Settings

hasher = PasswordHasher()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def sign_in(session: Session, *, email: str, password: str) -> str | None:
    """A new session token when the password is right, else None."""
    person = session.scalar(sa.select(Person).where(Person.email == email.strip().casefold()))
    try:
        hasher.verify((person and person.password_hash) or "", password)
    except VerificationError:
        return None
    assert person is not None
    token = secrets.token_urlsafe(32)
    session.add(SignIn(token_hash=_digest(token), person_id=person.id))
    return token


def person_of_token(session: Session, token: str, *, settings: Settings) -> Person | None:
    """The active person whose live sign-in has this token."""
    found = session.scalar(sa.select(SignIn).where(SignIn.token_hash == _digest(token)))
    if found is None or not found.person.active:
        return None
    if clock.now() - found.created_at > settings.session_absolute:
        return None
    return found.person
