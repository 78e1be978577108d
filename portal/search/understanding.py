"""A question as typed, understood: words, quoted phrases, words to leave out, and likely slips.

People never reach a query parser: everything typed is plain words, but for "quoted phrases" and
words with a minus right before them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from anyascii import anyascii

from portal.indexing.analysis import Token, analyse, fold
from portal.indexing.engine import EngineQuery, Slot, Vocabulary

MAX_CHARS: Final = 300
"""A longer question is cut there; nobody types that much into a search box on purpose."""

MAX_WORDS: Final = 40

FUNCTION_WEIGHT: Final = 0.5
"""Words of questions count for half: enough to tell "out of office" from "office"."""

PART_WEIGHT: Final = 0.3
"""The parts of a compound ("wi", "fi") beside its joined form, when that form is known."""

_PHRASE = re.compile(r"[\"“”„«»]([^\"“”„«»]+)[\"“”„«»]")
_WITHOUT = re.compile(r"(?:(?<=\s)|^)[-−](?=[^\W\d_])([^\s\"“”]+)")


@dataclass(frozen=True, slots=True)
class Understood:
    """What is asked of the engine, and how to say it back.

    `words` are the words searched for, as typed; `corrections` are (typed, used) for words that
    stand nowhere in what the person may see.
    """

    query: EngineQuery
    words: tuple[str, ...]
    corrections: tuple[tuple[str, str], ...]

    @property
    def marks(self) -> frozenset[str]:
        """The terms worth marking in a text: not those of question words, unless there are no others."""
        full = [slot for slot in self.query.slots if slot.weight > FUNCTION_WEIGHT] or self.query.slots
        return frozenset(term for slot in full for term, _ in slot.alternatives)


def understand(text: str, vocabulary: Vocabulary, *, loose: bool = False) -> Understood:
    """`text` as a query for the engine whose words are `vocabulary`.

    `loose` is the last resort when nothing matches: every word becomes the closest one there is.
    """
    text = text[:MAX_CHARS]
    plain, without = _split_off_without(text)
    tokens = analyse(plain)[:MAX_WORDS]
    slots: dict[str, Slot] = {}
    corrections: list[tuple[str, str]] = []
    compounds = {token.position: vocabulary.frequency(token.word) > 0 for token in tokens if token.joined}
    for token in tokens:
        if token.term in slots or (token.joined and not compounds[token.position]):
            continue
        weight = _weight(token, plain, in_compound=_in_known_compound(token, tokens, compounds))
        for term, slot in _slots(token, vocabulary, weight, corrections, loose=loose):
            slots.setdefault(term, slot)
    return Understood(
        query=EngineQuery(tuple(slots.values()), phrases=_phrases(plain), without=without),
        words=tuple(dict.fromkeys(plain[t.start : t.end] for t in tokens if not t.function_word)),
        corrections=tuple(corrections),
    )


def _split_off_without(text: str) -> tuple[str, tuple[str, ...]]:
    """The text without its minus words, and their stems; a text of nothing else is plain words."""
    plain = _WITHOUT.sub(" ", text)
    if not analyse(plain):
        return text, ()
    return plain, tuple(token.term for found in _WITHOUT.findall(text) for token in analyse(found)[:1])


def _phrases(text: str) -> tuple[tuple[str, ...], ...]:
    found = (
        tuple(token.term for token in analyse(quoted) if not token.joined) for quoted in _PHRASE.findall(text)
    )
    return tuple(phrase for phrase in found if len(phrase) > 1)


def _weight(token: Token, text: str, *, in_compound: bool) -> float:
    if in_compound and not token.joined:
        return PART_WEIGHT
    typed = text[token.start : token.end]
    shouted = typed.isupper() and len(typed) > 1 and not text.isupper()  # "IT", "US" are no question words
    return FUNCTION_WEIGHT if token.function_word and not shouted else 1.0


def _in_known_compound(token: Token, tokens: Iterable[Token], compounds: dict[int, bool]) -> bool:
    return any(
        other.joined and compounds[other.position] and other.start <= token.start and token.end <= other.end
        for other in tokens
    )


def _slots(
    token: Token,
    vocabulary: Vocabulary,
    weight: float,
    corrections: list[tuple[str, str]],
    *,
    loose: bool,
) -> list[tuple[str, Slot]]:
    """The slots of one word: itself, with the words it may have been meant to be when it is unknown."""
    own = (token.term, 1.0)
    if vocabulary.knows(token.term) or (token.function_word and not loose):
        return [(token.term, Slot((own,), weight))]
    near = vocabulary.near(token.word)
    if near:
        corrections.append((token.word, near[0][0]))
        others = tuple((analyse(word)[0].term, factor) for word, factor in near)
        return [(token.term, Slot((own, *others), weight))]
    parts = _glued(token.word, vocabulary)
    if parts:
        corrections.append((token.word, " ".join(parts)))
        return [(analyse(part)[0].term, Slot(((analyse(part)[0].term, 1.0),), weight)) for part in parts]
    closest = _closest(token.word, vocabulary) if loose else None
    if closest is not None:
        corrections.append((token.word, closest))
        return [(token.term, Slot((own, (analyse(closest)[0].term, 1.0)), weight))]
    return [(token.term, Slot((own,), weight))]


def _closest(word: str, vocabulary: Vocabulary) -> str | None:
    """The word nearest to `word` as it sounds in Latin letters: "ऑर्डर" is "ordr" is "order"."""
    latin = fold(anyascii(word))
    near = vocabulary.near(latin)
    return near[0][0] if near else vocabulary.closest(latin)


def _glued(word: str, vocabulary: Vocabulary) -> tuple[str, str] | None:
    """Two known words that `word` is when a space was forgotten ("signin"), the commonest pair."""
    if len(word) < 5 or not word.isalpha():
        return None
    pairs = [(word[:at], word[at:]) for at in range(2, len(word) - 1)]
    counted = [(min(map(vocabulary.frequency, pair)), pair) for pair in pairs]
    commonest, pair = max(counted)
    return pair if commonest >= 2 else None
