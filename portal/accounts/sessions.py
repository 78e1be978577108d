"""Server-side sessions: who is signed in, on which device, until when.

The browser holds a random token of 256 bits; the database holds its SHA-256 alone, so that whoever
reads the database (or a backup) cannot act as anybody. A plain hash is enough for a random token.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, joinedload

from portal import clock
from portal.accounts import queries
from portal.accounts.models import Membership, Person, SignIn
from portal.errors import NotFound
from portal.settings import Settings

SEEN_EVERY: Final = timedelta(minutes=1)


def token_hash(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def usable(person: Person, settings: Settings) -> bool:
    """Whether this person may be signed in at all: active, and not a sample person in production."""
    return person.active and not (person.sample and settings.production)


def start(session: Session, person: Person, *, device: str) -> str:
    """A new sign-in for a person on a device (a name such as "Firefox on Linux"); gives its token."""
    token = secrets.token_urlsafe(32)
    session.add(SignIn(token_hash=token_hash(token), person_id=person.id, device=device))
    session.flush()
    return token


def find(session: Session, token: str, *, settings: Settings) -> SignIn | None:
    """The live sign-in with this token, its person at hand with place, department and teams.

    One statement. None when there is none, when it was idle or lasted too long, or when its person
    may not be signed in.
    """
    sign_in = session.scalars(_WITH_PERSON, {"token_hash": token_hash(token)}).unique().one_or_none()
    if sign_in is None or not usable(sign_in.person, settings):
        return None
    seen_since, created_since = _limits(settings)
    return sign_in if sign_in.seen_at >= seen_since and sign_in.created_at >= created_since else None


_WITH_PERSON: Final = (
    sa.select(SignIn)
    .where(SignIn.token_hash == sa.bindparam("token_hash"))
    .options(
        joinedload(SignIn.person).options(
            joinedload(Person.department),
            joinedload(Person.site),
            joinedload(Person.memberships).joinedload(Membership.team),
        )
    )
)
"""Built once: every request asks this."""


def of_person(session: Session, person: Person, *, settings: Settings) -> Sequence[SignIn]:
    """The live sign-ins of a person, the latest seen first."""
    seen_since, created_since = _limits(settings)
    return queries.live_sign_ins(session, person, seen_since=seen_since, created_since=created_since)


def end(session: Session, token: str) -> None:
    """End the sign-in with this token; nothing happens when it has ended already."""
    session.execute(sa.delete(SignIn).where(SignIn.token_hash == token_hash(token)))


def end_one(session: Session, sign_in_id: int, *, by: Person) -> None:
    """End one of one's own sign-ins. Raises NotFound for somebody else's or none."""
    ended = session.execute(
        sa.delete(SignIn).where(SignIn.id == sign_in_id, SignIn.person_id == by.id).returning(SignIn.id)
    )
    if ended.first() is None:
        raise NotFound("This sign-in has ended already.")


def end_others(session: Session, *, keep: str, by: Person) -> int:
    """End all of one's own sign-ins but the one with the token `keep`; gives how many there were."""
    ended = session.execute(
        sa.delete(SignIn)
        .where(SignIn.person_id == by.id, SignIn.token_hash != token_hash(keep))
        .returning(SignIn.id)
    )
    return len(ended.all())


def end_all(session: Session, person: Person) -> None:
    """End every sign-in of a person."""
    session.execute(sa.delete(SignIn).where(SignIn.person_id == person.id))


def remove_ended(session: Session, *, settings: Settings) -> None:
    """Delete the rows of sign-ins that have run out; nobody can use them any more."""
    seen_since, created_since = _limits(settings)
    session.execute(
        sa.delete(SignIn).where(sa.or_(SignIn.seen_at < seen_since, SignIn.created_at < created_since))
    )


def mark_seen(connection: Connection, sign_in_id: int) -> None:
    """Note that a sign-in was used just now, unless that was noted within the last minute."""
    now = clock.now()
    connection.execute(
        sa.update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.seen_at <= now - SEEN_EVERY)
        .values(seen_at=now)
    )


def _limits(settings: Settings) -> tuple[datetime, datetime]:
    """The earliest `seen_at` and the earliest `created_at` of a sign-in that still works."""
    now = clock.now()
    return now - settings.session_idle, now - settings.session_absolute
