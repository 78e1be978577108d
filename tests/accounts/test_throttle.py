import itertools
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from portal import clock
from portal.accounts import services, throttle, views
from portal.accounts.models import Throttle
from portal.accounts.throttle import LANES, count, forgive, lanes_of_sign_in
from portal.db import db, unit_of_work
from tests.support.client import PageClient

EXAMPLES = hypothesis_settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def fail(app):
    """Counts failed tries: `fail("account", "place", times=3)`; gives the last ticket."""

    def _fail(account="ana", place="office", device=None, *, times=1):
        for _ in range(times):
            with unit_of_work() as work:
                ticket = count(work, lanes_of_sign_in(account, place, device))
        return ticket

    return _fail


def waits(ticket):
    return (ticket.blocked_until - ticket.at).total_seconds() if ticket.blocked else 0


# -- how waiting grows -----------------------------------------------------------------------------


def test_the_first_failures_cost_nothing_then_waiting_doubles_up_to_a_cap():
    lane = LANES["pair"]
    seconds = [lane.wait(failures).total_seconds() for failures in range(13)]
    assert seconds == [0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]
    assert lane.wait(10**9) == timedelta(minutes=15)


@pytest.mark.parametrize("name", LANES)
def test_no_lane_ever_holds_anybody_longer_than_a_quarter_of_an_hour(name):
    lane = LANES[name]
    waits = [lane.wait(failures) for failures in range(400)]
    assert waits == sorted(waits)
    assert waits[lane.free - 1] == timedelta()
    assert timedelta() < waits[lane.free] <= waits[-1] == lane.cap <= timedelta(minutes=15)


def test_waiting_grows_in_the_database_as_well(fail, travel):
    assert not fail(times=5).blocked
    for expected in (30, 60, 120, 240, 480, 900, 900):
        ticket = fail()
        assert ticket.blocked
        assert waits(ticket) == pytest.approx(expected, abs=2)
        travel(seconds=expected + 1)
        assert not fail().blocked  # this failure makes the next wait longer


def test_tries_during_a_block_do_not_make_it_longer(fail, travel):
    fail(times=5)
    until = fail().blocked_until
    travel(seconds=20)
    assert fail(times=50).blocked_until == until


def test_failures_are_forgotten_after_a_day(fail, travel, session):
    fail(times=9)
    travel(hours=24, minutes=1)
    assert not fail(times=5).blocked
    travel(hours=25)
    fail("ben", "elsewhere")
    session.rollback()
    keys = session.scalars(sa.select(Throttle.key)).all()
    assert keys, "the new failures are there"
    assert not any("ana" in key for key in keys)


def test_a_right_password_takes_back_ones_own_mistakes_and_nobody_elses(fail, session):
    fail("ben", times=3)
    ticket = fail("ana", times=4)
    with unit_of_work() as work:
        forgive(work, ticket)
    session.rollback()
    left = {row.key: (row.failures, row.blocked_until) for row in session.scalars(sa.select(Throttle))}
    assert left == {
        "pair:ben:office": (3, None),
        "account:ben": (3, None),
        "account:ana": (0, None),
        "place:office": (3, None),
    }


def test_a_right_password_leaves_no_block_behind_for_the_others_at_a_place(fail, travel, session):
    for number in range(100):
        fail(f"guessed {number}")
    travel(seconds=11)
    ticket = fail("ana")  # right, as it turns out
    assert ticket.next_from
    with unit_of_work() as work:
        forgive(work, ticket)
    assert not fail("ben").blocked


# -- each lane holds back what it is for -------------------------------------------------------------


def test_guesses_at_one_account_from_one_place_are_held_back_there_alone(fail):
    assert fail(times=6).blocked
    assert not fail(place="home").blocked
    assert not fail("ben").blocked


def test_guesses_at_many_accounts_from_one_place_are_held_back(fail):
    tickets = [fail(f"person {number}") for number in range(101)]
    assert not any(ticket.blocked for ticket in tickets[:100])
    assert tickets[100].blocked


def test_guesses_at_one_account_from_many_places_are_held_back(fail):
    for number in range(10):
        fail(place=f"bot {number}", times=3)
    ticket = fail(place="bot 0")
    assert ticket.blocked
    assert waits(ticket) <= 60


def test_during_such_an_attack_two_tries_from_a_new_place_pass(fail):
    for number in range(10):
        fail(place=f"bot {number}", times=3)
    assert [fail(place="home").blocked for _ in range(3)] == [False, False, True]


def test_many_tries_at_once_get_no_further_than_one_by_one(app):
    start, taken = threading.Barrier(8), []

    def _try():
        with app.app_context():
            start.wait()
            for _ in range(3):
                with unit_of_work() as work:
                    ticket = count(work, lanes_of_sign_in("ana", "office", None))
                taken.append(not ticket.blocked)
            db.session.remove()

    threads = [threading.Thread(target=_try) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 24
    assert sum(taken) == 5


# -- nobody is locked out for good -------------------------------------------------------------------

# All examples of a test share its database: each has an account of its own, also when it is repeated.
NUMBERS = itertools.count()

# What an attacker may do: fail as ana from some place, as often as they like, and let time pass.
attacks = st.lists(
    st.tuples(
        st.sampled_from([f"bot {number}" for number in range(12)]),
        st.integers(1, 6),
        st.sampled_from([0, 0, 0, 1, 30, 70, 1000]),
    ),
    max_size=14,
)


@EXAMPLES
@given(attacks=attacks)
def test_whatever_others_do_elsewhere_the_owner_gets_in_at_once(attacks, fail, travel):
    number = next(NUMBERS)
    account = f"ana {number}"
    for place, times, pause in attacks:
        fail(account, place, times=times)
        travel(seconds=pause)
    assert not fail(account, "home", device="laptop").blocked, "from a device known before"
    assert not fail(account, f"new flat {number}").blocked, "from a place where nobody failed"


@EXAMPLES
@given(attacks=attacks)
def test_even_where_the_attacker_is_everybody_gets_in_within_a_quarter_of_an_hour(attacks, fail, travel):
    account = f"ana {next(NUMBERS)}"
    for place, times, pause in attacks:
        fail(account, place, times=times)
        travel(seconds=pause)
    travel(minutes=15, seconds=1)
    assert not fail(account, "bot 1").blocked


def test_on_a_device_known_before_only_its_own_failures_count(fail):
    fail(times=200)
    assert not fail(device="laptop", times=5).blocked
    assert fail(device="laptop").blocked
    assert not fail(device="phone").blocked


# -- as people meet it -------------------------------------------------------------------------------


def test_the_page_says_when_to_try_again(client, people, sign_in):
    for _ in range(5):
        sign_in(client, people.ana.email, "wrong", status=422)
    page = sign_in(client, people.ana.email, status=429)  # the right password does not help now
    assert page.texts(".error-summary li") == ["That was tried too often. Try again in 30 seconds."]
    assert 0 < int(page.headers["Retry-After"]) <= 30
    assert page.one("#email").get("value") == people.ana.email


def test_after_the_wait_the_right_password_works(client, people, sign_in, travel):
    for _ in range(5):
        sign_in(client, people.ana.email, "wrong", status=422)
    travel(seconds=31)
    sign_in(client, people.ana.email, status=302)


def test_a_lock_out_says_nothing_about_the_account(app, people, session, sign_in):
    people.otto.active = False
    pages = []
    for number, email in enumerate([people.ana.email, "nobody@portal.test", people.otto.email]):
        for _ in range(5):
            sign_in(PageClient(app), email, "wrong", place=f"10.0.0.{number}", status=422)
        pages.append(sign_in(PageClient(app), email, place=f"10.0.0.{number}", status=429))
    assert len({tuple(page.texts("main p, main li")) for page in pages}) == 1
    assert len({page.status for page in pages}) == 1


def test_whoever_signed_in_here_before_is_not_held_up_by_others(app, people, sign_in):
    laptop = PageClient(app)
    sign_in(laptop, people.ana.email, place="192.0.2.1", status=302)
    laptop.submit(laptop.get("/account"), "Sign out")
    stranger = PageClient(app)
    for _ in range(5):
        sign_in(stranger, people.ana.email, "wrong", place="192.0.2.1", status=422)
    sign_in(stranger, people.ana.email, place="192.0.2.1", status=429)
    sign_in(laptop, people.ana.email, "a slip", place="192.0.2.1", status=422)
    sign_in(laptop, people.ana.email, place="192.0.2.1", status=302)


def test_a_device_is_known_for_the_accounts_that_signed_in_there(app, people, sign_in):
    shared = PageClient(app)
    sign_in(shared, people.ana.email, status=302)
    shared.submit(shared.get("/account"), "Sign out")
    for _ in range(5):
        sign_in(shared, people.ben.email, "wrong", status=422)
    sign_in(shared, people.ben.email, status=429)
    sign_in(shared, people.ana.email, status=302)


def test_somebody_elses_device_cookie_cannot_be_made_up(app, people, sign_in):
    client = PageClient(app)
    client.http.set_cookie("device", "eyJpZCI6IngiLCJhY2NvdW50cyI6W119.x.y", path="/sign-in")
    for _ in range(5):
        sign_in(client, people.ana.email, "wrong", status=422)
    sign_in(client, people.ana.email, status=429)


def test_a_new_password_from_an_operator_lifts_every_block(app, people, settings, sign_in):
    for _ in range(5):
        sign_in(PageClient(app), people.ana.email, "wrong", status=422)
    made = services.new_hash(people.ana, "four quiet ships at dawn", settings=settings)
    with unit_of_work() as work:
        services.set_password(work, people.ana, new_hash=made, settings=settings)
    sign_in(PageClient(app), people.ana.email, "four quiet ships at dawn", status=302)


# -- places ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("2001:db8:1:ffff::1", "2001:db8:1::/48"),
        ("2001:db8:2::1", "2001:db8:2::/48"),
        ("", "unknown"),
        (None, "unknown"),
        ("127.0.0.1\nx", "unknown"),
    ],
)
def test_places(address, place):
    assert throttle.place_of(address) == place


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "10 seconds"),
        (30, "30 seconds"),
        (41, "50 seconds"),
        (51, "1 minute"),
        (60, "1 minute"),
        (61, "2 minutes"),
        (899, "15 minutes"),
        (900, "15 minutes"),
    ],
)
def test_waiting_in_words_never_promises_too_early(seconds, words):
    assert views.in_words(seconds) == words


def test_the_moment_of_a_try_is_the_clocks(fail, travel):
    travel(to=clock.now() + timedelta(days=3))
    assert abs(fail().at - clock.now()) < timedelta(seconds=5)
