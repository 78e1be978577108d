"""Reading people, teams and sign-ins."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, lazyload

from portal.accounts.models import Membership, Person, Role, SignIn, Team
from portal.errors import NotFound

LONGEST_ADDRESS: Final = 254
_ROLE_ORDER: Final = (Role.LEAD, Role.AUTHOR, Role.AGENT)


def fold_email(text: str) -> str:
    """An e-mail address as it is stored and compared: trimmed, normalised, case-folded."""
    return unicodedata.normalize("NFC", text.strip()).casefold()


def is_address(email: str) -> bool:
    """Whether a folded text could be an e-mail address: one @ with something on both sides, a dot
    in the domain, printable, no spaces. Whether it reaches anybody, only a mail can tell."""
    local, at, domain = email.rpartition("@")
    return (
        bool(local and at)
        and "@" not in local
        and "." in domain.strip(".")
        and len(email) <= LONGEST_ADDRESS
        and email.isprintable()
        and not any(c.isspace() for c in email)
    )


def person_by_email(session: Session, email: str) -> Person | None:
    """The person with this address in any spelling, active or not."""
    folded = fold_email(email)
    if not is_address(folded):  # also keeps NUL from databases that refuse it
        return None
    return session.scalar(sa.select(Person).where(Person.email == folded))


def teams(session: Session) -> Sequence[Team]:
    """All teams by name."""
    return session.scalars(sa.select(Team).order_by(Team.name, Team.id)).all()


@dataclass(frozen=True, slots=True)
class Member:
    """One person of a team with all roles there, the lead's first."""

    name: str
    title: str
    place: str
    roles: tuple[Role, ...]


def team_by_slug(session: Session, slug: str) -> Team:
    """The team with this slug. Raises NotFound."""
    found = session.scalar(sa.select(Team).where(Team.slug == slug)) if slug.isprintable() else None
    if found is None:
        raise NotFound("There is no such team.")
    return found


def members(session: Session, team: Team) -> list[Member]:
    """The active people of a team, leads first, then by name. One statement."""
    rows = session.scalars(
        sa.select(Membership)
        .join(Membership.person)
        .where(Membership.team_id == team.id, Person.active)
        .options(joinedload(Membership.person).options(joinedload(Person.site), lazyload("*")))
    )
    by_person: dict[int, tuple[Person, list[Role]]] = {}
    for row in rows:
        by_person.setdefault(row.person_id, (row.person, []))[1].append(row.role)
    found = [
        Member(
            name=person.name,
            title=person.title,
            place=person.site.name if person.site else "",
            roles=tuple(sorted(roles, key=_ROLE_ORDER.index)),
        )
        for person, roles in by_person.values()
    ]
    return sorted(found, key=lambda m: (m.roles[0] is not Role.LEAD, m.name.casefold()))


def live_sign_ins(
    session: Session, person: Person, *, seen_since: datetime, created_since: datetime
) -> Sequence[SignIn]:
    """The sign-ins of a person that still work, the latest seen first."""
    return session.scalars(
        sa.select(SignIn)
        .where(
            SignIn.person_id == person.id,
            SignIn.seen_at >= seen_since,
            SignIn.created_at >= created_since,
        )
        .order_by(SignIn.seen_at.desc(), SignIn.id.desc())
    ).all()


def teams_of(person: Person) -> list[tuple[Team, tuple[Role, ...]]]:
    """The teams a person belongs to, by name, each with the person's roles there."""
    by_team: dict[int, tuple[Team, list[Role]]] = {}
    for membership in person.memberships:
        by_team.setdefault(membership.team_id, (membership.team, []))[1].append(membership.role)
    return sorted(
        ((team, tuple(sorted(roles, key=_ROLE_ORDER.index))) for team, roles in by_team.values()),
        key=lambda found: found[0].name.casefold(),
    )
