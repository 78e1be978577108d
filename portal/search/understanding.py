"""A question as typed, understood: words, quoted phrases, words to leave out, and likely slips.

People never reach a query parser: everything typed is plain words, but for "quoted phrases" and
words with a minus right before them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from anyascii import anyascii

from portal.indexing import languages
from portal.indexing.analysis import Token, analyse, fold, stem
from portal.indexing.engine import EngineQuery, Slot, Vocabulary
from portal.indexing.weights import WEIGHTS, Weights
from portal.search.rules import NO_RULES, Rules

MAX_CHARS: Final = 300
"""A longer question is cut there; nobody types that much into a search box on purpose."""

MAX_WORDS: Final = 40
MAX_ALTERNATIVES: Final = 12
"""Of one word; more synonyms than that would be a thesaurus, and cost time."""

_PHRASE = re.compile(r"[\"“”„«»]([^\"“”„«»]+)[\"“”„«»]")
_WITHOUT = re.compile(r"(?:(?<=\s)|^)[-−](?=[^\W\d_])([^\s\"“”]+)")

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Understood:
    """What is asked of the engine, and how to say it back.

    `words` are the words searched for, as typed; `corrections` are (typed, used) for words that
    stand nowhere in what the person may see; `synonyms` are (typed, meant) by the rules of admins;
    `subject` are the stems of the question without question words, as best bets compare them.
    """

    query: EngineQuery
    words: tuple[str, ...]
    corrections: Pairs
    synonyms: Pairs = ()
    subject: frozenset[str] = frozenset()
    language: str = languages.ENGLISH

    @property
    def marks(self) -> frozenset[str]:
        """The terms worth marking in a text: not those of question words, unless there are no others."""
        least = self.query.weights.function
        full = [slot for slot in self.query.slots if slot.weight > least] or self.query.slots
        return frozenset(part for slot in full for term, _ in slot.alternatives for part in term.split(" "))


@dataclass(slots=True)
class _Word:
    """A word of the question on its way to a slot."""

    token: Token
    weight: float
    alternatives: list[tuple[str, float]]
    means: str
    """Its stem, or that of the word it was taken for: what synonyms and best bets go by."""
    also: "list[_Word]" = field(default_factory=list)
    """The second half of a word that was two words written as one."""


def understand(
    text: str,
    vocabulary: Vocabulary,
    rules: Rules = NO_RULES,
    *,
    loose: bool = False,
    exact: bool = False,
    weights: Weights = WEIGHTS,
) -> Understood:
    """`text` as a query for the engine whose words are `vocabulary`.

    `loose` is the last resort when nothing matches: every word becomes the closest one there is.
    `exact` takes every word as typed: no correction, no synonym.
    """
    return _Understanding(text, vocabulary, rules, weights, loose=loose, exact=exact).whole()


class _Understanding:
    def __init__(
        self, text: str, vocabulary: Vocabulary, rules: Rules, weights: Weights, *, loose: bool, exact: bool
    ) -> None:
        self.plain, self.left_out = _split_off_without(text[:MAX_CHARS])
        tokens = analyse(self.plain)[:MAX_WORDS]
        self.language = languages.language_of([token.word for token in tokens if not token.joined])
        self.tokens = tokens
        self.small = (languages.function_words(self.language) | rules.less) - rules.full
        self.vocabulary = vocabulary
        self.rules = rules
        self.weights = weights
        self.loose = loose
        self.exact = exact
        self.there = {languages.base(tag) for tag in vocabulary.languages()}
        self.corrections: list[tuple[str, str]] = []
        self.synonyms: list[tuple[str, str]] = []
        self.compounds = {
            t.position: any(map(vocabulary.knows, self._terms(t.word))) for t in tokens if t.joined
        }

    def whole(self) -> Understood:
        words = [
            self._word(token) for token in self.tokens if not token.joined or self.compounds[token.position]
        ]
        if not self.exact:
            self._add_synonyms(words)
        slots: dict[str, Slot] = {}
        for word in (one for first in words for one in (first, *first.also)):
            key = word.alternatives[0][0]
            alternatives = tuple(word.alternatives[:MAX_ALTERNATIVES])
            slots.setdefault(key, Slot(alternatives, word.weight, self._begins_compound(word.token)))
        return Understood(
            query=EngineQuery(tuple(slots.values()), self._phrases(), self._without(), self.weights),
            words=tuple(
                dict.fromkeys(self.plain[t.start : t.end] for t in self.tokens if t.word not in self.small)
            ),
            corrections=tuple(self.corrections),
            synonyms=tuple(dict.fromkeys(self.synonyms)),
            subject=_subject(words, self.small),
            language=self.language,
        )

    def _word(self, token: Token) -> _Word:
        """A word with the words it may have been meant to be when it is unknown."""
        own = [(term, 1.0) for term in self._terms(token.word)]
        word = _Word(token, self._weight(token), own, stem(token.word))
        known = any(self.vocabulary.knows(term) for term, _ in own)
        if known or self.exact or (token.word in self.small and not self.loose):
            return word
        near = self.vocabulary.near(token.word)
        if near:
            self.corrections.append((token.word, near[0][0]))
            own += [(term, factor) for other, factor in near for term in self._terms(other)]
            word.means = stem(near[0][0])
            return word
        parts = _glued(token.word, self.vocabulary)
        if parts:
            self.corrections.append((token.word, " ".join(parts)))
            first, second = (
                _Word(token, word.weight, [(term, 1.0) for term in self._terms(part)], stem(part))
                for part in parts
            )
            first.also.append(second)
            return first
        closest = self._closest(token.word) if self.loose else None
        if closest is not None:
            self.corrections.append((token.word, closest))
            own += [(term, 1.0) for term in self._terms(closest)]
        return word

    def _terms(self, word: str) -> tuple[str, ...]:
        """The terms under which a word may stand: its stem in the language of the question and in
        English; when both are unknown, in any other language that there are articles in."""
        first = dict.fromkeys(
            stem(word, language)
            for language in (self.language, languages.ENGLISH)
            if language in self.there or language == languages.ENGLISH
        )
        if self.there <= {languages.ENGLISH} or any(self.vocabulary.knows(term) for term in first):
            return tuple(first)
        stems = (stem(word, language) for language in sorted(self.there))
        more = (term for term in stems if self.vocabulary.knows(term))
        return tuple(dict.fromkeys((*more, *first)))

    def _weight(self, token: Token) -> float:
        if not token.joined and self._in_known_compound(token):
            return self.weights.part
        typed = self.plain[token.start : token.end]
        # "IT" and "US" in capitals are no question words
        shouted = typed.isupper() and len(typed) > 1 and not self.plain.isupper()
        return self.weights.function if token.word in self.small and not shouted else 1.0

    def _in_known_compound(self, token: Token) -> bool:
        return any(
            other.joined
            and self.compounds[other.position]
            and other.start <= token.start
            and token.end <= other.end
            for other in self.tokens
        )

    def _begins_compound(self, token: Token) -> bool:
        return not token.joined and self.compounds.get(token.position, False)

    def _add_synonyms(self, words: Sequence[_Word]) -> None:
        """Let the words of every run that has synonyms stand for these as well."""
        rules = _compiled(self.rules)
        plain = [word for word in words if not word.token.joined]
        for row in ([word for word in words if word.token.joined], plain):
            for at, word in enumerate(row):
                for run, means in rules.get(word.means, ()):
                    found = row[at : at + len(run)]
                    if tuple(one.means for one in found) == run:
                        self._also(found, means)

    def _also(self, run: Sequence[_Word], means: tuple[tuple[str, str], ...]) -> None:
        typed = self.plain[run[0].token.start : run[-1].token.end]
        # What the person may see nothing of finds nothing, and naming it would tell that it stands elsewhere.
        for said, term in (one for one in means if self.vocabulary.knows(one[1])):
            self.synonyms.append((typed, said))
            for word in run:
                if term not in dict(word.alternatives):
                    word.alternatives.append((term, self.weights.synonym))

    def _phrases(self) -> tuple[tuple[tuple[str, ...], ...], ...]:
        found = []
        for quoted in _PHRASE.findall(self.plain):
            words = [token.word for token in analyse(quoted) if not token.joined]
            if len(words) > 1:
                spoken = (self.language, languages.ENGLISH, *self.vocabulary.languages())
                runs = (tuple(stem(word, languages.base(tag)) for word in words) for tag in spoken)
                found.append(tuple(dict.fromkeys(runs)))
        return tuple(found)

    def _without(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(term for word in self.left_out for term in languages.terms(word)))

    def _closest(self, word: str) -> str | None:
        """The word nearest to `word` as it sounds in Latin letters: "ऑर्डर" is "ordr" is "order"."""
        latin = fold(anyascii(word))
        near = self.vocabulary.near(latin)
        return near[0][0] if near else self.vocabulary.closest(latin)


def subject(text: str, rules: Rules = NO_RULES) -> frozenset[str]:
    """The stems of a question without its question words, which tell whether two questions are one."""
    words = [_Word(token, 1.0, [], stem(token.word)) for token in analyse(text)]
    return _subject(words, (languages.function_words(languages.ENGLISH) | rules.less) - rules.full)


@lru_cache(maxsize=8)
def recommended(rules: Rules) -> Mapping[frozenset[str], Sequence[int]]:
    """The articles recommended for each question, by its subject, in the order in which admins did."""
    found: dict[frozenset[str], list[int]] = {}
    for bet in rules.bets:
        about = subject(bet.question, rules)
        if about:
            found.setdefault(about, []).append(bet.article_id)
    return found


def _subject(words: Sequence[_Word], small: frozenset[str]) -> frozenset[str]:
    plain = [one for word in words if not word.token.joined for one in (word, *word.also)]
    return frozenset(word.means for word in plain if word.token.word not in small)


Meanings = tuple[tuple[str, str], ...]
"""What a run may also be called: as an admin wrote it, and as a term."""


@lru_cache(maxsize=8)
def _compiled(rules: Rules) -> dict[str, tuple[tuple[tuple[str, ...], Meanings], ...]]:
    """For each stem the runs that begin with it and have synonyms."""
    found: dict[str, list[tuple[tuple[str, ...], Meanings]]] = {}
    for synonym in rules.synonyms:
        for words in synonym.words:
            means = tuple((said, " ".join(_run(said))) for said in synonym.means if _run(said) != _run(words))
            for run in {_run(words), _plain_run(words)}:
                if run and means:
                    found.setdefault(run[0], []).append((run, means))
    return {first: tuple(runs) for first, runs in found.items()}


def _run(phrase: str) -> tuple[str, ...]:
    """The stems of a phrase; one that is a single compound, as one word ("wi-fi" as "wifi")."""
    tokens = analyse(phrase)
    compound = bool(tokens) and tokens[0].joined and tokens[0].end == tokens[-1].end
    return (tokens[0].term,) if compound else _plain_run(phrase)


def _plain_run(phrase: str) -> tuple[str, ...]:
    return tuple(token.term for token in analyse(phrase) if not token.joined)


def _split_off_without(text: str) -> tuple[str, tuple[str, ...]]:
    """The text without its minus words, and these; a text of nothing else is plain words."""
    plain = _WITHOUT.sub(" ", text)
    if plain == text or not analyse(plain):
        return text, ()
    return plain, tuple(token.word for found in _WITHOUT.findall(text) for token in analyse(found)[:1])


def _glued(word: str, vocabulary: Vocabulary) -> tuple[str, str] | None:
    """Two known words that `word` is when a space was forgotten ("signin"), the commonest pair."""
    if len(word) < 5 or not word.isalpha():
        return None
    pairs = [(word[:at], word[at:]) for at in range(2, len(word) - 1)]
    counted = [(min(map(vocabulary.frequency, pair)), pair) for pair in pairs]
    commonest, pair = max(counted)
    return pair if commonest >= 2 else None
