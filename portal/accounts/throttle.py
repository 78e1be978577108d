"""Slowing down guesses at passwords without locking people out.

Failures are counted in lanes (docs/adr/0009-sign-in-throttling.md): a device that this account
signed in from before has a lane of its own and is not held up by anybody else; everybody else goes
by account and place, by place, and softly by account. A try is counted before its password is looked
at and given back when it was right, so that many tries at once get no further than one by one.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Throttle
from portal.db import insert_missing


@dataclass(frozen=True, slots=True)
class Lane:
    """How one count of failures grows into waiting: nothing for the first `free` - 1, then `first`,
    twice as long with each failure, at most `cap`. Without a failure for `forget` it starts anew."""

    free: int
    first: timedelta
    cap: timedelta
    forget: timedelta = timedelta(hours=24)

    def wait(self, failures: int) -> timedelta:
        """How long to wait after that many failures."""
        if failures < self.free:
            return timedelta()
        doublings = min(failures - self.free, 20)
        return min(self.first * (1 << doublings), self.cap)


LANES: Final[Mapping[str, Lane]] = {
    "device": Lane(free=5, first=timedelta(seconds=30), cap=timedelta(minutes=15)),
    "pair": Lane(free=5, first=timedelta(seconds=30), cap=timedelta(minutes=15)),
    # A place may be a whole office behind one address.
    "place": Lane(100, timedelta(seconds=10), timedelta(minutes=5), forget=timedelta(hours=1)),
    "account": Lane(30, timedelta(seconds=10), timedelta(minutes=1)),
    "change": Lane(free=5, first=timedelta(seconds=30), cap=timedelta(minutes=15)),
}
FRESH_TRIES: Final = 2
"""So many tries from a place that has not failed before pass the account's lane: whoever attacks an
account from elsewhere cannot keep its owner out."""
LONGEST_MEMORY: Final = max(lane.forget for lane in LANES.values())


@dataclass(frozen=True, slots=True)
class Ticket:
    """One try: the lanes it is counted in (lane name -> key), when, and until when it is refused."""

    keys: Mapping[str, str]
    at: datetime
    blocked_until: datetime | None = None
    next_from: datetime | None = None
    """When the next try is taken, if this one is wrong and makes the next one wait."""
    before: Mapping[str, datetime | None] | None = None
    """For each key, the block that stood before this try was counted."""

    @property
    def blocked(self) -> bool:
        return self.blocked_until is not None


def digest(secret: str, text: str) -> str:
    """A keyed fingerprint, 32 hex digits: the tables and cookies hold neither addresses nor names."""
    return hmac.new(secret.encode(), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


def place_of(address: str | None) -> str:
    """The place an address belongs to: itself for IPv4, the /48 for IPv6 (what one customer gets)."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), 48), strict=False))


def lanes_of_sign_in(account: str, place: str, device: str | None) -> dict[str, str]:
    """The keys a sign-in is counted under; all arguments are digests. `device` is given only for a
    device that this very account signed in from before."""
    if device:
        return {"device": f"device:{account}:{device}"}
    return {"pair": f"pair:{account}:{place}", "place": f"place:{place}", "account": f"account:{account}"}


def lanes_of_change(account: str) -> dict[str, str]:
    """The key under which wrong present passwords count when a password is to be changed."""
    return {"change": f"change:{account}"}


def count(session: Session, keys: Mapping[str, str]) -> Ticket:
    """Count a try in its lanes, or refuse it when one of them is blocked (then nothing is counted).

    Commit before looking at the password; give the ticket to `forgive` when it was right.
    """
    now = clock.now()
    session.execute(sa.delete(Throttle).where(Throttle.failed_at < now - LONGEST_MEMORY))
    rows = _locked(session, keys.values(), now)
    failures = {lane: _failures(rows[key], LANES[lane], now) for lane, key in keys.items()}
    fresh = failures.get("pair", FRESH_TRIES) < FRESH_TRIES
    blocks = [
        block
        for lane, key in keys.items()
        if (block := rows[key].blocked_until) and block > now and not (lane == "account" and fresh)
    ]
    if blocks:
        return Ticket(keys, now, blocked_until=max(blocks))
    before = {key: rows[key].blocked_until for key in keys.values()}
    for lane, key in keys.items():
        wait = LANES[lane].wait(failures[lane] + 1)
        rows[key].failures = failures[lane] + 1
        rows[key].failed_at = now
        rows[key].blocked_until = now + wait if wait else None
    session.flush()
    new_blocks = [until for row in rows.values() if (until := row.blocked_until)]
    return Ticket(keys, now, next_from=max(new_blocks, default=None), before=before)


def forgive(session: Session, ticket: Ticket) -> None:
    """Take a try that was right out of the count, and the typing mistakes before it with it.

    A place and an account keep what others have failed there.
    """
    own = next((ticket.keys[lane] for lane in ("device", "pair", "change") if lane in ticket.keys), None)
    rows = _locked(session, ticket.keys.values(), ticket.at)
    mistakes = rows[own].failures if own else 0
    for key, row in rows.items():
        if key == own:
            session.delete(row)
            continue
        row.failures = max(0, row.failures - mistakes)
        if row.failed_at == ticket.at:  # nobody has failed since: the block is this try's own
            row.blocked_until = (ticket.before or {}).get(key)
    session.flush()


def forget_account(session: Session, account: str) -> None:
    """Lift every block of an account, wherever it comes from."""
    session.execute(
        sa.delete(Throttle).where(
            sa.or_(
                Throttle.key.in_([f"account:{account}", f"change:{account}"]),
                Throttle.key.like(f"pair:{account}:%"),
                Throttle.key.like(f"device:{account}:%"),
            )
        )
    )


def _failures(row: Throttle, lane: Lane, now: datetime) -> int:
    return row.failures if now - row.failed_at <= lane.forget else 0


def _locked(session: Session, keys: Iterable[str], now: datetime) -> dict[str, Throttle]:
    """The rows of `keys`, made when missing, locked in one order so that no two tries wait for each other."""
    names = sorted(keys)
    insert_missing(session, Throttle, [{"key": key, "failures": 0, "failed_at": now} for key in names])
    found = session.scalars(
        sa.select(Throttle)
        .where(Throttle.key.in_(names))
        .order_by(Throttle.key)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.key: row for row in found}
