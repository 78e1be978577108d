"""Signing in and out."""

import hashlib
import secrets

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Person, SignIn
from portal.settings import Settings

hasher = PasswordHasher()
_DUMMY = hasher.hash(secrets.token_hex(16))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def sign_in(session: Session, *, email: str, password: str) -> tuple[Person, str] | None:
    """A new session token when the password is right, else None."""
    person = session.scalar(sa.select(Person).where(Person.email == email.strip().casefold()))
    stored = person.password_hash if person and person.active else None
    try:
        hasher.verify(stored or _DUMMY, password)
    except (VerificationError, InvalidHashError):
        return None
    if person is None or not stored:
        return None
    token = secrets.token_urlsafe(32)
    session.add(SignIn(token_hash=_digest(token), person_id=person.id))
    return person, token


def sign_out(session: Session, token: str) -> None:
    """End the sign-in that has this token."""
    session.execute(sa.delete(SignIn).where(SignIn.token_hash == _digest(token)))


def person_of_token(session: Session, token: str, *, settings: Settings) -> Person | None:
    """The active person whose live sign-in has this token."""
    found = session.scalar(sa.select(SignIn).where(SignIn.token_hash == _digest(token)))
    if found is None or not found.person.active:
        return None
    if clock.now() - found.created_at > settings.session_absolute:
        return None
    return found.person
