"""What a rule may say. Pure: what was typed, and the rules beside which it would stand.

Everything refused is refused in words that say what to do; the forms give back what was typed.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from portal.errors import Invalid
from portal.indexing.analysis import analyse
from portal.indexing.words import FUNCTION_WORDS
from portal.search.models import RuleKind

MAX_PHRASES: Final = 20
MAX_CHARS: Final = 80
MAX_WORDS: Final = 6
MAX_QUESTION_WORDS: Final = 12
"""A best bet is for a question, which may be longer than a phrase of a synonym."""

_BETWEEN: Final = re.compile(r"[,;\n，、]")
_ARROW: Final = re.compile(r"=+>|→")


@dataclass(frozen=True, slots=True)
class Content:
    """What a rule says; see `models.TuningRule` for what the parts mean for each kind."""

    kind: RuleKind
    words: tuple[str, ...]
    means: tuple[str, ...] = ()
    article_id: int | None = None

    def as_json(self) -> dict[str, Any]:
        """As the audit keeps it."""
        return {
            "kind": self.kind.value,
            "words": list(self.words),
            "means": list(self.means),
            "article_id": self.article_id,
        }

    def __str__(self) -> str:
        """As the file of synonyms has it: "a, b" or "a => b"."""
        words = ", ".join(self.words)
        return f"{words} => {', '.join(self.means)}" if self.means else words


def of_json(stored: Mapping[str, Any]) -> Content:
    """The content that `as_json` gave."""
    return Content(
        RuleKind(stored["kind"]), tuple(stored["words"]), tuple(stored["means"]), stored["article_id"]
    )


def phrases(typed: str) -> tuple[str, ...]:
    """The phrases of a text in which commas or line ends stand between them, tidied."""
    return tuple(filter(None, (_tidy(part) for part in _BETWEEN.split(typed))))


def both_sides(typed: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The phrases on both sides of an arrow ("a => b, c"); without one, all are on the left."""
    left, _, right = _ARROW.sub("\x1f", typed, count=1).partition("\x1f")
    return phrases(left), phrases(right)


def _tidy(text: str) -> str:
    """`text` on one line without characters that no page may hold."""
    kept = "".join(char if unicodedata.category(char)[0] != "C" else " " for char in text)
    return " ".join(kept.split())


def key(phrase: str) -> tuple[str, ...]:
    """By what two phrases are the same to the search: their stems, in order."""
    return tuple(token.term for token in analyse(phrase) if not token.joined)


def checked(content: Content, others: Iterable[Content]) -> Content:
    """`content` when it can stand beside `others`, the other rules in force.

    Raises Invalid with a message for `words` or `means`.
    """
    content = replace(
        content, words=_distinct("words", content.words), means=_distinct("means", content.means)
    )
    _CHECKS[content.kind](content, list(others))
    return content


# --- phrases ---------------------------------------------------------------------------------


def _distinct(field: str, typed: Iterable[str]) -> tuple[str, ...]:
    """The phrases without exact repetitions. Raises Invalid for two that are the same to the search."""
    kept: dict[tuple[str, ...], str] = {}
    for phrase in dict.fromkeys(map(_tidy, typed)):
        same = kept.setdefault(key(phrase) or (phrase,), phrase)
        if same is not phrase and same.casefold() != phrase.casefold():
            raise _refused(
                field, f"“{same}” and “{phrase}” are the same to the search already. Leave one of them out."
            )
    return tuple(kept.values())


def _sized(field: str, given: tuple[str, ...], *, most_words: int) -> None:
    if len(given) > MAX_PHRASES:
        raise _refused(field, f"These are {len(given)} phrases. Use at most {MAX_PHRASES}.")
    for phrase in given:
        if _ARROW.search(phrase):
            raise _refused(field, "There are two arrows. Use one, for example: payroll => salary, wages.")
        words = len({token.position for token in analyse(phrase) if not token.joined})
        if not words:
            raise _refused(field, f"“{phrase}” has no letters or digits to search for. Leave it out.")
        if words > most_words:
            raise _refused(field, f"“{phrase}” has {words} words. Use at most {most_words}.")
        if len(phrase) > MAX_CHARS:
            raise _refused(field, f"“{phrase[:20]}…” has {len(phrase)} characters. Use at most {MAX_CHARS}.")


def _refused(field: str, message: str) -> Invalid:
    return Invalid(message, **{field: message})


# --- synonyms --------------------------------------------------------------------------------


def _synonym(content: Content, others: list[Content]) -> None:
    _sized("words", content.words, most_words=MAX_WORDS)
    _sized("means", content.means, most_words=MAX_WORDS)
    if not content.words:
        raise _refused("words", "Type the words that colleagues use, for example: wifi, wlan.")
    if len(content.words) + len(content.means) < 2:
        raise _refused(
            "words",
            "One word alone has no synonym. Add another after a comma, for example: wifi, wlan.",
        )
    _no_synonym_of_itself(content)
    _no_words_of_questions(content, others)
    _no_other_set(content, [other for other in others if other.kind is RuleKind.SYNONYM])


def _no_synonym_of_itself(content: Content) -> None:
    left = {key(phrase) for phrase in content.words}
    for phrase in content.means:
        if key(phrase) in left:
            raise _refused("means", f"“{phrase}” would be a synonym of itself. Leave it out on one side.")


def _no_words_of_questions(content: Content, others: list[Content]) -> None:
    """Otherwise most questions would hold the synonym: "it" stands in every third."""
    full = _single_words(others, RuleKind.FULL)
    for phrase in content.words:
        words = {token.word for token in analyse(phrase)}
        if words <= FUNCTION_WORDS and not words <= set(full):
            raise _refused(
                "words",
                f"“{phrase}” stands in many questions and says little about them. Use a longer phrase.",
            )
    less = _single_words(others, RuleKind.LESS)
    for phrase in (*content.words, *content.means):
        folded = _word(phrase)
        if folded in less:
            raise _refused(
                "words" if phrase in content.words else "means",
                f"“{phrase}” is a stop word, so it cannot have synonyms. Remove the stop word first.",
            )


def _no_other_set(content: Content, others: list[Content]) -> None:
    mine = {key(phrase): phrase for phrase in content.words}
    for other in others:
        left = {key(phrase) for phrase in other.words}
        shared = next((phrase for one, phrase in mine.items() if one in left), None)
        if shared is None:
            continue
        if not content.means and not other.means:
            raise _refused(
                "words",
                f"“{shared}” is in the set “{other}” already. Add the other words to that set.",
            )
        repeated = _said_already(content, other)
        if repeated:
            raise _refused(
                "means" if content.means else "words",
                f"The set “{other}” says so for “{repeated}” already. Change that set, or leave it out here.",
            )


def _said_already(content: Content, other: Content) -> str:
    """A phrase that two overlapping sets, at least one of them one-way, both lead to; "" for none."""
    theirs = {key(phrase) for phrase in other.means or other.words}
    if content.means:
        return next((phrase for phrase in content.means if key(phrase) in theirs), "")
    mine = {key(phrase) for phrase in content.words}
    return next((phrase for phrase in other.means if key(phrase) in mine), "")


# --- stop words ------------------------------------------------------------------------------


def _word(phrase: str) -> str:
    """The one folded word of a phrase; "" when it has several."""
    words = {token.word for token in analyse(phrase) if not token.joined}
    return words.pop() if len(words) == 1 else ""


def _single_words(rules: Iterable[Content], kind: RuleKind) -> dict[str, Content]:
    return {_word(phrase): rule for rule in rules if rule.kind is kind for phrase in rule.words}


def _stop_words(content: Content, others: list[Content]) -> None:
    _sized("words", content.words, most_words=MAX_WORDS)
    if not content.words:
        raise _refused("words", "Type a word, for example: urgent.")
    other_list = RuleKind.FULL if content.kind is RuleKind.LESS else RuleKind.LESS
    listed = _single_words(others, content.kind), _single_words(others, other_list)
    for phrase in content.words:
        word = _word(phrase)
        if not word:
            raise _refused("words", f"“{phrase}” is more than one word. Stop words are single words.")
        if word in listed[0]:
            raise _refused("words", f"“{phrase}” is on this list already. Leave it out.")
        if word in listed[1]:
            raise _refused("words", f"“{phrase}” is on the other list. Remove it there first.")
        _counts_otherwise(phrase, word, content.kind)
        if content.kind is RuleKind.LESS:
            _no_synonym(phrase, others)


def _counts_otherwise(phrase: str, word: str, kind: RuleKind) -> None:
    """Refuse a word that counts as the rule wants without it."""
    if kind is RuleKind.LESS and word in FUNCTION_WORDS:
        raise _refused("words", f"“{phrase}” counts for little already. Leave it out.")
    if kind is RuleKind.FULL and word not in FUNCTION_WORDS:
        raise _refused("words", f"“{phrase}” counts in full already. Leave it out.")


def _no_synonym(phrase: str, others: list[Content]) -> None:
    for other in others:
        if other.kind is RuleKind.SYNONYM and key(phrase) in map(key, (*other.words, *other.means)):
            raise _refused(
                "words",
                f"“{phrase}” is a synonym in “{other}”, so it has to count. Change that set first, "
                "or leave it out here.",
            )


# --- best bets -------------------------------------------------------------------------------


def _bet(content: Content, others: list[Content]) -> None:
    _sized("words", content.words, most_words=MAX_QUESTION_WORDS)
    if not content.words:
        raise _refused("words", "Type at least one question, for example: new laptop.")
    for other in others:
        if other.kind is not RuleKind.BET:
            continue
        taken = {frozenset(key(phrase)) for phrase in other.words}
        for phrase in content.words:
            if frozenset(key(phrase)) in taken:
                raise _refused(
                    "words",
                    f"“{phrase}” has a best bet already: “{other}”. Change that one, or leave it out here.",
                )


_CHECKS: Final = {
    RuleKind.SYNONYM: _synonym,
    RuleKind.BET: _bet,
    RuleKind.LESS: _stop_words,
    RuleKind.FULL: _stop_words,
}
