"""Checks of imported rows: from text as written to values that fit the models, or a reason why not."""

import unicodedata
from collections.abc import Mapping
from typing import Any, Final, TypeVar
from zoneinfo import available_timezones

from portal.accounts import queries
from portal.accounts.models import Department, Employment, Person, Role, Site, Team

Known = TypeVar("Known")
Values = Mapping[str, Any]

EMPLOYMENT: Final = {kind.value: kind for kind in Employment}
ROLES: Final = {role.value: role for role in Role}
_YES: Final = frozenset({"yes", "true", "1", "on"})
_NO: Final = frozenset({"no", "false", "0", "off"})
_ZONES: Final = available_timezones()


class RowError(Exception):
    """Why a row is left out, as a sentence."""


def site(values: Values, known: Site | None) -> dict[str, Any]:
    """The attributes of a site. Raises RowError."""
    wanted = texts(values, name=120, country=2, time_zone=64)
    _need(wanted, known, "name", "country", "time_zone")
    if "country" in wanted:
        country = wanted["country"] = wanted["country"].upper()
        if not (len(country) == 2 and country.isascii() and country.isalpha()):
            raise RowError(f"{country!r} is not a country code of two letters, such as DE.")
    if wanted.get("time_zone", "UTC") not in _ZONES:
        raise RowError(f"{wanted['time_zone']!r} is not a time zone, such as Europe/Berlin.")
    return wanted


def department(values: Values, known: Department | None) -> dict[str, Any]:
    """The attributes of a department: its name, when it is new. Raises RowError."""
    wanted = texts(values, name=120)
    _need(wanted, None, "name")
    return {} if known else wanted


def team(values: Values, known: Team | None) -> dict[str, Any]:
    """The attributes of a team. Raises RowError.

    A team's department stands in the files for people to read; the portal has no use for it.
    """
    wanted = texts(values, name=120, purpose=2000, email=254, phone=40)
    _need(wanted, known, "name")
    if wanted.get("email") and not queries.is_address(queries.fold_email(wanted["email"])):
        raise RowError(f"{wanted['email']!r} is not an e-mail address.")
    return wanted


def person(
    values: Values, known: Person | None, *, sites: Mapping[str, Site], teams: Mapping[str, Team]
) -> dict[str, Any]:
    """The attributes of a person. Raises RowError.

    A department stays its name and a manager their address, as both may come with the same import;
    memberships become a set of (team slug, role).
    """
    wanted: dict[str, Any] = texts(values, name=120, title=120, department=120)
    _need(wanted, known, "name")
    if wanted.get("department") and not slug_of(wanted["department"]):
        raise RowError(f"{wanted['department']!r} is not the name of a department.")
    for flag, default in (("admin", False), ("active", True)):
        if flag in values:
            wanted[flag] = _yes_or_no(flag, values[flag], default=default)
    if "employment" in values:
        wanted["employment"] = one_of("employment", values["employment"] or "employee", EMPLOYMENT)
    if "site" in values:
        wanted["site"] = one_of("site", values["site"], sites) if values["site"] else None
    if "manager" in values:
        wanted["manager"] = queries.fold_email(values["manager"])
    if "memberships" in values:
        wanted["memberships"] = {
            (one_of("team", slug, teams).slug, one_of("role", role, ROLES))
            for slug, roles in values["memberships"]
            for role in roles
        }
    return wanted


def address(values: Values) -> str:
    """A person's e-mail address, folded. Raises RowError."""
    email = queries.fold_email(values.get("email", ""))
    if not queries.is_address(email):
        raise RowError(f"{values.get('email', '')!r} is not an e-mail address.")
    return email


def slug(values: Values) -> str:
    """The slug of a site or team as given. Raises RowError."""
    given = str(values.get("slug", ""))
    if not given or given != slug_of(given):
        raise RowError(f"slug is {given!r}: use small letters, digits and hyphens.")
    return given


def slug_of(name: str) -> str:
    """A name as a slug: letters and digits of any script without accents, joined by hyphens; may be empty."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    kept = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return "-".join(kept.split())[:80].strip("-")


def texts(values: Values, **limits: int) -> dict[str, str]:
    """The texts given among the names in `limits`, none longer than its limit. Raises RowError."""
    found: dict[str, str] = {}
    for name, limit in limits.items():
        if name not in values:
            continue
        text = unicodedata.normalize("NFC", values[name])
        if len(text) > limit:
            raise RowError(f"{name} is longer than {limit} characters.")
        if not text.isprintable():
            raise RowError(f"{name} has a line break or a control character in it.")
        found[name] = text
    return found


def one_of(name: str, value: str, known: Mapping[str, Known]) -> Known:
    """What `known` has under `value` in any case. Raises RowError."""
    found = known.get(value.strip().lower())
    if found is None:
        raise RowError(f"There is no {name} {value!r}.")
    return found


def _need(wanted: Mapping[str, str], known: object, *names: str) -> None:
    for name in names:
        if not wanted.get(name) and (name in wanted or known is None):
            raise RowError(f"{name} is missing.")


def _yes_or_no(name: str, value: str, *, default: bool) -> bool:
    folded = value.strip().lower()
    if folded and folded not in _YES | _NO:
        raise RowError(f"{name} is {value!r}: use yes or no.")
    return folded in _YES if folded else default
