"""Periodic jobs: one row for each kind, which is put off to the next period instead of deleted."""

import contextlib
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock
from portal.jobs import queue
from portal.jobs.models import Job
from portal.jobs.registry import Periodic


def ensure(session: Session, kinds: Iterable[str]) -> None:
    """Write the row of every kind that has none yet; it is due at once."""
    kinds = set(kinds)
    there = set(session.scalars(sa.select(Job.key).where(Job.key.in_(kinds))))
    for kind in sorted(kinds - there):
        _write_row(session, kind)


def _write_row(session: Session, kind: str) -> None:
    # Race: two workers start at the same time and find no row. The unique key lets one in.
    with contextlib.suppress(IntegrityError), session.begin_nested():
        session.add(Job(kind=kind, key=kind, payload={}))


def run(session: Session, claim: queue.Claim, periodic: Periodic) -> None:
    """Do the work of this period and put the job off to the next, in the caller's transaction.

    The period counts from now, so that a portal that was off for a week does the work once, not
    seven times. Raises queue.ClaimLost when another worker has taken it.
    """
    queue.finish(session, claim, again_at=clock.now() + periodic.every)
    periodic.run(session)
