"""The queue: what is written once is done once, whoever claims it and whatever fails."""

import contextvars
import itertools
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal import clock
from portal.db import db, unit_of_work
from portal.errors import NotFound, WrongState
from portal.jobs import queue
from portal.jobs.models import Job


def enqueued(kind="mail", **details):
    with unit_of_work() as session:
        queue.enqueue(session, kind, {"n": 1}, **details)
        session.flush()
        return session.scalar(sa.select(sa.func.max(Job.id)))


def claimed(job_id):
    with unit_of_work() as session:
        return queue.claim(session, job_id)


def due(*kinds):
    session = db.session()
    session.rollback()
    found = queue.next_due(session, kinds or ("mail",))
    session.rollback()
    return found


def stored(job_id):
    session = db.session()
    session.rollback()
    return session.get(Job, job_id)


@pytest.fixture(autouse=True)
def _in_app(app):
    """Every test needs the database."""


def test_a_job_is_due_at_once_and_only_for_its_kind():
    job = enqueued()
    assert due() == job
    assert due("other") is None


def test_a_job_for_later_is_due_later(travel):
    job = enqueued(run_at=clock.now() + timedelta(hours=1))
    assert due() is None
    travel(hours=1, seconds=1)
    assert due() == job


def test_the_job_due_the_longest_comes_first():
    enqueued(run_at=clock.now() - timedelta(minutes=1))
    older = enqueued(run_at=clock.now() - timedelta(minutes=2))
    assert due() == older


def test_a_job_of_a_transaction_that_was_rolled_back_never_was():
    with pytest.raises(RuntimeError), unit_of_work() as session:
        queue.enqueue(session, "mail", {})
        raise RuntimeError
    assert due() is None


def test_a_claimed_job_is_nobody_elses():
    job = enqueued()
    claim = claimed(job)
    assert (claim.id, claim.kind, claim.payload, claim.attempt) == (job, "mail", {"n": 1}, 1)
    assert due() is None
    assert claimed(job) is None


def test_many_workers_claim_each_job_once(app):
    """Four workers see the same twenty jobs and all try to claim each of them at the same moment."""
    jobs = [enqueued() for _ in range(20)]
    got, together, errors = [], threading.Barrier(4), []

    def work():
        try:
            with app.app_context():
                for job in jobs:
                    together.wait(timeout=30)
                    claim = claimed(job)
                    if claim is not None:
                        got.append(claim.id)
        except BaseException as error:
            errors.append(error)
            together.abort()

    threads = [threading.Thread(target=contextvars.Context().run, args=(work,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(got) == jobs


def test_the_claim_of_a_worker_that_was_killed_runs_out(travel):
    job = enqueued()
    claimed(job)
    travel(seconds=queue.CLAIM.total_seconds() + 1)
    assert due() == job
    assert claimed(job).attempt == 2


def test_finishing_deletes_the_job():
    job = enqueued()
    claim = claimed(job)
    with unit_of_work() as session:
        queue.finish(session, claim)
    assert stored(job) is None


def test_work_and_the_deletion_of_its_job_are_kept_together_or_not_at_all():
    job = enqueued()
    claim = claimed(job)
    with pytest.raises(RuntimeError), unit_of_work() as session:
        queue.finish(session, claim)
        queue.enqueue(session, "result of the work", {})
        raise RuntimeError
    assert stored(job) is not None
    assert due("result of the work") is None


def test_a_worker_that_was_held_up_cannot_finish_a_job_that_another_has(travel):
    job = enqueued()
    slow = claimed(job)
    travel(seconds=queue.CLAIM.total_seconds() + 1)
    quick = claimed(job)
    with pytest.raises(queue.ClaimLost), unit_of_work() as session:
        queue.finish(session, slow)
    with unit_of_work() as session:
        queue.finish(session, quick)
    assert stored(job) is None
    with pytest.raises(queue.ClaimLost), unit_of_work() as session:
        queue.finish(session, quick)


def test_a_worker_that_was_held_up_cannot_fail_a_job_that_another_has(travel):
    job = enqueued()
    slow = claimed(job)
    travel(seconds=queue.CLAIM.total_seconds() + 1)
    claimed(job)
    with unit_of_work() as session:
        queue.fail(session, slow, "too late")
    assert stored(job).last_error == ""
    assert stored(job).attempts == 2


def test_the_id_of_a_job_that_is_done_is_never_used_again():
    """Else a worker that was held up would delete a new job in place of its own."""
    first = enqueued()
    with unit_of_work() as session:
        queue.discard(session, [first])
    assert enqueued() > first


def test_a_failed_job_waits_longer_each_time_and_is_then_buried(travel):
    job = enqueued()
    waits = []
    for attempt in range(1, queue.MAX_ATTEMPTS + 1):
        assert due() == job
        claim = claimed(job)
        assert claim.attempt == attempt
        with unit_of_work() as session:
            queue.fail(session, claim, f"failure {attempt}")
        found = stored(job)
        assert found.last_error == f"failure {attempt}"
        assert found.dead == (attempt == queue.MAX_ATTEMPTS)
        waits.append((found.run_at - clock.now()).total_seconds())
        travel(seconds=waits[-1] + 1)
    assert all(later > earlier for earlier, later in itertools.pairwise(waits))
    assert due() is None
    assert claimed(job) is None


def test_a_job_that_takes_its_worker_down_each_time_is_buried(travel):
    """Then nobody is left to call `fail`; the attempts were counted when it was claimed."""
    job = enqueued()
    for _ in range(queue.MAX_ATTEMPTS):
        assert claimed(job) is not None
        travel(seconds=queue.CLAIM.total_seconds() + 1)
    assert claimed(job) is None
    assert stored(job).dead
    assert "worker stopped" in stored(job).last_error


def test_a_kept_job_is_never_buried(travel):
    job = enqueued()
    for _ in range(queue.MAX_ATTEMPTS * 2):
        claim = claimed(job)
        with unit_of_work() as session:
            queue.fail(session, claim, "again", keep=True)
        travel(hours=2)
    assert due() == job


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 2), (2, 4), (5, 32), (30, 3600), (1000, 3600)])
def test_back_off_doubles_up_to_a_limit_give_or_take_a_quarter(attempts, seconds):
    found = {queue.back_off(attempts).total_seconds() for _ in range(50)}
    assert all(0.75 * seconds <= wait <= 1.25 * seconds for wait in found)
    assert len(found) > 1


def test_a_dead_job_can_be_retried(travel):
    job = enqueued()
    with unit_of_work() as session:
        session.get(Job, job).dead = True
        session.get(Job, job).attempts = queue.MAX_ATTEMPTS
    with unit_of_work() as session:
        queue.retry(session, job)
    assert due() == job
    assert claimed(job).attempt == 1


def test_only_dead_jobs_are_dropped():
    job = enqueued()
    with pytest.raises(WrongState), unit_of_work() as session:
        queue.drop(session, job)
    with unit_of_work() as session:
        session.get(Job, job).dead = True
    with unit_of_work() as session:
        queue.drop(session, job)
    assert stored(job) is None


@pytest.mark.parametrize("step", [queue.retry, queue.drop])
def test_a_job_that_does_not_exist_is_not_found(step):
    with pytest.raises(NotFound, match="no job 4711"), unit_of_work() as session:
        step(session, 4711)


def test_discarding_takes_exactly_the_jobs_named():
    jobs = [enqueued() for _ in range(3)]
    with unit_of_work() as session:
        queue.discard(session, jobs[:2])
    assert due() == jobs[2]
