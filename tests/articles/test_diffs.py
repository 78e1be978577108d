"""What differs between two texts: nothing is made up, nothing is left out, no text takes long."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.articles import diffs
from portal.articles.drafts import Draft

few_lines = st.lists(st.text(alphabet="ab \té.", max_size=12), max_size=30).map("\n".join)


def side(rows, which):
    """One side of the rows as text, without what was left out."""
    lines = [getattr(row, which) for row in rows if not row.skipped]
    return [("".join(segment.text for segment in line)) for line in lines if line is not None]


@settings(max_examples=200, deadline=None)
@given(few_lines, few_lines)
def test_both_sides_can_be_read_off_the_rows(before, after):
    rows = diffs.rows(before, after)
    skipped = sum(row.skipped for row in rows)
    assert len(side(rows, "before")) + skipped == len(before.split("\n"))
    assert len(side(rows, "after")) + skipped == len(after.split("\n"))
    if not skipped:
        assert "\n".join(side(rows, "before")) == before
        assert "\n".join(side(rows, "after")) == after
    assert any(row.changed for row in rows) == (before != after)
    for row in rows:
        for line, wrong in ((row.before, "ins"), (row.after, "del")):
            assert wrong not in {segment.kind for segment in line or ()}


def test_changed_words_are_marked_and_the_rest_is_not():
    (row,) = diffs.rows("Wait 15 minutes, then call.", "Wait 20 minutes, then call us.")
    assert [(s.kind, s.text) for s in row.before] == [
        ("same", "Wait "),
        ("del", "15"),
        ("same", " minutes, then call."),
    ]
    assert [(s.kind, s.text) for s in row.after] == [
        ("same", "Wait "),
        ("ins", "20"),
        ("same", " minutes, then call"),
        ("ins", " us"),
        ("same", "."),
    ]


def test_lines_that_have_little_in_common_are_shown_whole():
    (row,) = diffs.rows("Open the door.", "A completely other line!")
    assert [s.kind for s in (*row.before, *row.after)] == ["del", "ins"]


def test_what_is_far_from_a_change_is_left_out():
    before = [f"line {number}" for number in range(50)]
    after = [*before[:25], "new", *before[25:]]
    rows = diffs.rows("\n".join(before), "\n".join(after))
    assert [row.skipped for row in rows if row.skipped] == [22, 22]
    assert len(rows) == 2 + 2 * diffs.CONTEXT + 1


def test_only_fields_that_differ_are_shown():
    before = Draft(title="A", answer="Same", body="Text", keywords=("x",), questions=("q",))
    after = Draft(title="B", answer="Same", body="Text", keywords=("x", "y"), questions=("q",))
    assert [part.label for part in diffs.parts(before, after)] == ["Title", "Keywords"]
    assert diffs.parts(before, before) == []


def test_a_very_long_difference_is_cut():
    part = diffs.parts(Draft(title="A"), Draft(title="A", body="\n".join(map(str, range(5000)))))[0]
    assert (len(part.rows), part.cut) == (diffs.MAX_ROWS, 2000)


chance = random.Random(5)
HARD = {
    "two letters, line by line": [
        "\n".join(chance.choice("ab") for _ in range(diffs.MAX_LINES)) for _ in range(2)
    ],
    "lines of equal words": [
        "\n".join(" ".join(chance.choice("ab") for _ in range(140)) for _ in range(700)) for _ in range(2)
    ],
    "one line of 200 kB": ["ab " * 66_000, "ba " * 66_000],
    "nothing but line ends": ["\n" * 100_000, "a\n" * 50_000],
    "the other way round": ["\n".join(map(str, range(1100))), "\n".join(map(str, range(1100, 0, -1)))],
    "all different": ["\n".join(map(str, range(20_000))), "\n".join(map(str, range(20_000, 40_000)))],
}


@pytest.mark.parametrize("name", HARD)
def test_hard_texts_do_not_hold_a_worker(name):
    start = time.process_time()
    diffs.parts(Draft(title="A", body=HARD[name][0]), Draft(title="A", body=HARD[name][1]))
    # Under 2 s on an idle machine without coverage; without a bound some of these take minutes.
    assert time.process_time() - start < 10
