import pytest

from portal.accounts import permissions
from portal.accounts.models import Membership, Person, Role
from portal.accounts.permissions import PERMISSIONS, can, require, teams_with
from portal.errors import NotAllowed

OURS, THEIRS = 1, 2

# role -> what it may do for its team
HELD = {
    Role.AGENT: set(),
    Role.AUTHOR: {"write", "publish"},
    Role.LEAD: {"write", "publish", "archive"},
}


def person(*roles, admin=False, active=True):
    memberships = [Membership(team_id=OURS, role=role) for role in roles]
    return Person(name="Somebody", active=active, admin=admin, memberships=memberships)


@pytest.mark.parametrize("permission", PERMISSIONS)
@pytest.mark.parametrize("role", Role)
def test_each_role_holds_what_the_table_says_for_its_team_alone(role, permission):
    held = permission in HELD[role]
    assert can(person(role), permission) is held
    assert can(person(role), permission, team_id=OURS) is held
    assert can(person(role), permission, team_id=THEIRS) is False
    assert teams_with(person(role), permission) == (frozenset({OURS}) if held else frozenset())


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_who_is_in_no_team_holds_nothing(permission):
    assert not can(person(), permission)
    assert not can(person(), permission, team_id=OURS)


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_an_admin_holds_everything_everywhere(permission):
    assert can(person(admin=True), permission)
    assert can(person(admin=True), permission, team_id=THEIRS)


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_nobody_inactive_holds_anything(permission):
    gone = person(*Role, admin=True, active=False)
    assert not can(gone, permission)
    assert not can(gone, permission, team_id=OURS)
    assert teams_with(gone, permission) == frozenset()


def test_several_roles_add_up():
    both = person(Role.AGENT, Role.LEAD)
    assert both.teams_as() == {OURS}
    assert can(both, "archive", team_id=OURS)


@pytest.mark.parametrize("admin", [True, False])
def test_a_permission_that_does_not_exist_is_a_mistake_of_ours(admin):
    with pytest.raises(KeyError):
        can(person(admin=admin), "fly")


@pytest.mark.parametrize(
    ("permission", "who"),
    [
        ("write", "An author or lead of the team that owns this can do it."),
        ("archive", "A lead of the team that owns this can do it."),
        ("admin", "An administrator of the portal can do it."),
    ],
)
def test_a_refusal_says_who_can(permission, who):
    with pytest.raises(NotAllowed, match=who):
        require(person(Role.AGENT), permission, team_id=OURS)
    require(person(admin=True), permission, team_id=OURS)


def test_the_table_names_roles_only():
    assert all(roles <= set(Role) for roles in PERMISSIONS.values())
    assert permissions.who_can("publish")
