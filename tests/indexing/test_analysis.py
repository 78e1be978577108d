"""Text to terms: traps of common analysers that ours must not fall into."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.indexing.analysis import MAX_WORD, analyse, fold, stem


def terms(text: str, language: str = "en") -> list[str]:
    return [token.term for token in analyse(text, language)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Resetting passwords", ["reset", "password"]),
        ("can't log in", ["can", "not", "log", "in"]),
        ("I don’t", ["i", "do", "not"]),
        ("the manager's car", ["the", "manag", "car"]),
        ("Wi-Fi", ["wifi", "wi", "fi"]),
        ("wifi", ["wifi"]),
        ("e-mail", ["email", "e", "mail"]),
        ("W-2", ["w2", "w", "2"]),
        ("P60 401(k)", ["p60", "401k", "401", "k"]),
        ("password?", ["password"]),
        ("IT", ["it"]),
        ("naïve Łódź STRASSE straße", ["naiv", "lodz", "strass", "strass"]),
        ("パスワード", ["パス", "スワ", "ワー", "ード"]),
        ("हिन्दी", ["हिन्दी"]),
        ("l'été", ["lete"]),
        ("😀 ??? --- …", []),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_every_language_has_its_stemmer() -> None:
    assert stem("häuser", "de") != stem("häuser", "xx") == "häuser"
    assert stem("p60") == "p60"


def test_places_are_those_of_the_text_as_typed() -> None:
    text = "My Wi-Fi doesn't ﬁt"
    found = [(text[token.start : token.end], token.position) for token in analyse(text)]
    assert found == [
        ("My", 0), ("Wi-Fi", 1), ("Wi", 1), ("Fi", 2), ("doesn't", 3), ("doesn't", 4), ("ﬁt", 5),
    ]  # fmt: skip


@given(st.text(max_size=200))
def test_any_text_is_analysed_and_no_letter_is_lost(text: str) -> None:
    tokens = analyse(text)
    for token in tokens:
        assert token.term
        assert len(token.word) <= 3 * MAX_WORD
        assert 0 <= token.start < token.end <= len(text)
    if any(char.isalnum() for char in text):
        assert tokens


@given(st.text(max_size=50))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
