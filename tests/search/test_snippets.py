"""Snippets: the best line, marked, cut between words."""

from hypothesis import given
from hypothesis import strategies as st

from portal.search.snippets import LONGEST, snippet


def plain(parts: tuple[tuple[str, bool], ...]) -> str:
    return "".join(text for text, _ in parts)


def test_the_line_with_most_words_is_shown_and_marked() -> None:
    text = "Call the desk.\nReset your password on the phone.\nPasswords never expire."
    assert snippet(text, {"reset", "password"}) == (
        ("Reset", True), (" your ", False), ("password", True), (" on the phone. ", False),
        ("Passwords", True), (" never expire.", False),
    )  # fmt: skip


def test_a_long_line_is_cut_around_the_first_word() -> None:
    text = "filler " * 100 + "lantern " + "filler " * 100
    found = snippet(text, {"lantern"})
    assert ("lantern", True) in found
    assert plain(found).startswith("… ")
    assert plain(found).endswith(" …")
    assert len(plain(found)) <= LONGEST + 4


def test_no_text_no_snippet() -> None:
    assert snippet(" \n ", {"lamp"}) == ()


@given(st.text("ab c\n-'é", max_size=400), st.sets(st.sampled_from(["a", "b", "ab", "abc"])))
def test_a_snippet_shows_what_the_text_says(text: str, terms: set[str]) -> None:
    shown = plain(snippet(text, terms)).removeprefix("… ").removesuffix(" …")
    assert " ".join(shown.split()) in " ".join(text.split())
