"""Reading the address of a results page, and making the addresses it leads to."""

import pytest

from portal.search.asked import MOST_PAGES, Asked, read
from portal.search.services import LIMIT
from portal.search.understanding import MAX_CHARS


def test_an_address_is_read_whole():
    found = read({"q": " a  lamp\n", "exact": "1", "topic": "12", "site": "leeds", "page": "2", "x": "y"})
    assert found == Asked("a lamp", exact=True, only={"topic": "12", "site": "leeds"}, page=2)
    assert found.limit == 2 * LIMIT
    assert not found.settled
    assert read({"q": "lamp"}).settled


@pytest.mark.parametrize("page", ["", "0", "-1", "x", "1.5", "²", "٣", "999999999999"])
def test_a_page_that_makes_no_sense_is_the_first(page):
    assert read({"q": "lamp", "page": page}).page == 1


def test_there_are_five_pages_at_most():
    assert read({"q": "lamp", "page": "77"}).page == MOST_PAGES
    assert read({"q": "lamp", "page": "4"}).more
    assert not read({"q": "lamp", "page": "5"}).more


@pytest.mark.parametrize("value", ["", " ", "a b", "x" * 81, "1'--", "<b>", "\x00", "../x"])
def test_a_filter_that_cannot_be_is_left_out(value):
    assert read({"q": "lamp", "topic": value}).only == {}


@pytest.mark.parametrize("exact", ["", "0", "yes", "11"])
def test_only_one_word_asks_for_the_very_words(exact):
    assert not read({"q": "lamp", "exact": exact}).exact


def test_addresses_keep_what_is_chosen_and_begin_on_the_first_page():
    asked = Asked("lamp", exact=True, only={"topic": "12", "team": "3"}, page=3)
    assert asked.fields() == {"q": "lamp", "topic": "12", "team": "3", "exact": "1"}
    assert asked.fields(topic=None) == {"q": "lamp", "team": "3", "exact": "1"}
    assert asked.fields(topic="13", exact=None) == {"q": "lamp", "topic": "13", "team": "3"}
    assert asked.fields(page=4)["page"] == "4"
    assert Asked("lamp").fields(exact=1) == {"q": "lamp", "exact": "1"}


def test_a_long_question_is_cut_between_words():
    found = read({"q": "lamp " * 80})
    assert found.cut
    assert len(found.text) == 299
    assert len(read({"q": "x" * 400}).text) == MAX_CHARS


@pytest.mark.parametrize("sign", ["\x01", "\x7f", "\ufdd0", "\ufffe", "\u202e", "\ud800"])
def test_signs_that_no_page_may_show_are_left_out(sign):
    assert read({"q": f"la{sign}mp"}).text == "lamp"
    assert not read({"q": f"la{sign}mp"}).cut
    assert read({"q": sign}).text == ""
