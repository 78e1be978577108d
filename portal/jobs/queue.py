"""The transactional queue: a job is written in the same transaction as what calls for it.

How one job is done exactly once, whatever happens to the workers:

1. `next_due` finds a candidate by reading only, so that an idle worker never takes the write lock.
2. `claim` counts the attempt and moves the job's due time ahead by CLAIM, on the condition that it
   is still due. This is committed before the work starts, so that an attempt which takes its worker
   down is counted as well.
3. `finish` deletes the job on the condition that its count of attempts is still the claimed one, and
   the work is done in that same transaction. Both are committed or neither is.
4. When the work fails, `fail` puts the job off, longer each time, and buries it after MAX_ATTEMPTS.

A worker that is killed leaves its job with a due time in the future; it is claimed again then.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import clock
from portal.errors import NotFound, WrongState
from portal.jobs.models import Job

MAX_ATTEMPTS = 8
CLAIM = timedelta(seconds=60)
"""How long a worker may take over one job before it counts as gone."""

BACK_OFF_FIRST = timedelta(seconds=2)
BACK_OFF_LONGEST = timedelta(hours=1)
ERROR_LENGTH = 2000

_random = secrets.SystemRandom()


class ClaimLost(Exception):
    """The job is no longer this worker's: it took too long and another worker has it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do one job now. `attempt` counts from 1 and tells this claim from later ones."""

    id: int
    kind: str
    payload: Mapping[str, Any]
    attempt: int


def enqueue(
    session: Session, kind: str, payload: Mapping[str, Any], *, run_at: datetime | None = None
) -> None:
    """Write a job of `kind`; it is done after the caller's transaction has committed."""
    session.add(Job(kind=kind, payload=dict(payload), run_at=run_at or clock.now()))


def next_due(session: Session, kinds: Collection[str]) -> int | None:
    """The id of the job of one of `kinds` that has been due the longest. Reads only.

    Another worker may see the same job; `claim` decides who gets it.
    """
    return session.scalar(
        sa.select(Job.id)
        .where(Job.dead.is_(False), Job.kind.in_(kinds), Job.run_at <= clock.now())
        .order_by(Job.run_at, Job.id)
        .limit(1)
    )


def claim(session: Session, job_id: int) -> Claim | None:
    """Take a due job; None when somebody else was first, or when the job was buried instead.

    The caller commits before the work starts.
    """
    now = clock.now()
    # Race: two workers saw the same job. On SQLite the second waits for the write lock, on
    # PostgreSQL for the row, and both then apply the condition to what the first has committed:
    # the due time is in the future, no row matches.
    taken = session.execute(
        sa.update(Job)
        .where(Job.id == job_id, Job.dead.is_(False), Job.run_at <= now)
        .values(attempts=Job.attempts + 1, run_at=now + CLAIM)
        .returning(Job.id, Job.kind, Job.payload, Job.attempts)
    ).one_or_none()
    if taken is None:
        return None
    if taken.attempts > MAX_ATTEMPTS:
        # Reached only by a job that takes its worker down each time: no `fail` was ever called.
        _bury(session, job_id, "The worker stopped during this job each time it was tried.")
        return None
    return Claim(id=taken.id, kind=taken.kind, payload=taken.payload, attempt=taken.attempts)


def finish(session: Session, claim: Claim, *, again_at: datetime | None = None) -> None:
    """Delete the job, or put it off to `again_at`. Called first in the transaction that does the work.

    Raises ClaimLost when the job belongs to another worker by now.
    """
    # Race: this worker was held up for longer than CLAIM and another has claimed the job, so the
    # count of attempts has grown. No row matches, nothing of this transaction is kept.
    # The other way round: once this row is deleted, a second worker that tries to claim it waits
    # until this transaction ends, and then finds it gone (or, after a roll-back, due again).
    mine = (Job.id == claim.id, Job.attempts == claim.attempt, Job.dead.is_(False))
    if again_at is None:
        done = session.execute(sa.delete(Job).where(*mine).returning(Job.id))
    else:
        later = {"run_at": again_at, "attempts": 0, "last_error": ""}
        done = session.execute(sa.update(Job).where(*mine).values(later).returning(Job.id))
    if done.one_or_none() is None:
        raise ClaimLost(f"job {claim.id} ({claim.kind}) was taken over by another worker")


def fail(session: Session, claim: Claim, error: str, *, keep: bool = False) -> None:
    """Put off a job that failed; bury it when it failed MAX_ATTEMPTS times, unless `keep` is set.

    `keep` is for jobs that must never stop being tried, such as periodic ones. Does nothing when
    the job belongs to another worker by now: that one's attempt counts.
    """
    session.execute(
        sa.update(Job)
        .where(Job.id == claim.id, Job.attempts == claim.attempt, Job.dead.is_(False))
        .values(
            run_at=clock.now() + back_off(claim.attempt),
            # A kept job stays one below the limit, where `claim` would bury it.
            attempts=min(claim.attempt, MAX_ATTEMPTS - 1) if keep else claim.attempt,
            last_error=error[:ERROR_LENGTH],
            dead=not keep and claim.attempt >= MAX_ATTEMPTS,
        )
    )


def back_off(attempts: int, *, longest: timedelta = BACK_OFF_LONGEST) -> timedelta:
    """How long to wait after so many failed attempts (from 1): doubled each time up to `longest`.

    A quarter more or less by chance, so that jobs which failed together do not all come back
    together.
    """
    doubled: timedelta = BACK_OFF_FIRST * 2 ** min(max(attempts, 1) - 1, 20)
    return min(doubled, longest) * _random.uniform(0.75, 1.25)


def waiting(session: Session) -> Sequence[Job]:
    """All jobs, the dead ones first, then by due time."""
    return session.scalars(sa.select(Job).order_by(Job.dead.desc(), Job.run_at, Job.id)).all()


def retry(session: Session, job_id: int) -> None:
    """Let a job be tried at once, with all its attempts before it again. Raises NotFound."""
    job = _get(session, job_id)
    job.dead, job.attempts, job.run_at = False, 0, clock.now()


def drop(session: Session, job_id: int) -> None:
    """Delete a dead job. Raises NotFound, WrongState when it is not dead."""
    job = _get(session, job_id)
    if not job.dead:
        raise WrongState(f"Job {job_id} is not dead: it will be tried again. Only dead jobs are dropped.")
    session.delete(job)


def _get(session: Session, job_id: int) -> Job:
    job = session.get(Job, job_id)
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    return job


def _bury(session: Session, job_id: int, error: str) -> None:
    session.execute(sa.update(Job).where(Job.id == job_id).values(dead=True, last_error=error))


# --- many jobs of one kind, done together ----------------------------------------------------
#
# For a kind whose jobs are done in batches by the one process that holds a lease (`jobs.leases`).
# The lease takes the place of claims, so the rows are only read, and deleted when they are done.


@dataclass(frozen=True, slots=True)
class Row:
    """One job of a batch as it was read."""

    id: int
    payload: Mapping[str, Any]
    attempts: int


def any_due(session: Session, kind: str) -> bool:
    """Whether a job of `kind` is due: one cheap statement, for polling."""
    return next_due(session, (kind,)) is not None


def due_rows(session: Session, kind: str, *, limit: int) -> Sequence[Row]:
    """The oldest due jobs of a kind, at most `limit`."""
    return _rows(
        session,
        sa.and_(Job.kind == kind, Job.dead.is_(False), Job.run_at <= clock.now()),
        limit=limit,
    )


def held_back_rows(session: Session, kind: str) -> Sequence[Row]:
    """The jobs of a kind that failed and wait for their next attempt."""
    return _rows(session, sa.and_(Job.kind == kind, sa.or_(Job.dead, Job.run_at > clock.now())))


def all_rows(session: Session, kind: str) -> Sequence[Row]:
    """All jobs of a kind, due or not."""
    return _rows(session, Job.kind == kind)


def discard(session: Session, ids: Collection[int]) -> None:
    """Delete exactly these jobs; those added since they were read stay."""
    for chunk in _chunks(ids):
        session.execute(sa.delete(Job).where(Job.id.in_(chunk)))


def put_off(session: Session, ids: Collection[int], error: str, *, attempts: int, longest: timedelta) -> None:
    """Note that these jobs have failed `attempts` times now and let them wait."""
    for chunk in _chunks(ids):
        session.execute(
            sa.update(Job)
            .where(Job.id.in_(chunk))
            .values(
                attempts=attempts,
                run_at=clock.now() + back_off(attempts, longest=longest),
                last_error=error[:ERROR_LENGTH],
            )
        )


def hurry(session: Session, kind: str) -> None:
    """Make all jobs of a kind due now."""
    session.execute(
        sa.update(Job)
        .where(Job.kind == kind, sa.or_(Job.dead, Job.run_at > clock.now()))
        .values(dead=False, run_at=clock.now())
    )


def _rows(session: Session, condition: sa.ColumnElement[bool], *, limit: int | None = None) -> Sequence[Row]:
    # by id, not by due time: old changes first, and those that failed do not push in front
    chosen = sa.select(Job.id, Job.payload, Job.attempts).where(condition).order_by(Job.id).limit(limit)
    return [Row(id=row.id, payload=row.payload, attempts=row.attempts) for row in session.execute(chosen)]


def _chunks(ids: Collection[int], size: int = 500) -> Sequence[Sequence[int]]:
    listed = list(ids)
    return [listed[start : start + size] for start in range(0, len(listed), size)]
