"""Edit distance and the words a slip may have been."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.indexing.spelling import PlainWords, WordList, closest, edits, near


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("vpn", "vpn", 0),
        ("passwrod", "password", 1),
        ("pasword", "password", 1),
        ("abc", "xyz", 3),
        ("ca", "abc", 3),
    ],
)
def test_edits(one: str, other: str, distance: int) -> None:
    assert edits(one, other, 3) == distance


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_edits_are_symmetric_and_stop_at_the_bound(one: str, other: str) -> None:
    assert edits(one, other, 9) == edits(other, one, 9)
    assert edits(one, other, 1) == min(edits(one, other, 9), 2)


class _Counts(dict[str, int]):
    def frequency(self, word: str) -> int:
        return self.get(word, 0)


def test_the_nearest_and_commonest_word_is_first_and_unseen_ones_are_never_proposed() -> None:
    counts = _Counts({"printer": 9, "printed": 2, "sprinter": 1, "painter": 0, "planter": 5})
    assert [word for word, _ in near(counts, [WordList(sorted(counts))], "printr")] == ["printer"]
    assert [word for word, _ in near(counts, [WordList(sorted(counts))], "printex")] == ["printer", "printed"]
    assert near(counts, [WordList(sorted(counts))], "paintr") == ()


typed = st.text("abcdé", min_size=1, max_size=9)


@given(st.lists(typed, max_size=30), typed)
def test_arrays_find_the_words_that_looking_at_each_finds(words: list[str], word: str) -> None:
    counts = _Counts(dict.fromkeys(words, 1))
    half = len(words) // 2
    lists = [WordList(sorted(set(words[:half]))), WordList(sorted(set(words[half:])))]
    plain = [PlainWords(sorted(counts))]
    assert near(counts, lists, word) == near(counts, plain, word)
    assert closest(counts, lists, word) == closest(counts, plain, word)


def test_a_word_that_shares_almost_nothing_is_no_last_resort() -> None:
    counts = _Counts({"holiday": 3})
    assert closest(counts, [WordList(["holiday"])], "xqhozz") is None
    assert closest(counts, [WordList(["holiday"])], "hollidai") == "holiday"
