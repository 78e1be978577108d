"""Who may do what: the one table.

A permission is held for a team by the roles listed. An admin holds all of them for every team.
"""

from typing import Final

from portal.accounts.models import Person, Role
from portal.errors import NotAllowed

PERMISSIONS: Final[dict[str, frozenset[Role]]] = {
    # permission: roles in the team that owns the thing
    "write": frozenset({Role.AUTHOR, Role.LEAD}),
    "publish": frozenset({Role.AUTHOR, Role.LEAD}),
    "archive": frozenset({Role.LEAD}),
    "admin": frozenset(),
}


def teams_with(person: Person, permission: str) -> frozenset[int]:
    """Ids of the teams for which `person` holds `permission` by a role (admins hold it for all)."""
    return person.teams_as(*PERMISSIONS[permission]) if PERMISSIONS[permission] else frozenset()


def can(person: Person, permission: str, *, team_id: int | None = None) -> bool:
    """Whether `person` holds `permission` for the team, or, without one, for any team at all."""
    if not person.active:
        return False
    if person.admin:
        return True
    teams = teams_with(person, permission)
    return bool(teams) if team_id is None else team_id in teams


def require(person: Person, permission: str, *, team_id: int) -> None:
    """Raise NotAllowed, saying who can, when `person` lacks `permission` for the team."""
    if not can(person, permission, team_id=team_id):
        roles = " or a ".join(sorted(role.value for role in PERMISSIONS[permission])) or "admin"
        raise NotAllowed(f"A {roles} of the team that owns this can do it.")
