"""Errors are pages: what happened, what to do; never a trace, never a hint at what is hidden."""

import json
import logging
import re
from pathlib import Path

import pytest
from flask import abort, redirect
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, TooManyRequests

from portal import errors
from portal.db import db
from portal.web.access import ACCESS, PUBLIC
from portal.web.errors import TEXTS, words_of

HOSTS = json.loads((Path(__file__).parent / "data" / "host_headers.json").read_text())


def without_token(page):
    """A page without its CSRF tokens, which differ in every answer."""
    return re.sub(r'name="csrf_token" value="[^"]+"', "", page.text)


@pytest.fixture
def raises(app, monkeypatch):
    """Adds addresses that fail: `raises("/boom", error)`."""

    def _add(rule, error, *, access=PUBLIC):
        def _view():
            raise error

        endpoint = rule.strip("/")
        monkeypatch.setitem(ACCESS, endpoint, access)
        app.add_url_rule(rule, endpoint, _view)

    return _add


def test_a_missing_page_offers_a_search_for_the_words_of_its_address(people, client_for):
    page = client_for(people.ana).get("/articles/reset-your-pasword", status=404)
    assert page.h1 == "There is no page at this address"
    box = page.one("input[name=q]")
    assert box.get("value") == "reset your pasword"
    assert page.one("form[role=search]").get("action") == "/search"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/articles/reset-your-pasword", "reset your pasword"),
        ("/topics/hr/pay", "hr pay"),
        ("/wiki/VPN_setup.html", "wiki VPN setup"),
        ("/für/Gehälter", "für Gehälter"),
        ("/", ""),
        ("/<script>alert(1)</script>", "script alert 1 script"),
        ("/" + "a" * 300, "a" * 100),
    ],
)
def test_words_of_an_address(path, words):
    assert words_of(path) == words


def test_the_hidden_and_the_missing_give_the_same_bytes(people, client_for, write_article):
    client = client_for(people.ana)
    missing = client.get("/articles/plans-for-a-merger", status=404)
    hidden_role = client.get("/admin-only", status=404)
    write_article("Plans for a merger", slug="plans-for-a-merger", audience={"departments": ["design"]})
    hidden = client.get("/articles/plans-for-a-merger", status=404)
    assert without_token(hidden) == without_token(missing)
    assert hidden_role.h1 == missing.h1


def test_an_unknown_address_leads_strangers_to_the_sign_in_page(client):
    assert client.get("/nothing/here", status=302).location.startswith("/sign-in?next=")


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (errors.NotFound("secret"), 404, "There is no page"),
        (errors.NotAllowed("A lead of the team can do it."), 403, "A lead of the team can do it."),
        (errors.Conflict("Eva saved first."), 409, "Eva saved first."),
        (errors.WrongState("It is archived."), 409, "It is archived."),
        (errors.Invalid("Enter a date."), 400, "Enter a date."),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_services_refuse_is_a_page(client, raises, error, status, words):
    raises("/boom", error)
    page = client.get("/boom", status=status)
    assert words in page.words
    assert "secret" not in page.text


def test_an_unexpected_error_has_a_reference_that_is_in_the_log(client, raises, caplog):
    raises("/boom", RuntimeError("password=hunter2"))
    with caplog.at_level(logging.ERROR):
        page = client.get("/boom", status=500)
    reference = page.texts(".reference")[0]
    assert re.fullmatch(r"[0-9A-F]{8}", reference)
    assert reference in caplog.text
    assert "hunter2" in caplog.text
    assert "hunter2" not in page.text
    assert "Traceback" not in page.text


def test_a_statement_that_fails_does_not_put_what_it_held_into_the_log(app, client, caplog, monkeypatch):
    held = "what somebody wrote"

    def _view():
        db.session.execute(text("SELECT :held FROM nothing_here"), {"held": held})

    monkeypatch.setitem(ACCESS, "fails", PUBLIC)
    app.add_url_rule("/fails", "fails", _view)
    client.get("/fails", status=None)
    assert "nothing_here" in caplog.text
    assert held not in caplog.text


def test_a_signed_in_person_gets_the_page_for_an_unexpected_error(people, client_for, raises):
    raises("/boom", RuntimeError("no"))
    assert client_for(people.ana).get("/boom", status=500).h1 == TEXTS[500][0]


def test_without_a_database_every_page_says_that_the_portal_is_busy(people, client_for):
    client = client_for(people.ana)

    def _gone(*_args):
        raise OperationalError("SELECT secret", {}, Exception("disk"))

    event.listen(db.engine, "before_cursor_execute", _gone)
    try:
        page = client.get("/help", status=503)
    finally:
        event.remove(db.engine, "before_cursor_execute", _gone)
    assert client.get("/help").h1 == "Help"
    assert page.h1 == "The portal is busy"
    assert page.headers["Retry-After"] == "30"
    assert "secret" not in page.text


def test_a_wrong_method_is_405_and_names_the_right_one(people, client_for):
    page = client_for(people.ana).get("/theme", status=405)
    assert page.h1 == "This address does not take that"
    assert "POST" in page.headers["Allow"]


def test_too_many_tries_is_a_page_that_says_when_to_come_back(client, raises):
    raises("/slow-down", TooManyRequests(retry_after=90))
    page = client.get("/slow-down", status=429)
    assert page.h1 == "Too many tries in a short time"
    assert page.headers["Retry-After"] == "90"


def test_a_body_over_the_limit_is_413(app, people, client_for):
    client = client_for(people.ana)
    page = client.post("/theme", {"theme": "dark", "x": "x" * app.config["MAX_CONTENT_LENGTH"]}, status=413)
    assert page.h1 == "That is too large to send"
    assert "theme" not in page.headers.get("Set-Cookie", "")


def test_a_form_without_its_token_is_refused_and_says_what_to_do(client, people, client_for):
    for somebody in (client, client_for(people.ana)):
        page = somebody.post("/theme", {"theme": "dark"}, csrf=False, status=400)
        assert "Go back, reload it and send the form again." in page.words
        assert "theme=" not in str(page.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize(("code", "like"), [(418, 400), (507, 500)])
def test_a_status_without_a_text_of_its_own_gets_the_nearest(client, raises, code, like):
    odd = HTTPException()
    odd.code = code
    raises("/odd", odd)
    assert client.get("/odd", status=code).h1 == TEXTS[like][0]


def test_a_redirect_that_was_raised_stays_a_redirect(client, app, monkeypatch):
    monkeypatch.setitem(ACCESS, "away", PUBLIC)
    app.add_url_rule("/away", "away", lambda: abort(redirect("/sign-in")))
    assert client.get("/away", status=302).location == "/sign-in"


@pytest.mark.parametrize("host", [h for h in HOSTS if isinstance(h, str)])
@pytest.mark.parametrize("path", ["/sign-in", "/help", "/healthz", "/nowhere"])
def test_a_foreign_host_name_gets_nothing(app, settings, host, path):
    response = app.test_client().get(path, headers={"Host": host})
    assert response.status_code == 400, f"answered {response.status} to {host!r}"
    assert response.mimetype == "text/plain"
    assert "evil" not in response.text
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("header", [h for h in HOSTS if isinstance(h, dict)], ids=lambda h: h["header"])
def test_headers_of_proxies_that_are_not_there_change_nothing(app, people, client_for, header):
    client = client_for(people.ana)
    plain = client.get("/help")
    page = client.get("/help", headers={header["header"]: header["value"]})
    assert without_token(page) == without_token(plain)
    assert "Strict-Transport-Security" not in page.headers
    theme = client.post("/theme", {"theme": "dark"}, headers={header["header"]: header["value"]})
    assert theme.location == "/"
