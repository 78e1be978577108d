"""Audiences: who may see a thing. The rules are hard; every door checks them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.orm import Session, SessionTransaction

from portal.accounts.models import Audience, Department, Person, Site, Team
from portal.db import insert_missing
from portal.errors import Invalid

EVERYONE = "everyone"
KINDS = ("countries", "sites", "departments", "employment", "teams")

LONGEST_KEY = 1000

Rules = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Known:
    """An audience as it is stored: asked for by every page, so read without the object around it."""

    id: int
    key: str
    rules: Mapping[str, Any]


def canonical(rules: Rules) -> str:
    """The one text for a set of rules; equal rules give equal texts. No rules: `everyone`.

    Raises Invalid for a kind that does not exist.
    """
    unknown = set(rules) - set(KINDS)
    if unknown:
        raise Invalid(f"Unknown audience: {', '.join(sorted(unknown))}. Use {', '.join(KINDS)}.")
    kept = _kept(rules)
    return ";".join(f"{kind}={','.join(map(_escaped, kept[kind]))}" for kind in kept) or EVERYONE


def of_rules(session: Session, rules: Rules) -> Audience:
    """The audience with exactly these rules, made when there is none yet. Raises Invalid when the
    rules are too many to be kept."""
    key = canonical(rules)
    if len(key) > LONGEST_KEY:
        raise Invalid("This audience names too many groups. Choose fewer or larger ones.")
    wanted = sa.select(Audience).where(Audience.key == key)
    found = session.scalar(wanted)
    if found is None:  # another process may be making the same one at this moment
        insert_missing(session, Audience, [{"key": key, "rules": _kept(rules)}])
        _forget(session)
        found = session.scalars(wanted).one()
    return found


def matches(person: Person, rules: Rules) -> bool:
    """Whether `person` is within the rules: every kind present must hold one of the person's values.

    Nobody inactive is within any rules, and a kind that does not exist holds nobody.
    """
    return person.active and _within(_values_of(person), rules)


def _values_of(person: Person) -> dict[str, set[str]]:
    """What a person is, by the kinds of rules."""
    return {
        "countries": {person.site.country} if person.site else set(),
        "sites": {person.site.slug} if person.site else set(),
        "departments": {person.department.slug} if person.department else set(),
        "employment": {person.employment.value},
        "teams": {membership.team.slug for membership in person.memberships},
    }


def _within(mine: Mapping[str, set[str]], rules: Rules) -> bool:
    return all(mine.get(kind, set()).intersection(values) for kind, values in rules.items() if values)


def of_person(session: Session, person: Person) -> list[Known]:
    """All audiences that `person` belongs to. One statement for each transaction; there are dozens of
    audiences, not thousands."""
    if not person.active:
        return []
    mine = _values_of(person)
    return [found for found in _all(session) if _within(mine, found.rules)]


_ALL: Final = sa.select(Audience.id, Audience.key, Audience.rules)
_read: WeakKeyDictionary[SessionTransaction, list[Known]] = WeakKeyDictionary()


def _all(session: Session) -> list[Known]:
    """All audiences as this transaction sees them: a page asks several times, the answer is one."""
    transaction = session.get_transaction()
    found = _read.get(transaction) if transaction is not None else None
    if found is None:
        found = [Known(*row) for row in session.execute(_ALL)]
        transaction = session.get_transaction()
        if transaction is not None:  # else a session that does not keep one open
            _read[transaction] = found
    return found


def _forget(session: Session) -> None:
    """Read the audiences anew in this transaction. Those of other threads stay theirs."""
    transaction = session.get_transaction()
    if transaction is not None:
        _read.pop(transaction, None)


def checked_rules(session: Session, rules: Rules) -> dict[str, list[str]]:
    """`rules` with every value known to exist. Raises Invalid naming the first that does not.

    Departments may be given by name or slug, countries in any case.
    """
    canonical(rules)
    departments = session.scalars(sa.select(Department)).all()
    known: dict[str, dict[str, str]] = {
        "countries": {c.lower(): c for c in session.scalars(sa.select(Site.country).distinct())},
        "sites": {slug: slug for slug in session.scalars(sa.select(Site.slug))},
        "departments": {d.slug: d.slug for d in departments} | {d.name.lower(): d.slug for d in departments},
        "employment": {value: value for value in ("employee", "contractor", "intern")},
        "teams": {slug: slug for slug in session.scalars(sa.select(Team.slug))},
    }
    result: dict[str, list[str]] = {}
    for kind, values in rules.items():
        for value in values:
            match = known[kind].get(str(value).lower())
            if match is None:
                raise Invalid(f"Audience {kind}: there is no {value!r}.", audience=f"There is no {value!r}.")
            result.setdefault(kind, []).append(match)
    return result


def _kept(rules: Rules) -> dict[str, list[str]]:
    """Rules in their one form: kinds in order, values sorted and once each, no empty kinds."""
    return {kind: sorted(set(rules[kind])) for kind in KINDS if rules.get(kind)}


def _escaped(value: str) -> str:
    # Otherwise the value "a,b" and the values "a" and "b" would give the same key.
    for sign in "%,;=":
        value = value.replace(sign, f"%{ord(sign):02X}")
    return value
