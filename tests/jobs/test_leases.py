"""Leases: one holder at a time, and none for ever."""

import contextvars
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal import clock
from portal.db import db, unit_of_work
from portal.jobs import leases
from portal.jobs.models import Lease

NAME = "index"


@pytest.fixture(autouse=True)
def _in_app(app):
    """Every test needs the database."""


def acquired(holder):
    with unit_of_work() as session:
        return leases.acquire(session, NAME, holder=holder)


def renewed(held):
    with unit_of_work() as session:
        return leases.renew(session, held)


def holder():
    session = db.session()
    session.rollback()
    return leases.holder_of(session, NAME)


def test_the_first_gets_it_and_the_second_does_not():
    assert holder() is None
    assert acquired("a") is not None
    assert acquired("b") is None
    assert holder() == "a"


def test_who_has_it_may_take_it_again():
    acquired("a")
    assert acquired("a") is not None


def test_released_it_is_free():
    held = acquired("a")
    with unit_of_work() as session:
        leases.release(session, held)
    assert holder() is None
    assert acquired("b") is not None


def test_it_runs_out_within_15_seconds_when_its_holder_is_killed(travel):
    acquired("a")
    travel(seconds=14)
    assert acquired("b") is None
    travel(seconds=1)
    assert holder() is None
    assert acquired("b") is not None


def test_renewed_it_does_not_run_out(travel):
    held = acquired("a")
    for _ in range(4):
        travel(seconds=10)
        assert renewed(held)
    assert acquired("b") is None


def test_a_holder_that_was_held_up_keeps_it_if_nobody_wanted_it(travel):
    held = acquired("a")
    travel(hours=1)
    assert renewed(held)
    assert acquired("b") is None


def test_a_holder_that_was_held_up_learns_that_another_has_it(travel):
    held = acquired("a")
    travel(seconds=16)
    other = acquired("b")
    assert not renewed(held)
    assert held.lost.is_set()
    with unit_of_work() as session:
        leases.release(session, held)  # it is no longer a's to release
    assert holder() == "b"
    assert renewed(other)


def test_leases_of_other_names_are_independent():
    acquired("a")
    with unit_of_work() as session:
        assert leases.acquire(session, "mail", holder="b") is not None


@pytest.mark.parametrize("there_before", [False, True], ids=["no row", "row that ran out"])
def test_of_many_at_the_same_moment_one_gets_it(app, there_before):
    together, got, errors = threading.Barrier(6), [], []
    with unit_of_work() as session:
        if there_before:
            past = clock.now() - timedelta(seconds=1)
            session.add(Lease(name=NAME, holder="gone", expires_at=past))

    def work(name):
        try:
            with app.app_context():
                together.wait(timeout=30)
                if acquired(name) is not None:
                    got.append(name)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=contextvars.Context().run, args=(work, f"h{n}")) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert got == [holder()]


def test_a_kept_lease_is_renewed_from_the_side(monkeypatch):
    held = acquired("a")
    with unit_of_work() as session:
        session.execute(sa.update(Lease).values(expires_at=clock.now()))
    monkeypatch.setattr(leases, "RENEW_EVERY", timedelta(milliseconds=1))
    seen = threading.Event()
    renew_in = leases.renew_in

    def _renew_in(engine, lease):
        renewed = renew_in(engine, lease)
        seen.set()
        return renewed

    monkeypatch.setattr(leases, "renew_in", _renew_in)
    with leases.kept(db.engine, held):
        assert seen.wait(timeout=30)
    assert holder() == "a"
    assert not held.lost.is_set()


def test_a_kept_lease_that_was_taken_is_noticed(monkeypatch, caplog):
    held = acquired("a")
    with unit_of_work() as session:
        session.execute(sa.update(Lease).values(holder="b"))
    monkeypatch.setattr(leases, "RENEW_EVERY", timedelta(milliseconds=1))
    with leases.kept(db.engine, held):
        assert held.lost.wait(timeout=30)
    assert "was lost" in caplog.text
    assert holder() == "b"


def test_names_of_holders_differ():
    names = {leases.new_holder() for _ in range(50)}
    assert len(names) == 50
    assert all(len(name) <= 120 for name in names)
