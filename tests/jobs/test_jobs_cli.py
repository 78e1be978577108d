"""`flask jobs list|retry|drop|work`."""

import signal
from datetime import timedelta

import pytest

from portal import clock
from portal.db import db, unit_of_work
from portal.jobs import queue, registry
from portal.jobs.models import Job
from portal.jobs.registry import Handlers


@pytest.fixture
def dead(app):
    """The id of a job that failed for good."""
    with unit_of_work() as session:
        job = Job(kind="mail", payload={"to": "ana"}, attempts=8, last_error="ValueError: no", dead=True)
        session.add(job)
        session.flush()
        return job.id


def test_an_empty_list_says_so(flask_command):
    assert flask_command("jobs", "list").output == "There are no jobs.\n"


def test_the_list_shows_dead_jobs_first_with_their_error_and_no_data(app, dead, flask_command):
    with unit_of_work() as session:
        queue.enqueue(session, "index", {"group": 1}, run_at=clock.now() - timedelta(days=1))
    first, second = flask_command("jobs", "list").output.splitlines()
    assert first == f"{dead}  mail  dead, failed 8 times: ValueError: no"
    assert second.split()[1:3] == ["index", "due"]


def test_a_dead_job_is_retried(app, dead, flask_command):
    flask_command("jobs", "retry", str(dead))
    job = db.session.get(Job, dead, populate_existing=True)
    assert (job.dead, job.attempts) == (False, 0)


def test_a_dead_job_is_dropped(app, dead, flask_command):
    flask_command("jobs", "drop", str(dead))
    db.session.expire_all()
    assert db.session.get(Job, dead) is None


@pytest.mark.parametrize("step", ["retry", "drop"])
def test_a_job_that_does_not_exist_gets_one_clear_line(step, flask_command):
    assert flask_command("jobs", step, "99", exit_code=1).output == "Error: There is no job 99.\n"


def test_the_worker_works_until_it_is_told_to_stop(app, flask_command):
    done = []

    def _greet(_session, payload):
        done.append(payload["name"])
        signal.raise_signal(signal.SIGTERM)

    registry.install(app, Handlers(single={"greet": _greet}))
    with unit_of_work() as session:
        queue.enqueue(session, "greet", {"name": "ana"})
        queue.enqueue(session, "greet", {"name": "ben"})
    kept = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)}
    try:
        flask_command("jobs", "work")
    finally:
        signal.alarm(0)
        for n, action in kept.items():
            signal.signal(n, action)
    assert done == ["ana"]
