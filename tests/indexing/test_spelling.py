"""Edit distance and the words a slip may have been."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.indexing.spelling import edits, near


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
    assert [word for word, _ in near(counts, sorted(counts), "printr")] == ["printer"]
    assert [word for word, _ in near(counts, sorted(counts), "printex")] == ["printer", "printed"]
    assert near(counts, sorted(counts), "paintr") == ()
