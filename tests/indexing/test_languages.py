"""Which language a question is in, and the terms of its words in all of them."""

import pytest

from portal.indexing.analysis import analyse, fold
from portal.indexing.languages import STEMMED, base, evident, function_words, language_of, terms
from portal.indexing.words import ENGLISH_TOO, FUNCTION_WORDS_OF, NEGATIONS_OF


def guess(text: str) -> str:
    return language_of([token.word for token in analyse(text)])


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("wie ändere ich mein Passwort", "de"),
        ("was ist das", "de"),
        ("vpn geht nicht", "de"),
        ("comment changer mon mot de passe", "fr"),
        ("où trouver ma fiche de paie", "fr"),
        ("je ne peux pas me connecter à outlook", "fr"),
        ("cómo cambio mi contraseña", "es"),
        ("se me ha olvidado la contraseña", "es"),
        ("no puedo entrar", "es"),
        ("não consigo imprimir", "pt"),
        ("nao consigo imprimir", "pt"),
        ("esqueci a minha palavra-passe", "pt"),
        ("quem aprova as férias", "pt"),
        ("hoe krijg ik een nieuwe laptop", "nl"),
        ("mijn wifi werkt niet", "nl"),
        ("come cambio la mia password", "it"),
        ("non riesco ad accedere", "it"),
    ],
)
def test_function_words_tell_the_language(text: str, language: str) -> None:
    assert guess(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "vpn",
        "how do I reset my password",
        "I was in the war, the die hat was red",
        "the man of the hat",
        "comment on the document",
        "come to the office",
        "LA office", "los angeles office", "las vegas trip", "san francisco badge",
        "de-icing salt", "de facto manager", "EN 388 gloves", "per diem", "pro rata leave", "sans serif font",
        "com port", "no sound", "con call", "van rental", "tu delft", "SSE", "OS update",
        "non EU citizens", "how do I greet with danke", "what does por favor mean", "is O365 down",
        "cancel oder", "passwort vergessen",
    ],
)  # fmt: skip
def test_english_stays_english(text: str) -> None:
    assert guess(text) == "en"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("my dad died last night", "en"),
        ("letting agent wants you to confirm my salary on thier form", "en"),
        ("how do I get a visa", "en"),
        ("vpn geht nicht", "de"),
        ("instalar impressoras no portatil", None),
        ("urlaubsanträge", None),
        ("vpn", None),
        ("bike scheme", None),
        ("", None),
    ],
)
def test_a_question_may_tell_no_language(text: str, language: str | None) -> None:
    assert evident([token.word for token in analyse(text)]) == language


def test_lists_are_folded_words_without_negations() -> None:
    for language, words in (*FUNCTION_WORDS_OF.items(), *NEGATIONS_OF.items(), ("", ENGLISH_TOO)):
        assert {fold(word) for word in words} == words, language
    for language, negations in NEGATIONS_OF.items():
        assert not negations & FUNCTION_WORDS_OF[language]
    for language in STEMMED[1:]:
        assert len(FUNCTION_WORDS_OF[language]) >= 60


def test_tags_are_known_by_their_language() -> None:
    assert base("pt-BR") == "pt"
    assert function_words("pt-BR") == FUNCTION_WORDS_OF["pt"]
    assert function_words("tr") == FUNCTION_WORDS_OF["en"]


def test_terms_begin_with_the_question_s_language() -> None:
    assert terms("contrasenas", "es")[:2] == ("contrasen", "contrasena")
    assert terms("passworts")[0] == "passwort"
    assert terms("vpn") == ("vpn",)
    assert "contrasen" in terms("contrasenas")
    assert terms("cartoes", "pt-BR")[0] == terms("cartao", "pt")[0]
