"""Audiences: who may see a thing. The rules are hard; every door checks them."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.accounts.models import Audience, Department, Person, Site, Team
from portal.errors import Invalid

EVERYONE = "everyone"
KINDS = ("countries", "sites", "departments", "employment", "teams")

Rules = Mapping[str, Sequence[str]]


def canonical(rules: Rules) -> str:
    """The one text for a set of rules; equal rules give equal texts. No rules: `everyone`.

    Raises Invalid for a kind that does not exist.
    """
    unknown = set(rules) - set(KINDS)
    if unknown:
        raise Invalid(f"Unknown audience: {', '.join(sorted(unknown))}. Use {', '.join(KINDS)}.")
    parts = [f"{kind}={','.join(sorted(set(rules[kind])))}" for kind in KINDS if rules.get(kind)]
    return ";".join(parts) or EVERYONE


def of_rules(session: Session, rules: Rules) -> Audience:
    """The audience with exactly these rules, made when there is none yet."""
    key = canonical(rules)
    found = session.scalar(sa.select(Audience).where(Audience.key == key))
    if found is None:
        kept = {kind: sorted(set(rules[kind])) for kind in KINDS if rules.get(kind)}
        found = Audience(key=key, rules=kept)
        session.add(found)
        session.flush()
    return found


def matches(person: Person, rules: Rules) -> bool:
    """Whether `person` is within the rules: every kind present must hold one of the person's values."""
    mine = {
        "countries": {person.site.country} if person.site else set(),
        "sites": {person.site.slug} if person.site else set(),
        "departments": {person.department.slug} if person.department else set(),
        "employment": {person.employment.value},
        "teams": {membership.team.slug for membership in person.memberships},
    }
    return all(mine[kind] & set(values) for kind, values in rules.items() if values)


def of_person(session: Session, person: Person) -> list[Audience]:
    """All audiences that `person` belongs to. One statement; there are dozens, not thousands."""
    return [found for found in session.scalars(sa.select(Audience)) if matches(person, found.rules)]


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
