"""Bringing an organisation into the database: rows are checked, then added or updated, never removed.

A row is taken whole or not at all. Doing it again changes nothing; passwords are never touched.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, lazyload, selectinload

from portal.accounts import checking, passwords, services, sessions
from portal.accounts.checking import RowError
from portal.accounts.models import Department, Employment, Membership, Person, Role, Site, Team
from portal.accounts.organisation import Organisation, Problem, Row
from portal.errors import NotAllowed
from portal.settings import Settings

Taken = dict[str, tuple[Row, dict[str, Any]]]
"""Rows that passed their checks: key -> the row and the attributes to set."""


@dataclass(slots=True)
class Report:
    """What an import did, or would do: lines such as "person ana@larkspur.example: site leeds"."""

    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)

    def add(self, what: str, changes: list[str], *, new: bool) -> None:
        """Note what came of one row."""
        if new:
            self.created.append(what)
        elif changes:
            self.changed.append(f"{what}: {', '.join(changes)}")
        else:
            self.unchanged += 1


def import_organisation(
    session: Session, data: Organisation, *, sample: bool, settings: Settings | None = None
) -> Report:
    """Add and update sites, departments, teams and people.

    With `sample` people become sample people with `services.SAMPLE_PASSWORD`, and an address that
    belongs to a real person is left alone; raises NotAllowed in production. To see what would
    change, roll back instead of committing.
    """
    if sample and settings and settings.production:
        raise NotAllowed("The sample organisation is for trying the portal out, not for production.")
    sample_hash = None
    if sample:  # one hash for all: the password is no secret
        hasher = passwords.hasher(settings.hash_cost if settings else "standard")
        sample_hash = hasher.hash(services.SAMPLE_PASSWORD)
    work = _Import(session, data, sample_hash)
    work.places()
    work.people()
    session.flush()
    work.report.problems.sort(key=lambda problem: (problem.file, problem.line))
    return work.report


class _Import:
    """One import: the rows, what is in the database already, and the report."""

    def __init__(self, session: Session, data: Organisation, sample_hash: str | None) -> None:
        self.report = Report(problems=list(data.problems))
        self._session = session
        self._data = data
        self._sample_hash = sample_hash
        self._sites = {found.slug: found for found in session.scalars(sa.select(Site))}
        self._departments = {found.slug: found for found in session.scalars(sa.select(Department))}
        self._teams = {found.slug: found for found in session.scalars(sa.select(Team))}
        everybody = sa.select(Person).options(
            # departments, sites and managers are at hand above: no joins, no statement for each
            lazyload(Person.department),
            lazyload(Person.site),
            selectinload(Person.memberships).lazyload(Membership.team),
        )
        self._people = {found.email: found for found in session.scalars(everybody)}

    def places(self) -> None:
        """Sites, departments and teams: nothing in them refers to another row."""

        def _department_slug(values: checking.Values) -> str:
            return checking.slug_of(checking.texts(values, name=120).get("name", ""))

        self._each("site", self._sites, Site, checking.slug, checking.site)
        self._each("department", self._departments, Department, _department_slug, checking.department)
        self._each("team", self._teams, Team, checking.slug, checking.team)

    def people(self) -> None:
        """People: checked alone, then against each other (managers), then applied."""
        taken = self._take("people", self._person_row)
        self._settle_managers(taken)
        changes = {email: self._apply_person(email, wanted) for email, (_, wanted) in taken.items()}
        self._session.flush()  # everybody has an id now; by ids two people may also swap places
        for email, (_, wanted) in taken.items():
            new, changed = changes[email]
            if "manager" in wanted:
                changed += self._set_manager(self._people[email], wanted["manager"])
            self.report.add(f"person {email}", changed, new=new)

    def _take(self, kind: str, check: Callable[[checking.Values], tuple[str, dict[str, Any]]]) -> Taken:
        """The rows of a kind that pass `check`, by key; the others become problems."""
        taken: Taken = {}
        for row in self._data.of(kind):
            try:
                key, wanted = check(row.values)
            except RowError as error:
                self.report.problems.append(row.problem(str(error)))
                continue
            if key in taken:
                first = taken[key][0]
                self.report.problems.append(
                    row.problem(f"{key} stands in {first.file} already, line {first.line}.")
                )
                continue
            taken[key] = (row, wanted)
        return taken

    def _each(
        self,
        what: str,
        known: dict[str, Any],
        make: Callable[..., Any],
        key_of: Callable[[checking.Values], str],
        check: Callable[[checking.Values, Any], dict[str, Any]],
    ) -> None:
        def _row(values: checking.Values) -> tuple[str, dict[str, Any]]:
            key = key_of(values)
            wanted = check(values, known.get(key))
            if not key:
                raise RowError(f"{values.get('name')!r} is not the name of a {what}.")
            return key, wanted

        for key, (_, wanted) in self._take(f"{what}s", _row).items():
            new = key not in known
            if new:
                known[key] = make(slug=key)
            changes = apply(known[key], wanted)
            self._session.add(known[key])
            self.report.add(f"{what} {key}", changes, new=new)

    def _person_row(self, values: checking.Values) -> tuple[str, dict[str, Any]]:
        email = checking.address(values)
        known = self._people.get(email)
        if self._sample_hash and known and not known.sample:
            raise RowError(f"{email} is a real person here. The sample organisation leaves them alone.")
        return email, checking.person(values, known, sites=self._sites, teams=self._teams)

    def _settle_managers(self, taken: Taken) -> None:
        """Leave out rows whose manager does not exist or reports to them in the end; again and
        again, as somebody left out may be another one's manager."""
        present = {email: found.manager.email for email, found in self._people.items() if found.manager}
        while True:
            wanted = {email: values["manager"] for email, (_, values) in taken.items() if "manager" in values}
            known = self._people.keys() | taken.keys()
            managers = present | wanted
            bad = {
                email: problem
                for email, manager in wanted.items()
                if manager and (problem := _manager_problem(email, managers, known))
            }
            if not bad:
                return
            for email, problem in bad.items():
                row, _ = taken.pop(email)
                self.report.problems.append(row.problem(problem))

    def _apply_person(self, email: str, wanted: dict[str, Any]) -> tuple[bool, list[str]]:
        """Set everything but the manager; gives whether the person is new, and what changed."""
        new = email not in self._people
        if new:
            self._people[email] = Person(
                email=email,
                employment=Employment.EMPLOYEE,
                active=True,
                admin=False,
                sample=self._sample_hash is not None,
                password_hash=self._sample_hash,
            )
        person = self._people[email]
        plain = {name: value for name, value in wanted.items() if name not in ("manager", "memberships")}
        if "department" in plain:
            plain["department"] = self._department(plain["department"])
        closed = not new and person.active and plain.get("active") is False
        changed = apply(person, plain)
        if closed:
            sessions.end_all(self._session, person)
        if "memberships" in wanted:
            changed += self._set_memberships(person, wanted["memberships"])
        self._session.add(person)
        return new, changed

    def _department(self, name: str) -> Department | None:
        """The department with this name or slug, made when there is none; None for no name."""
        slug = checking.slug_of(name)
        if slug and slug not in self._departments:
            self._departments[slug] = Department(slug=slug, name=name)
            self._session.add(self._departments[slug])
            self.report.add(f"department {slug}", [], new=True)
        return self._departments.get(slug)

    def _set_manager(self, person: Person, email: str) -> list[str]:
        manager = self._people.get(email)
        changed = apply(person, {"manager_id": manager.id if manager else None})
        return [f"manager {email or '(none)'}"] if changed else []

    def _set_memberships(self, person: Person, wanted: set[tuple[str, Role]]) -> list[str]:
        """Give a person exactly these roles."""
        had = {(one.team.slug, one.role): one for one in person.memberships}
        gone, come = had.keys() - wanted, wanted - had.keys()
        for key in gone:
            person.memberships.remove(had[key])
        for slug, role in come:
            person.memberships.append(Membership(team=self._teams[slug], role=role))
        return [
            *sorted(f"no longer {role.value} of {slug}" for slug, role in gone),
            *sorted(f"{role.value} of {slug}" for slug, role in come),
        ]


def apply(thing: object, wanted: dict[str, Any]) -> list[str]:
    """Set the attributes of a model that differ from `wanted`; gives "name value" for each."""
    changed = []
    for name, value in wanted.items():
        if getattr(thing, name) != value:
            setattr(thing, name, value)
            changed.append(f"{name} {_shown(value)}")
    return changed


def _shown(value: object) -> str:
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Site | Department):
        return value.slug
    return str(value) if value else "(none)"


def _manager_problem(email: str, managers: dict[str, str], known: set[str]) -> str | None:
    """Why the manager that `managers` gives for `email` cannot be it; None when they can."""
    manager = managers[email]
    if manager not in known:
        return f"There is no manager {manager!r}."
    seen = {email}
    step = manager
    while step and step not in seen:
        seen.add(step)
        step = managers.get(step, "")
    # A circle that does not lead back here is the business of the rows in it.
    return f"{manager} cannot be the manager: they report to {email}." if step == email else None
