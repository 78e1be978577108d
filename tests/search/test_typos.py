"""Slips of the fingers made on purpose: their kinds, and that they are always the same ones."""

import random
import re
from random import Random

import pytest

from portal.search.typos import KINDS, NEIGHBOURS, misspell, with_typos

QUESTION = "How can I reset the password of my work phone?"


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


@pytest.mark.parametrize(
    ("kind", "word", "slipped"),
    [
        ("swap", "abc", ["bac", "acb"]),
        ("drop", "abc", ["bc", "ac", "ab"]),
        ("double", "abc", ["aabc", "abbc", "abcc"]),
        ("neighbour", "ap", ["qp", "wp", "sp", "zp", "ao", "al"]),
        ("neighbour", "Ap", ["Qp", "Wp", "Sp", "Zp", "Ao", "Al"]),
        ("neighbour", "жд", []),
    ],
)
def test_what_a_kind_of_slip_makes_of_a_word(kind: str, word: str, slipped: list[str]) -> None:
    assert KINDS[kind](word) == slipped


def test_keys_that_touch() -> None:
    assert set(NEIGHBOURS) == set("abcdefghijklmnopqrstuvwxyz")
    assert set(NEIGHBOURS["g"]) == set("tyfhvb")
    assert set(NEIGHBOURS["q"]) == set("wa")
    assert set(NEIGHBOURS["m"]) == set("njk")
    assert all(key in NEIGHBOURS[other] for key, others in NEIGHBOURS.items() for other in others)


def test_all_kinds_come_about_equally_often() -> None:
    seen = dict.fromkeys(KINDS, 0)
    for seed in range(400):
        slipped = misspell("search", Random(seed))
        (kind,) = [name for name, make in KINDS.items() if slipped in make("search")]
        seen[kind] += 1
    assert min(seen.values()) > 70, seen


@pytest.mark.parametrize("word", ["aaa", "see", "IT", "é", "ключ", "重置密码", "ααα"])
def test_a_word_always_changes(word: str) -> None:
    assert word not in {misspell(word, Random(seed)) for seed in range(50)}


def test_nothing_stays_nothing() -> None:
    assert misspell("", Random(1)) == ""


def test_two_words_of_a_question_get_one_slip_each() -> None:
    for seed in range(100):
        before, after = words(QUESTION), words(with_typos(QUESTION, Random(seed)))
        changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
        assert len(changed) == 2
        assert all(any(new in make(old) for make in KINDS.values()) for old, new in changed)


def test_every_longer_word_is_hit_at_some_time_and_no_shorter_one() -> None:
    hit = {
        old
        for seed in range(200)
        for old, new in zip(words(QUESTION), words(with_typos(QUESTION, Random(seed))), strict=True)
        if old != new
    }
    assert hit == {word for word in words(QUESTION) if len(word) >= 3}


def test_a_question_with_fewer_words_gets_fewer_slips() -> None:
    assert with_typos("is it on 24/7?", Random(1)) == "is it on 24/7?"
    assert with_typos("", Random(1)) == ""
    assert with_typos("vpn", Random(1)) != "vpn"


def test_as_many_slips_as_asked_for() -> None:
    for slips in range(4):
        after = words(with_typos(QUESTION, Random(5), slips=slips))
        assert sum(old != new for old, new in zip(words(QUESTION), after, strict=True)) == slips


def test_everything_around_the_words_stays() -> None:
    text = '  "vpn" -- phone,\tISO-9001?!\n'
    for seed in range(30):
        assert re.sub(r"[A-Za-z]+", "", with_typos(text, Random(seed))) == re.sub(r"[A-Za-z]+", "", text)


def test_equal_seeds_give_equal_slips_and_nothing_else_is_asked_for_chance() -> None:
    state = random.getstate()
    assert with_typos(QUESTION, Random(7)) == with_typos(QUESTION, Random(7))
    assert len({with_typos(QUESTION, Random(seed)) for seed in range(20)}) > 15
    assert random.getstate() == state
    # figures are compared over years and versions of Python
    assert with_typos("How do I reset my password?", Random(1)) == "Hoa do I reset my paassword?"
