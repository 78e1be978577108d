"""Which language a question is in, and under which terms its words stand in texts of all languages.

A text's language is known, a question's is not: people type three words, in the language of their
site or in English, with names of programs in between. So a question is taken for another language
only on good evidence, and the stems of the other languages are there when the first finds nothing.
"""

from collections.abc import Sequence
from typing import Final

from portal.indexing.analysis import stem
from portal.indexing.words import ENGLISH_TOO, FUNCTION_WORDS, FUNCTION_WORDS_OF, NEGATIONS_OF

ENGLISH: Final = "en"
STEMMED: Final = tuple(FUNCTION_WORDS_OF)
"""The languages that have a stemmer and a list of function words, English first."""

ENOUGH: Final = 2
"""So many words of a language tell it, when there are fewer English ones."""

MANY: Final = 3
"""So many tell it without an English word, even if each of them could stand in an English question."""

LONG_ENOUGH: Final = 3
"""Letters of a word that tells a language alone: "de", "le" and "el" stand in names."""


_ENGLISH_ALONE: Final = FUNCTION_WORDS.difference(*(FUNCTION_WORDS_OF[language] for language in STEMMED[1:]))


def base(tag: str) -> str:
    """The language of a tag without region and script: "pt" of "pt-BR"."""
    return tag.partition("-")[0].lower()


def function_words(language: str) -> frozenset[str]:
    """The folded words of questions in this language; those of English for languages without a list."""
    return FUNCTION_WORDS_OF.get(base(language), FUNCTION_WORDS)


def language_of(words: Sequence[str]) -> str:
    """The language of a question of these folded words; "en" when nothing tells otherwise."""
    return evident(words) or ENGLISH


def evident(words: Sequence[str]) -> str | None:
    """The language that the function words of a question tell; None when they tell none, as in most
    questions of two or three words.

    Words that also stand in English questions (`words.ENGLISH_TOO`: "die", "hat", "was", "come") only
    add to others. Where two languages share the words ("como"), the one with more of them wins.
    """
    asked = set(words)
    best: tuple[int, int, str | None] = (0, 0, None)
    for language in STEMMED[1:] if asked & _FOREIGN else ():
        listed = asked & (FUNCTION_WORDS_OF[language] | NEGATIONS_OF[language])
        telling = listed - ENGLISH_TOO - FUNCTION_WORDS
        english = asked & FUNCTION_WORDS - listed
        if _enough(telling, listed, english) and (len(telling), len(listed)) > best[:2]:
            best = (len(telling), len(listed), language)
    return best[2] or (ENGLISH if asked & _ENGLISH_ALONE else None)


_FOREIGN: Final = frozenset(
    word for language in STEMMED[1:] for word in FUNCTION_WORDS_OF[language] | NEGATIONS_OF[language]
)
"""Without any of these a question tells no language but English."""


def _enough(telling: set[str], listed: set[str], english: set[str]) -> bool:
    if english:
        return len(telling) >= ENOUGH and len(telling) > len(english)
    alone = any(len(word) >= LONG_ENOUGH for word in telling)
    return alone or (bool(telling) and len(listed) >= ENOUGH) or len(listed) >= MANY


def terms(word: str, language: str = ENGLISH) -> tuple[str, ...]:
    """The terms under which a folded word of a question may stand in the index, without doubles.

    First that of the question's `language`, then English (words of other languages stand among the
    keywords of English articles), then the other languages in the order of STEMMED, for a word that
    is not known under the first two.
    """
    order = (base(language), ENGLISH, *STEMMED)
    return tuple(dict.fromkeys(stem(word, one) for one in order))
