"""Text to terms: traps of common analysers that ours must not fall into."""

import sys
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

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
        ("l'été", ["ete"]),
        ("😀 ??? --- … 👩‍💻 \u200b\u200d", []),
        ("l’e-mail d'accès", ["email", "e", "mail", "acc"]),
        ("don't-know o'clock aujourd'hui", ["do", "not", "know", "oclock", "aujourdhui"]),
        ("INC-2041", ["inc2041", "inc", "2041"]),
        ("v2.10 v21.0 v210", ["v2.10", "v2", "10", "v21.0", "v21", "0", "v210"]),
        ("192.168.0.1", ["192.168.0.1", "192", "168", "0", "1"]),
        ("1,200 1.200 1200", ["1200", "1", "200", "1200", "1", "200", "1200"]),
        ("a,b 1,2 1,2345", ["a", "b", "1", "2", "1", "2345"]),
        ("2FA (2fa)", ["2fa", "2fa"]),
        ("P60s 401ks 1990s 30s", ["p60", "401k", "1990s", "30s"]),
        ("pass\u00adword pass\u200bword \ufeffpassword", ["password"] * 3),
        ("İstanbul ISTANBUL istanbul ıstanbul", ["istanbul"] * 4),
        ("ΟΔΟΣ οδός οδοσ", ["οδοσ"] * 3),
        ("Пароль ПАРОЛЬ ёлка елка", ["пароль", "пароль", "елка", "елка"]),
        ("إجازة اجازه إِجَازَة اجـازة", ["اجازه"] * 4),
        ("שָׁלוֹם שלום", ["שלום"] * 2),
        ("مرخصی مرخصي می‌خواهم میخواهم", ["مرخصي", "مرخصي", "ميخواهم", "ميخواهم"]),
        ("٤٤٠٠ ۴۴۰۰ ४४००", ["4400"] * 3),
        ("रिसेट", ["रिसेट"]),
        ("รหัสผ่าน", ["รห", "หั", "ัส", "สผ", "ผ่", "่า", "าน"]),
        ("密码 密码", ["密码", "密码"]),
        ("비밀번호를", ["비밀", "밀번", "번호", "호를"]),
        ("VPN을 Wi-Fi가", ["vpn", "을", "wifi", "wi", "fi", "가"]),
        ("ﾊﾟｽﾜｰﾄﾞ", ["パス", "スワ", "ワー", "ード"]),
        ("人々", ["人々"]),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_every_language_has_its_stemmer() -> None:
    assert stem("häuser", "de") != stem("häuser", "xx") == "häuser"
    assert stem("p60") == "p60"


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("de", "Passwort Passwörter Passwoerter Passworte"),
        ("de", "Urlaubsantrag Urlaubsanträge Urlaubsantraege Urlaubs-Antrag"),
        ("de", "Kollegin Kolleginnen"),
        ("de", "Straße Strasse STRASSE"),
        ("fr", "oublier oublié oubliée oubliées oubliez oublie"),
        ("fr", "bloquer bloqué bloquée bloquees"),
        ("fr", "connexion connexions"),
        ("fr", "congé congés conges"),
        ("es", "contraseña contraseñas contrasenas"),
        ("es", "día días dias"),
        ("es", "declaración declaraciones declaracion"),
        ("es", "vez veces"),
        ("pt", "cartão cartões cartao cartoes"),
        ("pt", "declaração declarações declaracoes"),
        ("pt", "viagem viagens"),
        ("pt", "fiscal fiscais"),
        ("pt", "reembolsável reembolsáveis"),
        ("nl", "wachtwoord wachtwoorden"),
        ("nl", "foto foto's fotos"),
        ("it", "ufficio uffici dell'ufficio"),
        ("it", "attività attivita"),
    ],
)
def test_forms_of_a_word_are_one_term(language: str, forms: str) -> None:
    found = [terms(form, language)[0] for form in forms.split()]
    assert len(set(found)) == 1, found


def test_decomposed_letters_are_those_typed_whole() -> None:
    for text in ("Passwörter", "비밀번호", "パスワード", "Tiếng Việt", "й", "हिन्दी क़लम"):
        assert terms(unicodedata.normalize("NFD", text)) == terms(text), text


def test_places_in_texts_of_other_scripts() -> None:
    for text in ("l’adresse", "ﾊﾟｽ", "pass\u00adword", "VPN을"):
        for token in analyse(text):
            assert terms(text[token.start : token.end])[0] == token.term


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


@pytest.fixture
def threads_take_turns_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("threads_take_turns_often")
def test_threads_do_not_disturb_each_others_stems() -> None:
    words = [f"{start}{middle}{end}" for start in "bcdfg" for middle in ("elat", "oniz", "atur")
             for end in ("ions", "ing", "ed", "fully", "ness", "ization")]  # fmt: skip
    expected = [stem.__wrapped__(word) for word in words]

    def all_of_them(_: int) -> list[str]:
        return [stem.__wrapped__(word) for word in words]

    with ThreadPoolExecutor(8) as pool:
        assert all(found == expected for found in pool.map(all_of_them, range(60)))
