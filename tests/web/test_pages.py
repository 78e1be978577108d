"""Safe redirects, pages of lists, words for dates."""

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.web.pages import Page, ago, day, here, moment, page_address, page_number, safe_next

HOST = "http://portal.test"
PAYLOADS = Path(os.environ.get("PORTAL_PAYLOADS", Path(__file__).parents[3] / "shared" / "payloads"))
OWN = json.loads((Path(__file__).parent / "data" / "next_urls.json").read_text())
GOOD = {"/ok", "/ok?x=1#y", "/logout", "/login?next=/login?next=//evil.test"}


def where_a_browser_goes(target, base=HOST):
    """The host that a browser asks for a Location: it drops control characters, reads \\ as /."""
    read = "".join(char for char in target if char not in "\t\n\r").strip("\x00\x01 ").replace("\\", "/")
    return urlsplit(urljoin(base + "/sign-in", read)).netloc


def assert_stays_here(target):
    kept = safe_next(target, "/")
    assert where_a_browser_goes(kept) == "portal.test"
    assert where_a_browser_goes(unquote(kept)) == "portal.test" or kept == target
    assert kept.startswith("/")
    assert kept.isprintable()
    return kept


@pytest.mark.parametrize("target", OWN, ids=range(len(OWN)))
def test_a_redirect_stays_on_this_server(target):
    kept = assert_stays_here(target)
    if target in GOOD:
        assert kept == target


def test_redirects_of_a_public_collection_stay_on_this_server():
    path = PAYLOADS / "open_redirect.txt"
    if not path.exists():
        pytest.skip(f"NOTICE: {path} is not there; set PORTAL_PAYLOADS to the folder that holds it")
    lines = path.read_text(errors="replace").splitlines()
    assert len(lines) > 100
    for line in lines:
        assert_stays_here(line)


@given(st.text(alphabet=st.sampled_from("/\\.:@?#[]%\t\r\n \x00ae"), max_size=12))
def test_any_text_gives_an_address_here(target):
    assert_stays_here(target)


@pytest.mark.parametrize("target", [None, "", "ok", "/" + "a" * 2000, "/a/../b", "/a//b", "/a/./b"])
def test_what_is_no_plain_path_gives_the_default(target):
    assert safe_next(target, "/home") == "/home"


@pytest.mark.parametrize(
    ("text", "number"),
    [("3", 3), ("0", 1), ("-1", 1), ("x", 1), ("", 1), ("99999", 10_000), ("9" * 30, 1), ("²", 1)],
)
def test_the_page_number_is_always_a_sensible_number(app, text, number):
    with app.test_request_context("/", query_string={"page": text}):
        assert page_number() == number


def test_other_pages_keep_the_filters(app):
    with app.test_request_context("/write?team=1&team=2&q=a+b&page=4&_external=1&endpoint=x"):
        address = page_address(5)
    assert address.startswith("/write?")
    assert "team=1&team=2&q=a+b&page=5" in address
    assert address.count("page=") == 1


def test_forms_of_the_frame_lead_back_to_pages_that_can_be_loaded_again(app):
    with app.test_request_context("/search?q=a"):
        assert here() == "/search?q=a"
    with app.test_request_context("/help"):
        assert here() == "/help"
    with app.test_request_context("/search/not-found", method="POST"):
        assert here() == "/"


def test_pages_of_a_list():
    assert (Page(1, 20, 0).last, Page(1, 20, 20).last, Page(1, 20, 21).last) == (1, 1, 2)
    assert Page(3, 20, 100).offset == 40


def test_dates_say_the_weekday():
    assert day(date(2026, 3, 3)) == "Tuesday 3 March 2026"
    assert moment(datetime(2026, 3, 3, 15, 4, tzinfo=UTC), "Europe/Berlin") == "Tue 3 March 2026, 16:04"


@pytest.mark.parametrize(
    ("then", "words"),
    [
        (date(2026, 11, 22), "today"),
        (date(2026, 11, 21), "today"),
        (date(2026, 11, 20), "yesterday"),
        (date(2026, 11, 1), "20 days ago"),
        (date(2025, 9, 21), "14 months ago"),
        (date(2023, 11, 21), "3 years ago"),
    ],
    ids=str,
)
def test_how_long_ago_in_words(then, words):
    assert ago(then, date(2026, 11, 21)) == words
