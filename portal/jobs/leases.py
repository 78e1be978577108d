"""Leases: the right of one process to do one kind of work, until it lets go or is gone.

A lease is a row with a holder and a time at which it runs out. Every change of it is one statement
with a condition, so that it is decided by the database: SQLite lets one writer in at a time;
PostgreSQL lets the second writer wait for the row and then looks at the condition anew.

A lease alone cannot stop a process that was held up (a paused machine) and goes on after its lease
ran out. Who works under a lease therefore calls `renew` in the very transaction that records the
work: when that fails, somebody else has been at work since, and nothing may be recorded as done.

Time is that of the processes' machines: they must agree within a few seconds (NTP).
"""

import contextlib
import logging
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from portal import clock
from portal.jobs.models import Lease

DURATION = timedelta(seconds=15)
RENEW_EVERY = timedelta(seconds=4)

log = logging.getLogger(__name__)


def new_holder() -> str:
    """A name for a holder that no other process or earlier try has: host, process, chance."""
    return f"{socket.gethostname()[:80]}:{os.getpid()}:{secrets.token_hex(4)}"


@dataclass(frozen=True, slots=True)
class Held:
    """A lease that was acquired by `holder`. `lost` is set when a renewal found it taken."""

    name: str
    holder: str
    lost: threading.Event = field(default_factory=threading.Event, compare=False)


def holder_of(session: Session, name: str) -> str | None:
    """Who holds the lease now, or None. Reads only; `acquire` decides."""
    return session.scalar(sa.select(Lease.holder).where(Lease.name == name, Lease.expires_at > clock.now()))


def acquire(session: Session, name: str, *, holder: str) -> Held | None:
    """Take the lease when nobody holds it, it has run out, or `holder` has it already.

    None when another holds it. It counts once the caller's transaction has committed.
    """
    now = clock.now()
    # Race: two want a lease that ran out. The second statement sees the new holder and time.
    taken = session.execute(
        sa.update(Lease)
        .where(Lease.name == name, sa.or_(Lease.holder == holder, Lease.expires_at <= now))
        .values(holder=holder, expires_at=now + DURATION)
        .returning(Lease.name)
    ).one_or_none()
    if taken is None and not _insert(session, name, holder):
        return None
    return Held(name=name, holder=holder)


def _insert(session: Session, name: str, holder: str) -> bool:
    # Race: two find no row, or there is one that has not run out. The primary key lets one in.
    values = {"name": name, "holder": holder, "expires_at": clock.now() + DURATION}
    try:
        with session.begin_nested():
            session.execute(sa.insert(Lease).values(values))
    except IntegrityError:
        return False
    return True


def renew(session: Session, held: Held) -> bool:
    """Hold the lease for another DURATION; False when another has taken it.

    A lease that ran out but was not taken is still good: nobody else has worked under it. On
    PostgreSQL the row stays locked until the caller's transaction ends, so that nobody takes the
    lease between this check and the commit.
    """
    renewed = session.execute(
        sa.update(Lease)
        .where(Lease.name == held.name, Lease.holder == held.holder)
        .values(expires_at=clock.now() + DURATION)
        .returning(Lease.name)
    )
    if renewed.one_or_none() is not None:
        return True
    held.lost.set()
    return False


def release(session: Session, held: Held) -> None:
    """Let go. Does nothing when another has taken the lease meanwhile."""
    session.execute(sa.delete(Lease).where(Lease.name == held.name, Lease.holder == held.holder))


@contextlib.contextmanager
def kept(engine: Engine, held: Held) -> Iterator[None]:
    """Renew the lease from a second thread for as long as the block runs.

    A step that takes longer than DURATION (the commit of a large index) thus does not lose it.
    The thread has a connection of its own; it dies with the process, and then the lease runs out.
    """
    done = threading.Event()

    def _renew() -> None:
        while not done.wait(RENEW_EVERY.total_seconds()) and not held.lost.is_set():
            with contextlib.suppress(SQLAlchemyError):  # busy: there is time for two more tries
                renew_in(engine, held)

    thread = threading.Thread(target=_renew, name=f"lease {held.name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def renew_in(engine: Engine, held: Held) -> bool:
    """Renew the lease in a transaction of its own, on a connection of its own."""
    with Session(engine) as session:
        session.connection(execution_options={"portal_writes": True})
        renewed = renew(session, held)
        session.commit()
    if not renewed:
        log.warning("lease %s was lost: this process was held up for too long", held.name)
    return renewed
