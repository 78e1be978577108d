"""Deny by default: the access list names every endpoint, and few are public."""

import pytest
from werkzeug.routing import IntegerConverter, UUIDConverter

from portal.accounts.permissions import PERMISSIONS
from portal.web import guard
from portal.web.access import ACCESS, PUBLIC, SIGNED_IN

EXPECTED_PUBLIC = {
    "static",
    "accounts.sign_in",
    "web.asset",
    "web.favicon",
    "web.health",
    "web.robots",
    "web.theme",
}
DUMMIES = {IntegerConverter: 1, UUIDConverter: "00000000-0000-4000-8000-000000000000"}


def test_public_endpoints_are_exactly_these():
    assert {endpoint for endpoint, rule in ACCESS.items() if rule == PUBLIC} == EXPECTED_PUBLIC


def test_every_word_of_the_list_is_known():
    assert set(ACCESS.values()) <= {PUBLIC, SIGNED_IN, *PERMISSIONS}


def test_every_endpoint_is_on_the_list_and_no_other(app):
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(ACCESS)


@pytest.mark.parametrize(
    "endpoints", [set(ACCESS) | {"web.new"}, set(ACCESS) - {"web.health"}], ids=["missing", "stale"]
)
def test_a_list_that_differs_does_not_start(endpoints):
    with pytest.raises(guard.AccessListError):
        guard.check_list(endpoints)


def test_somebody_unknown_is_led_to_the_sign_in_page_from_every_address(app, client):
    addresses = app.url_map.bind("localhost")
    tried = 0
    for rule in app.url_map.iter_rules():
        if ACCESS[rule.endpoint] == PUBLIC:
            continue
        arguments = {name: DUMMIES.get(type(kind), "x") for name, kind in rule._converters.items()}
        url = addresses.build(rule.endpoint, arguments)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            answer = client.http.open(url, method=method)
            refused = answer.status_code == 400 and method != "GET"  # without a CSRF token
            led = answer.status_code == 302 and answer.location.startswith("/sign-in")
            assert refused or led, f"{method} {url}: {answer.status}"
            tried += 1
    assert tried > 1


def test_an_address_that_does_not_exist_looks_like_one_that_does(client):
    assert client.get("/no-such-page", status=302).location.startswith("/sign-in")
