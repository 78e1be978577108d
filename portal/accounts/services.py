"""Signing in, passwords, and whether an account is open.

Signing in has three steps, because hashing a password takes a while and must not hold the
database's write lock: `count_try` (committed), `check_password` (no transaction), `sign_in`.
`portal.accounts.login.attempt` strings them together for pages.
"""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.accounts import passwords, queries, security_log, sessions, throttle
from portal.accounts.models import Person
from portal.errors import Conflict, Invalid, WrongState
from portal.settings import Settings

SAMPLE_PASSWORD: Final = "lantern-harbour-42"  # public, as the sample people are  # noqa: S105
_SAMPLES: Final = {
    "ana": "an employee: searches and reads",
    "eva": "an author: also writes and publishes articles",
    "gus": "an agent and lead of an IT team",
    "ada": "an administrator of the portal",
    "otto": "a contractor in another country: sees fewer articles",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a try to sign in comes from."""

    address: str
    """Network address, for the security log."""
    device: str
    """What it calls itself, in words: "Firefox on Linux"."""
    device_id: str = ""
    """The device's id when the account named signed in from it before, else empty."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of looking at a password: whose it is, and a better hash of it if its own is outdated."""

    person_id: int
    seen_hash: str
    better_hash: str | None


def account_key(email: str, *, settings: Settings) -> str:
    """The fingerprint under which tries for an address are counted, whether it has an account or not."""
    return throttle.digest(settings.secret_key, f"account {queries.fold_email(email)}")


def count_try(session: Session, *, email: str, caller: Caller, settings: Settings) -> throttle.Ticket:
    """Count a try to sign in, or refuse it for a while. The same for accounts that do not exist."""
    account = account_key(email, settings=settings)
    place = throttle.digest(settings.secret_key, f"place {throttle.place_of(caller.address)}")
    return throttle.count(session, throttle.lanes_of_sign_in(account, place[:24], caller.device_id[:24]))


def check_password(
    session: Session, *, email: str, password: str, ticket: throttle.Ticket, settings: Settings
) -> Checked | None:
    """Look at a password. One verification runs whatever the account and the ticket are like.

    None when it is wrong, the account is closed or not there, or the try is refused.
    """
    person = queries.person_by_email(session, email)
    stored = person.password_hash if person and sessions.usable(person, settings) else None
    hasher = passwords.hasher(settings.hash_cost)
    right = hasher.verify(None if ticket.blocked else stored, password)
    if not right or person is None or stored is None:
        return None
    return Checked(person.id, stored, hasher.hash(password) if hasher.outdated(stored) else None)


def sign_in(
    session: Session,
    checked: Checked,
    *,
    ticket: throttle.Ticket,
    caller: Caller,
    settings: Settings,
    replaces: str = "",
) -> tuple[Person, str] | None:
    """Sign in whose password was right: the person and the token of a new sign-in.

    `replaces` is the token of a sign-in that this one takes the place of. None when the account
    was closed or its password changed since the password was looked at.
    """
    person = session.get(Person, checked.person_id, populate_existing=True)
    if person is None or not sessions.usable(person, settings) or person.password_hash != checked.seen_hash:
        return None
    if checked.better_hash:
        person.password_hash = checked.better_hash
    throttle.forgive(session, ticket)
    sessions.remove_ended(session, settings=settings)
    if replaces:
        sessions.end(session, replaces)
    token = sessions.start(session, person, device=caller.device)
    security_log.note("sign_in", person=person.id, address=caller.address, device=caller.device)
    return person, token


def sign_out(session: Session, token: str, *, by: Person) -> None:
    """End one's present sign-in."""
    sessions.end(session, token)
    security_log.note("sign_out", person=by.id)


def count_change(session: Session, *, settings: Settings, by: Person) -> throttle.Ticket:
    """Count a try at one's present password: a stolen session must not be a place to guess it."""
    return throttle.count(session, throttle.lanes_of_change(account_key(by.email, settings=settings)))


def check_own_password(*, present: str, ticket: throttle.Ticket, settings: Settings, by: Person) -> bool:
    """Whether `present` is one's password. False for somebody without one or when the try is refused."""
    stored = None if ticket.blocked else by.password_hash
    right = passwords.hasher(settings.hash_cost).verify(stored, present)
    if not right:
        security_log.warn("password_change_refused", person=by.id, blocked=int(ticket.blocked))
    return right


def new_hash(person: Person, password: str, *, settings: Settings) -> str:
    """The hash of a password this person may choose. Raises Invalid (field `new`) saying what to change.

    Call it outside a write transaction; it takes a while.
    """
    known = (person.name, person.email, settings.site_name)
    problem = passwords.problem(password, known=known)
    if problem:
        raise Invalid(problem, new=problem)
    return passwords.hasher(settings.hash_cost).hash(password)


def change_password(
    session: Session,
    *,
    new_hash: str,
    seen_hash: str,
    ticket: throttle.Ticket,
    device: str,
    by: Person,
) -> str:
    """Give oneself a new password: every sign-in ends; gives the token of a new one for this device.

    Raises Conflict when the password was changed by somebody else since `seen_hash` was read.
    """
    if by.password_hash != seen_hash:
        raise Conflict("Your password was changed in the meantime. Sign in with the new one.")
    by.password_hash = new_hash
    throttle.forgive(session, ticket)
    sessions.end_all(session, by)
    security_log.note("password_changed", person=by.id)
    return sessions.start(session, by, device=device)


def set_password(session: Session, person: Person, *, new_hash: str, settings: Settings) -> None:
    """Give a person a password from outside (operators): every sign-in and every block ends."""
    person.password_hash = new_hash
    sessions.end_all(session, person)
    throttle.forget_account(session, account_key(person.email, settings=settings))
    security_log.note("password_set", person=person.id)


def deactivate(session: Session, person: Person) -> None:
    """Close a person's account: they hold nothing any more and every sign-in ends at once."""
    person.active = False
    sessions.end_all(session, person)
    security_log.note("deactivated", person=person.id)


def activate(session: Session, person: Person) -> None:
    """Open a closed account again, with the password it had."""
    person.active = True
    session.flush()
    security_log.note("activated", person=person.id)


def create_admin(session: Session, *, email: str, name: str) -> Person:
    """A new administrator, still without a password. Raises Invalid or WrongState."""
    folded, trimmed = queries.fold_email(email), name.strip()
    if not queries.is_address(folded):
        raise Invalid(f"{email!r} is not an e-mail address.", email="Enter an e-mail address.")
    if not trimmed or not trimmed.isprintable() or len(trimmed) > 120:
        raise Invalid("The name is empty, too long or has control characters in it.", name="Enter a name.")
    if queries.person_by_email(session, folded):
        raise WrongState(f"{folded} is there already. Use `flask accounts set-password`.")
    person = Person(email=folded, name=trimmed, admin=True)
    session.add(person)
    session.flush()
    security_log.note("admin_created", person=person.id)
    return person


def sample_sign_ins(session: Session, *, settings: Settings) -> list[tuple[str, str, str]]:
    """Name, e-mail address and what they can do, of sample people to try the portal as (their password
    is `SAMPLE_PASSWORD`). Empty in production and when the sample organisation is not loaded."""
    if settings.production:
        return []
    people = session.scalars(sa.select(Person).where(Person.sample, Person.active)).all()
    by_short_name = {person.email.partition("@")[0]: person for person in people}
    return [
        (person.name, person.email, what)
        for short, what in _SAMPLES.items()
        if (person := by_short_name.get(short))
    ]
