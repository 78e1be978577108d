import contextvars
import json
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal import clock
from portal.accounts import passwords, services, sessions, throttle
from portal.accounts.models import Membership, Role, SignIn, Throttle
from portal.db import db, unit_of_work
from tests.support import lint
from tests.support.client import PageClient
from tests.support.html import parse
from tests.support.world import PASSWORD

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def cookie(client, name="portal_session"):
    found = client.http.get_cookie(name, path="/sign-in" if name == "device" else "/")
    return found.value if found else None


def teams(page):
    return [text for text in page.texts("main ul li") if "Signed in" not in text]


def is_signed_in(client):
    return client.get("/account", status=None).status == 200


def without_noise(page):
    """The bytes of a page without what differs by chance: CSRF tokens and the address typed."""
    return re.sub(r'value="[^"]*"', "value", page.text)


# -- the way in ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ana", "ben", "eva", "gus", "ada", "otto"])
def test_everybody_signs_in_and_goes_where_they_wanted(client, people, sign_in, name):
    person = getattr(people, name)
    asked = client.get("/teams?page=1", status=302)
    assert asked.location == "/sign-in?next=/teams?page%3D1"
    done = sign_in(client, person.email, wanted="/teams?page=1", status=302)
    assert done.location == "/teams?page=1"
    assert person.name in client.get("/account").words


@pytest.mark.parametrize("typed", ["ANA@portal.test", "  ana@portal.test ", "Ana@Portal.Test\t"])
def test_the_address_may_be_typed_in_any_case(client, people, sign_in, typed):
    sign_in(client, typed, status=302)
    assert is_signed_in(client)


def test_an_unusual_but_equal_spelling_of_a_password_is_right(client, people, session, sign_in):
    people.ana.password_hash = passwords.hasher("cheap").hash("Zürich ﬁnde ich schön ½")
    decomposed = "Zu\u0308rich finde ich scho\u0308n 1\u20442"
    sign_in(client, people.ana.email, decomposed, status=302)


def test_who_is_signed_in_is_sent_on_from_the_sign_in_page(client_for, people):
    assert client_for(people.ana).get("/sign-in?next=/teams", status=302).location == "/teams"


def test_signing_in_again_takes_the_place_of_the_sign_in_before(client, people, sign_in, sign_ins):
    sign_in(client, people.ana.email, status=302)
    token = client.get("/help").select("form input[name=csrf_token]")[0].get("value")
    fields = {"csrf_token": token, "email": people.ben.email, "password": PASSWORD}
    client.post("/sign-in", fields, status=302)
    assert "Ben Test" in client.get("/account").words
    assert sign_ins(people.ana) == []
    assert len(sign_ins(people.ben)) == 1


def targets(shared_dir):
    lines = (shared_dir / "payloads/open_redirect.txt").read_text(encoding="utf-8").splitlines()
    return [*lines, *json.loads((shared_dir / "payloads/own/next_urls.json").read_text(encoding="utf-8"))]


def assert_stays_here(location, target):
    assert re.match(r"/(?![/\\])", location), target
    assert "\\" not in location, target


def test_it_never_leads_off_the_portal(client_for, people, shared_dir):
    client = client_for(people.ana)
    for target in targets(shared_dir):
        page = client.get("/sign-in", query_string={"next": target}, status=302)
        assert_stays_here(page.location, target)


@pytest.mark.parametrize(
    "target", ["//evil.test", "/\\evil.test", "https:evil.test", "/a\r\nSet-Cookie: x=1"]
)
def test_nor_does_the_form(client, people, sign_in, target):
    token = client.get("/sign-in").one("main input[name=csrf_token]").get("value")
    fields = {"csrf_token": token, "next": target, "email": people.ana.email, "password": PASSWORD}
    assert_stays_here(client.post("/sign-in", fields, status=302).location, target)


# -- refusals --------------------------------------------------------------------------------------


@pytest.fixture
def refused(app, people, session, settings):
    """People who cannot sign in, with an address, a password and why."""
    people.ben.password_hash = None
    people.otto.active = False
    session.commit()
    return {
        "wrong password": (people.ana.email, "some other password"),
        "nobody": ("nobody@portal.test", PASSWORD),
        "no password": (people.ben.email, PASSWORD),
        "no password, nothing but a dummy": (people.ben.email, "x"),
        "inactive": (people.otto.email, PASSWORD),
        "no address": ("ana", PASSWORD),
        "far too long": (people.ana.email, PASSWORD + "x" * 300),
        "long address": (f"{'a' * 300}@portal.test", PASSWORD),
        "control characters": ("ana@portal.test\0\x1b\ufffe", "wrong"),
    }


def test_no_text_tells_whether_an_account_exists(app, refused, sign_in):
    texts = {
        why: without_noise(sign_in(PageClient(app), email, password, status=422))
        for why, (email, password) in refused.items()
    }
    assert "The e-mail address or the password is not right" in texts["nobody"]
    assert len(set(texts.values())) == 1, [why for why, text in texts.items() if text != texts["nobody"]]


def test_no_time_tells_whether_an_account_exists(app, refused, people, sign_in, hashing):
    for why, (email, password) in refused.items():
        hashing.verified = hashing.hashed = 0
        sign_in(PageClient(app), email, password, status=422)
        assert (hashing.verified, hashing.hashed) == (1, 0), why
    hashing.verified = hashing.hashed = 0
    sign_in(PageClient(app), people.ada.email, status=302)
    assert (hashing.verified, hashing.hashed) == (1, 0)


def test_a_refused_try_during_a_lock_out_takes_as_long(client, people, sign_in, hashing):
    for _ in range(5):
        sign_in(client, people.ana.email, "wrong", status=422)
    for email in (people.ana.email, "nobody@portal.test"):
        hashing.verified = 0
        sign_in(client, email, "wrong", status=429 if email == people.ana.email else 422)
        assert hashing.verified == 1


def test_sample_people_cannot_sign_in_to_production(people, session, settings):
    people.ana.sample = True
    session.commit()
    caller = services.Caller(address="192.0.2.1", device="")

    def try_it(environment):
        object.__setattr__(settings, "environment", environment)
        with unit_of_work() as work:
            ticket = services.count_try(work, email=people.ana.email, caller=caller, settings=settings)
        return services.check_password(
            session, email=people.ana.email, password=PASSWORD, ticket=ticket, settings=settings
        )

    assert try_it("development") is not None
    assert try_it("production") is None


def test_a_sample_person_who_is_signed_in_is_nobody_in_production(client_for, people, session, settings):
    client = client_for(people.ana)
    people.ana.sample = True
    assert is_signed_in(client)
    object.__setattr__(settings, "environment", "production")
    assert not is_signed_in(client)


def test_an_account_closed_while_its_password_was_looked_at_stays_closed(people, session, settings):
    caller = services.Caller(address="192.0.2.1", device="")
    details = {"email": people.ana.email, "settings": settings}

    def check():
        with unit_of_work() as work:
            ticket = services.count_try(work, caller=caller, **details)
        return services.check_password(session, password=PASSWORD, ticket=ticket, **details), ticket

    def finish(checked, ticket):
        with unit_of_work() as work:
            return services.sign_in(work, checked, ticket=ticket, caller=caller, settings=settings)

    closed = check()
    services.deactivate(session, people.ana)
    session.commit()
    assert finish(*closed) is None
    services.activate(session, people.ana)
    session.commit()
    changed = check()
    people.ana.password_hash = passwords.hasher("cheap").hash("another password altogether")
    session.commit()
    assert finish(*changed) is None


@pytest.mark.parametrize(
    ("fields", "messages"),
    [
        ({}, ["Enter your e-mail address", "Enter your password"]),
        ({"email": "ana@portal.test"}, ["Enter your password"]),
        ({"password": "x"}, ["Enter your e-mail address"]),
    ],
    ids=["nothing", "no password", "no address"],
)
def test_an_empty_field_is_named_and_not_counted(client, session, world, fields, messages):
    page = client.submit(
        client.get("/sign-in"), "Sign in", {"email": "", "password": ""} | fields, status=422
    )
    assert page.texts(".error-summary li") == messages
    assert session.scalars(sa.select(Throttle)).all() == []


def test_the_form_needs_its_token(client, people):
    fields = {"email": people.ana.email, "password": PASSWORD}
    client.post("/sign-in", fields, csrf=False, status=400)
    assert not is_signed_in(client)


def test_the_address_typed_stays_and_the_password_does_not(client, people, sign_in):
    page = sign_in(client, people.ana.email, "a wrong password", status=422)
    assert page.one("#email").get("value") == people.ana.email
    assert "a wrong password" not in page.text


@pytest.fixture
def quick_try(client, world):
    """Sends the form without parsing the answer; gives its text. For many tries in a row."""
    token = client.get("/sign-in").one("main input[name=csrf_token]").get("value")

    def _try(number, email, password):
        answer = contextvars.Context().run(
            client.http.post,
            "/sign-in",
            data={"csrf_token": token, "email": email, "password": password},
            environ_overrides={"REMOTE_ADDR": f"10.0.{number // 200}.{number % 200}"},
        )
        assert answer.status_code == 422, (email, password)
        assert "device=" not in str(answer.headers)
        return answer.get_data(as_text=True)

    return _try


def test_sql_in_the_form_opens_nothing(quick_try, shared_dir):
    lines = (shared_dir / "payloads/sqli.txt").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(line for line in lines if line.strip()):
        for email in (f"ana@portal.test{line}", "ana@portal.test"):
            assert "The e-mail address or the password is not right." in quick_try(number, email, line)


def test_naughty_strings_are_answered_as_any_other(quick_try, shared_dir):
    texts = json.loads((shared_dir / "payloads/naughty_strings.json").read_text(encoding="utf-8"))
    for number, text in enumerate(text for text in texts if text):
        page = quick_try(number, text, text)
        assert "The e-mail address or the password is not right." in page, text
        if not text.isprintable() or set(text) & set("<>&\"'"):
            assert list(lint.problems(parse(page))) == [], text


# -- server-side sessions --------------------------------------------------------------------------


def test_the_database_holds_no_token(client, people, sign_in, sign_ins):
    sign_in(client, people.ana.email, agent=FIREFOX, status=302)
    (row,) = sign_ins(people.ana)
    with client.http.session_transaction() as browser:
        token = browser["_user_id"]
    assert len(token) >= 43  # 256 bits
    assert row.token_hash == sessions.token_hash(token) != token
    assert token not in repr(vars(row))
    assert row.device == "Firefox on Linux"


def test_nothing_in_the_browser_from_before_survives_signing_in(client, people, sign_in):
    client.get("/sign-in")
    with client.http.session_transaction() as browser:
        browser["planted"] = "by somebody else"
        browser["_user_id"] = "a token somebody else knows"
        before = browser["csrf_token"]
    fixed = cookie(client)
    sign_in(client, people.ana.email, status=302)
    client.get("/account")
    with client.http.session_transaction() as browser:
        assert "planted" not in browser
        assert browser["_user_id"] != "a token somebody else knows"
        assert browser["csrf_token"] != before
    assert cookie(client) != fixed


def test_each_sign_in_has_a_token_of_its_own(app, people, sign_in, sign_ins):
    for _ in range(3):
        sign_in(PageClient(app), people.ana.email, status=302)
    assert len({row.token_hash for row in sign_ins(people.ana)}) == 3


def test_signing_out_ends_it_on_the_server(client, people, sign_in, sign_ins):
    sign_in(client, people.ana.email, status=302)
    kept = cookie(client)
    page = client.submit(client.get("/account"), "Sign out", status=302)
    assert page.location == "/sign-in"
    assert "You are signed out." in page.follow().words
    assert sign_ins(people.ana) == []
    client.http.set_cookie("portal_session", kept)
    assert client.get("/account", status=302).location == "/sign-in?next=/account"


def test_signing_out_is_a_post(client_for, people):
    client = client_for(people.ana)
    client.get("/sign-out", status=405)
    client.post("/sign-out", csrf=False, status=400)
    assert is_signed_in(client)


def test_closing_an_account_ends_it_at_once(client, people, session, sign_in):
    sign_in(client, people.ana.email, status=302)
    services.deactivate(session, people.ana)
    assert not is_signed_in(client)
    services.activate(session, people.ana)
    assert not is_signed_in(client)


def test_an_account_closed_behind_our_back_is_nobody(client_for, people, session):
    client = client_for(people.ana)
    people.ana.active = False
    assert not is_signed_in(client)


def test_an_idle_sign_in_ends(client_for, people, travel, settings):
    client = client_for(people.ana)
    for _ in range(3):
        travel(hours=11, minutes=58)  # seen again before the twelve hours are over
        assert is_signed_in(client)
    travel(hours=12, minutes=2)
    assert not is_signed_in(client)


def test_a_sign_in_ends_after_a_week_however_busy(client_for, people, travel):
    client = client_for(people.ana)
    for _ in range(16):
        travel(hours=10)
        assert is_signed_in(client)
    travel(hours=9)
    assert not is_signed_in(client)


def test_rows_that_ran_out_are_removed_when_somebody_signs_in(
    app, client_for, people, travel, sign_in, sign_ins
):
    client_for(people.ana)
    travel(hours=13)
    sign_in(PageClient(app), people.ben.email, status=302)
    assert sign_ins(people.ana) == []


@pytest.mark.parametrize(
    "token", ["", "x", "\0", "a" * 5000, "é\ud800"], ids=["empty", "x", "NUL", "long", "odd"]
)
def test_a_made_up_token_is_nobody(session, world, settings, token):
    assert sessions.find(session, token, settings=settings) is None


def test_a_session_cookie_that_was_tampered_with_is_nobody(client, people, sign_in):
    sign_in(client, people.ana.email, status=302)
    client.http.set_cookie("portal_session", cookie(client)[:-2] + "xx")
    assert not is_signed_in(client)


# -- what it costs ---------------------------------------------------------------------------------


def test_the_person_behind_a_request_costs_one_statement(client_for, people, statements, session):
    client = client_for(people.eva)
    with statements() as found:
        client.get("/help")
    assert len(found) == 1, found
    for table in ("sign_in", "person", "membership", "team", "site", "department"):
        assert f"JOIN {table}" in found[0] or f"FROM {table}" in found[0]


def test_loading_brings_all_that_decides_what_a_person_may_see(
    client_for, people, session, settings, statements
):
    client = client_for(people.eva)
    with client.http.session_transaction() as browser:
        token = browser["_user_id"]
    session.expunge_all()
    with statements() as found:
        person = sessions.find(session, token, settings=settings).person
        assert person.site.country == "GB"
        assert person.department.slug == "it"
        assert [one.team.slug for one in person.memberships] == ["it-service-desk"]
    assert len(found) == 1


def test_somebody_in_many_teams_is_one_row_of_sign_ins(client_for, people, world, session):
    payroll = world.team("payroll").id
    session.add_all(Membership(person_id=people.gus.id, team_id=payroll, role=role) for role in Role)
    client = client_for(people.gus)
    assert teams(client.get("/account")) == [
        "IT Service Desk (agent)",
        "Payroll (lead, author, agent)",
    ]


def seen_at(session):
    session.rollback()
    return session.scalars(sa.select(SignIn.seen_at)).one()


def test_last_seen_is_noted_once_a_minute(client_for, people, session, travel, statements):
    client = client_for(people.ana)
    first = seen_at(session)
    travel(seconds=40)
    with statements() as found:
        client.get("/help")
    assert not any(text.startswith("UPDATE") for text in found)
    assert seen_at(session) == first
    travel(seconds=40)
    with statements() as found:
        client.get("/help")
        client.get("/help")
    assert sum(text.startswith("UPDATE") for text in found) == 1
    assert seen_at(session) - first >= timedelta(seconds=80)


def test_a_request_does_not_wait_to_note_that_somebody_was_seen(client_for, people, session, travel):
    client = client_for(people.ana)
    first = seen_at(session)
    session.rollback()
    travel(minutes=5)
    with db.engine.connect().execution_options(portal_writes=True) as other, other.begin():
        other.execute(sa.update(SignIn).values(device="busy"))
        started = clock.now()
        client.get("/help")
        assert clock.now() - started < timedelta(seconds=3)  # the lock is waited for 15 s elsewhere
    assert seen_at(session) == first
    client.get("/help")
    assert seen_at(session) > first


# -- hashes that age -------------------------------------------------------------------------------


def test_a_hash_with_old_parameters_is_made_anew_at_the_next_sign_in(
    client, people, session, sign_in, hashing
):
    old = passwords.hasher("standard").hash(PASSWORD)
    people.ana.password_hash = old
    sign_in(client, people.ana.email, "wrong", status=422)
    session.refresh(people.ana)
    assert people.ana.password_hash == old
    hashing.hashed = 0
    sign_in(client, people.ana.email, status=302)
    session.refresh(people.ana)
    assert people.ana.password_hash != old
    assert not passwords.hasher("cheap").outdated(people.ana.password_hash)
    assert hashing.hashed == 1
    sign_in(PageClient(client._app), people.ana.email, status=302)
    assert hashing.hashed == 1


# -- the device cookie -----------------------------------------------------------------------------


def test_the_device_cookie_goes_to_the_sign_in_page_alone(client, people, sign_in):
    page = sign_in(client, people.ana.email, status=302)
    header = next(text for text in page.headers.getlist("Set-Cookie") if text.startswith("device="))
    assert {"HttpOnly", "SameSite=Lax", "Path=/sign-in"} <= set(header.split("; "))
    assert people.ana.email not in header


def test_a_failure_gives_no_device_cookie(client, people, sign_in):
    sign_in(client, people.ana.email, "wrong", status=422)
    assert cookie(client, "device") is None


def test_the_tables_name_nobody(client, people, sign_in, session):
    sign_in(client, people.ana.email, "wrong", place="192.0.2.77", status=422)
    session.rollback()
    keys = session.scalars(sa.select(Throttle.key)).all()
    assert sorted(key.partition(":")[0] for key in keys) == ["account", "pair", "place"]
    assert not any("192.0.2" in key or "portal" in key for key in keys)
    assert all(len(key) <= Throttle.key.type.length for key in keys)
    assert throttle.digest("a", "x") != throttle.digest("b", "x")
