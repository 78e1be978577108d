"""Headers that narrow what a browser does with our pages."""

import pytest

from portal.web.headers import CONTENT_SECURITY_POLICY

PLACES = ["/sign-in", "/help", "/nowhere", "/healthz", "/assets/x/css/portal.css", "/favicon.ico"]


@pytest.mark.parametrize("place", PLACES)
def test_every_answer_carries_them(client, place):
    headers = client.get(place, status=None).headers
    assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_scripts_and_styles_come_from_here_and_stand_in_files():
    assert "default-src 'self'" in CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "frame-ancestors 'none'" in CONTENT_SECURITY_POLICY
    assert "form-action 'self'" in CONTENT_SECURITY_POLICY


def test_pages_about_people_are_never_stored(client, people, client_for):
    assert client.get("/sign-in").headers["Cache-Control"] == "no-store"
    assert client_for(people.ana).get("/help").headers["Cache-Control"] == "no-store"


def test_https_is_kept_once_it_was_used(client):
    assert "Strict-Transport-Security" not in client.get("/sign-in").headers
    secure = client.get("/sign-in", base_url="https://localhost")
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"
