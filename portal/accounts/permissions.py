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
    """Ids of the teams for which `person` holds `permission` by a role there.

    An admin holds it for every team without being in any: ask `can` about one team.
    """
    roles = PERMISSIONS[permission]
    return person.teams_as(*roles) if roles and person.active else frozenset()


def can(person: Person, permission: str, *, team_id: int | None = None) -> bool:
    """Whether `person` holds `permission` for the team, or, without one, for any team at all.

    Somebody inactive holds nothing. Raises KeyError for a permission that does not exist.
    """
    teams = teams_with(person, permission)
    if not person.active:
        return False
    if person.admin:
        return True
    return bool(teams) if team_id is None else team_id in teams


def require(person: Person, permission: str, *, team_id: int) -> None:
    """Raise NotAllowed, saying who can, when `person` lacks `permission` for the team."""
    if not can(person, permission, team_id=team_id):
        raise NotAllowed(who_can(permission))


def who_can(permission: str) -> str:
    """Who holds a permission, as a sentence: "An author or lead of the team that owns this can do it."."""
    roles = " or ".join(sorted(role.value for role in PERMISSIONS[permission]))
    if not roles:
        return "An administrator of the portal can do it."
    return f"{'An' if roles[0] == 'a' else 'A'} {roles} of the team that owns this can do it."
