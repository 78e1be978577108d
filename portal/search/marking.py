"""The words that an article opened from a result is marked with."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from portal.indexing.analysis import analyse
from portal.search.services import Answer, Result

MOST: Final = 40


def words_to_mark(answer: Answer) -> tuple[str, ...]:
    """The words of all results that match the question, as their authors wrote them.

    A result far down shows no line of its text; what it is opened with are the words of the others,
    which match the same question. Words of questions ("how", "to") are left out unless there are no
    others.
    """
    found: dict[str, bool] = {}
    for word, asks in _found(answer):
        found[word] = found.get(word, True) and asks
    telling = [word for word, asks in found.items() if not asks]
    return tuple(telling or found)[:MOST]


def _found(answer: Answer) -> Iterator[tuple[str, bool]]:
    """Words that matched, in lower case, and whether each is a word of questions."""
    for hit in answer.hits:
        yield from ((text.lower(), False) for text, marked in hit.snippet if marked)
        yield from _of_names(hit)


def _of_names(hit: Result) -> Iterator[tuple[str, bool]]:
    for text in (hit.title, hit.section_heading, hit.answer):
        yield from ((word, asks) for term, word, asks in _terms(text) if term in hit.matched)


@lru_cache(maxsize=8_000)
def _terms(text: str) -> tuple[tuple[str, str, bool], ...]:
    """The terms of a short text with the words as written, and whether each is a word of questions. The
    same titles come up again and again."""
    return tuple(
        (token.term, text[token.start : token.end].lower(), token.function_word)
        for token in analyse(text)
        if not token.joined
    )
