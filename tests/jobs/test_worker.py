"""The worker: does what is due, survives what fails, stops when told."""

import signal
import sqlite3
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError

from portal import clock
from portal.db import db, unit_of_work
from portal.jobs import periodic, queue, worker
from portal.jobs.models import Job
from portal.jobs.registry import Handlers, Periodic
from portal.jobs.troubles import database_is_away, describe
from portal.jobs.worker import Worker


@pytest.fixture(autouse=True)
def _in_app(app):
    """Every test needs the database."""


@pytest.fixture
def quick(monkeypatch):
    """Troubles without waiting for them."""
    monkeypatch.setattr(worker, "TROUBLE_FIRST", 0.0)


def enqueue(kind, **payload):
    with unit_of_work() as session:
        queue.enqueue(session, kind, payload)


def jobs():
    session = db.session()
    session.rollback()
    return queue.waiting(session)


def sqlite_error(code):
    original = sqlite3.OperationalError("database is locked")
    original.sqlite_errorcode = code
    return OperationalError("SELECT 1", {}, original)


LOCKED = sqlite_error(sqlite3.SQLITE_BUSY)


def test_a_job_is_given_to_its_handler_with_its_payload():
    done = []
    enqueue("greet", name="ana")
    busy = Worker(Handlers(single={"greet": lambda _session, payload: done.append(payload)}))
    assert busy.round()
    assert done == [{"name": "ana"}]
    assert jobs() == []
    assert not busy.round()


def test_what_a_handler_writes_is_committed_with_the_job_gone():
    enqueue("first")
    Worker(Handlers(single={"first": lambda session, _: queue.enqueue(session, "second", {})})).round()
    assert [job.kind for job in jobs()] == ["second"]


def test_what_a_failing_handler_wrote_is_undone_and_the_job_tried_again(travel, caplog):
    outcomes = [RuntimeError("no luck"), None]

    def _handle(session, _payload):
        queue.enqueue(session, "second", {})
        error = outcomes.pop(0)
        if error:
            raise error

    enqueue("first")
    busy = Worker(Handlers(single={"first": _handle}))
    assert busy.round()
    (job,) = jobs()
    assert (job.kind, job.attempts, job.last_error) == ("first", 1, "RuntimeError: no luck")
    assert "no luck" in caplog.text
    assert not busy.round()
    travel(seconds=3)
    assert busy.round()
    assert [job.kind for job in jobs()] == ["second"]


def test_one_failing_job_does_not_stop_the_others():
    done = []

    def _handle(_session, payload):
        if payload["n"] == 1:
            raise ValueError
        done.append(payload["n"])

    for n in range(3):
        enqueue("count", n=n)
    busy = Worker(Handlers(single={"count": _handle}))
    while busy.round():
        pass
    assert done == [0, 2]
    assert [job.last_error for job in jobs()] == ["ValueError"]


def test_jobs_of_a_kind_that_nobody_does_stay():
    enqueue("from a newer version")
    assert not Worker(Handlers()).round()
    assert len(jobs()) == 1


def test_a_job_that_took_too_long_is_left_to_the_worker_that_took_it_over(travel, caplog):
    def _handle(_session, _payload):
        raise queue.ClaimLost("job 1 was taken over")

    enqueue("slow")
    assert Worker(Handlers(single={"slow": _handle})).round()
    assert jobs()[0].last_error == ""
    assert "taken over" in caplog.text


def test_a_job_that_took_down_its_worker_each_time_is_not_given_to_its_handler():
    enqueue("deadly")
    with unit_of_work() as session:
        session.execute(sa.update(Job).values(attempts=queue.MAX_ATTEMPTS))
    assert Worker(Handlers(single={"deadly": lambda _session, _payload: 1 / 0})).round()
    assert [(job.dead, job.attempts) for job in jobs()] == [(True, queue.MAX_ATTEMPTS + 1)]


def test_after_a_stop_no_other_batch_is_begun():
    busy = Worker(Handlers(batches={"one": lambda _go_on: busy.stop() or 1, "two": lambda _go_on: 1 / 0}))
    assert busy.round()


def test_batches_are_asked_each_round():
    work = [2, 1, 0]
    busy = Worker(Handlers(batches={"index": lambda _go_on: work.pop(0)}))
    assert [busy.round(), busy.round(), busy.round()] == [True, True, False]


# --- periodic -----------------------------------------------------------------------------------


def run_until_idle(busy):
    def _idle(_go_on):
        busy.stop()
        return 0

    busy.handlers = Handlers(
        single=busy.handlers.single, periodic=busy.handlers.periodic, batches={"stop": _idle}
    )
    busy._stopping.clear()
    with unit_of_work() as session:
        periodic.ensure(session, busy.handlers.periodic)
    while busy._one_job():
        pass


def daily(run):
    return Handlers(periodic={"purge": Periodic(timedelta(days=1), run)})


def test_periodic_work_is_done_once_in_each_period_across_workers(travel):
    done = []
    first, second = (Worker(daily(lambda _session, name=name: done.append(name))) for name in "ab")
    for busy in (first, second, first):
        run_until_idle(busy)
    assert done == ["a"]
    travel(hours=23)
    run_until_idle(second)
    assert done == ["a"]
    travel(hours=1, seconds=1)
    run_until_idle(second)
    run_until_idle(first)
    assert done == ["a", "b"]


def test_after_a_week_off_periodic_work_is_done_once(travel):
    done = []
    busy = Worker(daily(done.append))
    run_until_idle(busy)
    travel(days=7)
    run_until_idle(busy)
    assert len(done) == 2


def test_periodic_work_that_always_fails_is_tried_for_ever(travel):
    tries = []

    def _fail(session):
        tries.append(session)
        raise RuntimeError("broken")

    busy = Worker(daily(_fail))
    for _ in range(12):
        run_until_idle(busy)
        travel(hours=2)
    assert len(tries) == 12
    assert not jobs()[0].dead


def test_two_workers_that_start_together_write_one_row():
    for _ in range(2):  # both have looked and found none
        with unit_of_work() as session:
            periodic._write_row(session, "purge")
            periodic._write_row(session, "other")
    assert sorted(job.key for job in jobs()) == ["other", "purge"]
    with unit_of_work() as session:
        periodic.ensure(session, daily(str).periodic)
    assert len(jobs()) == 2


# --- troubles -----------------------------------------------------------------------------------


def test_the_worker_outlives_a_database_that_goes_away_with_one_line_in_the_log(quick, caplog):
    rounds = []

    def _batch(_go_on):
        rounds.append(1)
        if len(rounds) <= 5:
            raise LOCKED
        busy.stop()
        return 0

    busy = Worker(Handlers(batches={"index": _batch}))
    busy.run()
    assert len(rounds) == 6
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2
    assert "waits: OperationalError: database is locked" in lines[0]
    assert "goes on" in lines[1]


def test_a_database_that_goes_away_is_not_the_jobs_fault(quick):
    seen = []

    def _handle(_session, _payload):
        busy.stop()
        seen.append(1)
        raise LOCKED

    enqueue("count")
    busy = Worker(Handlers(single={"count": _handle}))
    busy.run()
    assert seen == [1]
    assert jobs()[0].last_error == ""


def test_the_worker_waits_longer_each_time(monkeypatch):
    busy = Worker(Handlers())
    waits = []
    monkeypatch.setattr(busy._stopping, "wait", waits.append)
    for _ in range(8):
        busy._trouble(LOCKED)
    assert waits == [0.5, 1, 2, 4, 8, 10, 10, 10]


def test_the_worker_starts_before_its_database_is_there(quick, app, session):
    session.execute(sa.text("ALTER TABLE job RENAME TO not_yet"))
    session.commit()
    busy = Worker(daily(lambda _session: busy.stop()))
    trouble = busy._trouble

    def _repair(error):
        trouble(error)
        session.execute(sa.text("ALTER TABLE not_yet RENAME TO job"))
        session.commit()

    busy._trouble = _repair
    busy.run()
    assert jobs()[0].key == "purge"


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (LOCKED, True),
        (sqlite_error(sqlite3.SQLITE_FULL), True),
        (sqlite_error(sqlite3.SQLITE_ERROR), False),
        (InterfaceError("", {}, Exception("connection already closed")), True),
        (ProgrammingError("", {}, Exception("no such column")), False),
        (ValueError(), False),
    ],
    ids=["locked", "full", "wrong statement", "closed", "programming", "other"],
)
def test_troubles_of_the_database_are_told_from_mistakes(error, away):
    assert database_is_away(error) is away


def test_errors_are_described_in_one_line_without_the_data():
    error = OperationalError("INSERT INTO person", {"email": "ana@portal.test"}, ValueError("disk\n  full"))
    assert describe(error) == "ValueError: disk full"
    assert describe(KeyError()) == "KeyError"


# --- stopping -----------------------------------------------------------------------------------


def test_a_stop_lets_the_job_at_hand_finish_and_begins_no_other():
    done = []

    def _handle(_session, payload):
        busy.stop()
        done.append(payload["n"])

    enqueue("count", n=1)
    enqueue("count", n=2)
    busy = Worker(Handlers(single={"count": _handle}))
    busy.run()
    assert done == [1]
    assert [job.payload["n"] for job in jobs()] == [2]


def test_batches_are_told_to_stop():
    asked = []

    def _batch(go_on):
        asked.append(go_on())
        busy.stop()
        asked.append(go_on())
        return 0

    busy = Worker(Handlers(batches={"index": _batch}))
    busy.run()
    assert asked == [True, False]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_signals_stop_and_a_stop_does_not_last_for_ever(number):
    kept = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)}
    try:
        busy = Worker(Handlers(batches={"signal": lambda _go_on: signal.raise_signal(number) or 0}))
        busy.stop_on_signals()
        busy.run()
        assert signal.alarm(0) > 0
    finally:
        for n, action in kept.items():
            signal.signal(n, action)


def test_a_signal_wakes_an_idle_worker(monkeypatch):
    """The second round comes at once although the poll is an hour."""
    monkeypatch.setattr(worker, "POLL", timedelta(hours=1))
    kept = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)}
    rounds = []

    def _batch(_go_on):
        rounds.append(clock.now())
        (signal.raise_signal(signal.SIGUSR1) if len(rounds) == 1 else busy.stop())
        return 0

    try:
        busy = Worker(Handlers(batches={"count": _batch}))
        busy.stop_on_signals()
        busy.run()
    finally:
        for n, action in kept.items():
            signal.signal(n, action)
    assert len(rounds) == 2


def test_another_thread_stops_an_idle_worker(app, monkeypatch):
    monkeypatch.setattr(worker, "POLL", timedelta(hours=1))
    busy = Worker(Handlers())
    timer = threading.Timer(0.05, busy.stop)
    timer.start()
    busy.run()
    timer.join()


def test_the_row_of_a_periodic_job_is_unique():
    with unit_of_work() as session:
        session.add(Job(kind="a", key="a"))
    with pytest.raises(sa.exc.IntegrityError), unit_of_work() as session:
        session.add(Job(kind="a", key="a"))
