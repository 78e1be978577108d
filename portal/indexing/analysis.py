"""Text to terms: the one analysis for documents and questions, so that both always agree.

Every term comes with its place in the text as typed, which lets the reader's own words be marked.
No letter of any script is dropped: words are runs of letters, marks and digits; accents and vowel
points are folded for Latin, Greek, Cyrillic, Arabic and Hebrew only, where they do not change what a
word is looked up by. Scripts without spaces, and Korean, whose spaces stand around words with their
endings, are taken in overlapping pairs of characters.
"""

import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise

import snowballstemmer

from portal.indexing.words import (
    CONTRACTIONS,
    ELIDED,
    ENDINGS,
    FUNCTION_WORDS,
    FUNCTION_WORDS_OF,
    SHORT_FORMS,
)

MAX_WORD = 64
"""Longer runs of letters are cut: they are never words, and stemming them costs time."""

_STEMMERS = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "pt": "portuguese",
    "nl": "dutch",
    "it": "italian",
}


def _marks() -> str:
    """Regex ranges of combining marks, which Python's word class leaves out (Devanagari, Thai, …)."""
    ranges: list[list[int]] = []
    for code in chain(range(0x0300, 0x2100), range(0x302A, 0x309B), range(0xA66F, 0xAC00)):
        if unicodedata.category(chr(code)) in ("Mn", "Mc"):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in ranges)


_LETTER = rf"(?:[^\W_]|[{_marks()}])"
_UNSEEN = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u2060-\u2064\ufeff"
"""Soft hyphens, zero-width spaces and joiners: they come with copied text and part no words."""

_RUN = rf"{_LETTER}+(?:[{_UNSEEN}]+{_LETTER}+)*"
_APOSTROPHES = "'’‘`´"
_JOINERS = f"{_APOSTROPHES}\\-‐‑‒–.&"
_JOINED = rf"(?:[{_JOINERS}]|(?<=\d),(?=\d{{3}}(?!\d)))"  # a comma joins thousands only
_WORD = re.compile(rf"{_RUN}(?:{_JOINED}{_RUN})*(?:\({_LETTER}{{1,2}}\))?")
_PART = re.compile(_RUN)
_APOSTROPHE = re.compile(f"[{_APOSTROPHES}]")
_BETWEEN_APOSTROPHES = re.compile(rf"(?:{_RUN}|[{_APOSTROPHES}])+")
_DOTTED = re.compile(r"[a-z]{0,3}\d+(?:\.\d+)+[a-z]{0,3}")
_CODES = re.compile(r"[a-z]+\d+s|\d+ks")
_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+")
_UNSPACED_LETTERS = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uffdc\U00020000-\U0003134f"
)
_UNSPACED = re.compile(rf"[{_UNSPACED_LETTERS}][{_UNSPACED_LETTERS}{_UNSEEN}]*")
_STRETCH = re.compile(rf"{_UNSPACED.pattern}|[^{_UNSPACED_LETTERS}]+")
_CHARACTER = re.compile(
    rf"[\u1100-\u115f][\u1160-\u11a7]?[\u11a8-\u11ff]?|[^{_UNSEEN}][\u3099\u309a\uff9e\uff9f]?"
)
"""One character as it is seen: a syllable typed in parts, a kana with its sound mark."""

_FOLDABLE = ("LATIN", "GREEK", "CYRILLIC", "ARABIC", "HEBREW")
_SPECIAL = str.maketrans(
    {"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
    | {"ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ٱ": "ا"}
)
_DROPPED = re.compile(f"[{_UNSEEN}ـ]")
_ENDINGS = {
    language: tuple((re.compile(pattern), instead) for pattern, instead in endings)
    for language, endings in ENDINGS.items()
}


@dataclass(frozen=True, slots=True)
class Token:
    """One term of a text. `text[start:end]` is what was typed; `position` counts words from 0.

    `word` is the folded form, `term` the stem that is indexed. Joined forms of compounds
    ("wi-fi" as "wifi") share the position of their first part and have `joined` set.
    """

    term: str
    word: str
    position: int
    start: int
    end: int
    joined: bool = False

    @property
    def function_word(self) -> bool:
        return self.word in FUNCTION_WORDS


def fold(text: str) -> str:
    """`text` in one spelling: compatibility forms, case and accents unified.

    >>> fold("Ｃafé STRASSE ŁÓDŹ")
    'cafe strasse lodz'
    """
    return text.lower() if text.isascii() else _fold(text)


def _fold(text: str) -> str:
    kept: list[str] = []
    base_folds = False
    text = unicodedata.normalize("NFKC", _DROPPED.sub("", text)).casefold()
    for char in unicodedata.normalize("NFKD", text):
        if unicodedata.combining(char):
            if not base_folds:
                kept.append(char)
            continue
        base_folds = unicodedata.name(char, "").startswith(_FOLDABLE)
        kept.append(str(unicodedata.decimal(char)) if char.isdecimal() else char)
    return unicodedata.normalize("NFC", "".join(kept)).translate(_SPECIAL)


@lru_cache(maxsize=100_000)
def stem(word: str, language: str = "en") -> str:
    """The Snowball stem of a folded word. Unknown languages and words with digits stay as they are, but
    for the plural of a code: "p60s" is "p60". Question words of other languages than English get a
    term of their own: who asks what happens when colleagues die is not looking for "die Anträge"."""
    if language != "en" and word in FUNCTION_WORDS_OF.get(language, ()):
        return f"{word}·{language}"
    algorithm = _STEMMERS.get(language)
    if algorithm is None or any(char.isdigit() for char in word):
        return word[:-1] if _CODES.fullmatch(word) else word
    return fold(str(_stemmers.of(algorithm).stemWord(_regular(word, language))))


def _regular(word: str, language: str) -> str:
    """`word` with an ending that the stemmer knows."""
    if len(word) > 3:
        for pattern, instead in _ENDINGS.get(language, ()):
            word = pattern.sub(instead, word)
    return word


class _Stemmers(threading.local):
    """A stemmer of each language for each thread: they keep the word they are at in themselves."""

    def __init__(self) -> None:
        self._made: dict[str, snowballstemmer.stemmer] = {}

    def of(self, algorithm: str) -> "snowballstemmer.stemmer":
        if algorithm not in self._made:
            self._made[algorithm] = snowballstemmer.stemmer(algorithm)
        return self._made[algorithm]


_stemmers = _Stemmers()


def analyse(text: str, language: str = "en") -> list[Token]:
    """The terms of `text` in order."""
    tokens: list[Token] = []
    position = 0
    for match in _WORD.finditer(text):
        words, joined = _words(match.group())
        if not words:
            continue
        place = (match.start(), match.end())
        if joined:
            tokens.append(Token(stem(joined, language), joined, position, *place, joined=True))
        for word, start, end in words:
            span = (place[0] + start, place[0] + end) if end else place
            tokens.append(Token(stem(word, language), word, position, *span))
            position += 1
    return tokens


Word = tuple[str, int, int]
"""A folded word with its place within the run it came from; end 0 means the whole run."""


@lru_cache(maxsize=50_000)
def _words(run: str) -> tuple[tuple[Word, ...], str]:
    """The words of one run of letters and joiners, and the run written as one word if it has parts."""
    folded = fold(_APOSTROPHE.sub("'", run))
    if folded in SHORT_FORMS:
        return tuple((word, 0, 0) for word in SHORT_FORMS[folded].split()), ""
    if _UNSPACED.search(run):
        return _pieces_of_unspaced(run)
    if "'" in folded:
        return _with_apostrophes(run)
    parts = list(_PART.finditer(run))
    words = tuple((_word(part.group()), part.start(), part.end()) for part in parts)
    if _DOTTED.fullmatch(folded) and not _THOUSANDS.fullmatch(folded):
        joined = folded  # "v2.10" is neither "v21.0" nor "v210"
    else:
        joined = "".join(word for word, _, _ in words) if 1 < len(parts) <= 3 else ""
    return words, joined if len(joined) <= 24 else ""


def _word(text: str) -> str:
    return fold(text)[:MAX_WORD] or text[:MAX_WORD]


def _moved(words: tuple[Word, ...], start: int, end: int) -> list[Word]:
    """Words of a stretch of a run, with their places in the run."""
    return [(word, start + at, start + to) if to else (word, start, end) for word, at, to in words]


def _with_apostrophes(run: str) -> tuple[tuple[Word, ...], str]:
    """The words of a run such as "doesn't", "l'e-mail" or "employee's-only"."""
    match = _APOSTROPHE.search(run)
    assert match is not None
    if fold(run[: match.start()]) in ELIDED and match.end() + 1 < len(run):
        words, joined = _words(run[match.end() :])
        return tuple(_moved(words, match.end(), len(run))), joined
    found: list[Word] = []
    for part in _BETWEEN_APOSTROPHES.finditer(run):
        folded = fold(_APOSTROPHE.sub("'", part.group()))
        words = _contracted(folded) if "'" in folded else ((_word(part.group()), 0, 0),)
        found += _moved(words, part.start(), part.end())
    return tuple(found), ""


def _contracted(folded: str) -> tuple[Word, ...]:
    head, _, tail = folded.partition("'")
    if folded.endswith("n't"):
        return ((CONTRACTIONS.get(folded, folded[:-3]), 0, 0), ("not", 0, 0))
    if tail == "s":
        return ((head[:MAX_WORD], 0, 0),)
    if tail in CONTRACTIONS:
        return ((head[:MAX_WORD], 0, 0), (CONTRACTIONS[tail], 0, 0))
    return ((folded.replace("'", "")[:MAX_WORD], 0, 0),)


def _pieces_of_unspaced(run: str) -> tuple[tuple[Word, ...], str]:
    """Overlapping pairs of characters for scripts without spaces; other stretches ("VPN을") as words."""
    pieces: list[Word] = []
    joined = ""
    for match in _STRETCH.finditer(run):
        text, at = match.group(), match.start()
        if _UNSPACED.match(text):
            pieces += _pairs(text, at)
            continue
        words, whole = _words(text)
        joined = joined if pieces else whole
        pieces += _moved(words, at, match.end())
    return tuple(pieces), joined


def _pairs(text: str, at: int) -> list[Word]:
    places = [match.span() for match in _CHARACTER.finditer(text)]
    spans = [(one[0], other[1]) for one, other in pairwise(places)] or places
    return [(_word(text[start:end]), at + start, at + end) for start, end in spans]
