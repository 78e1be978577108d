"""Text to terms: the one analysis for documents and questions, so that both always agree.

Every term comes with its place in the text as typed, which lets the reader's own words be marked.
No letter of any script is dropped: words are runs of letters, marks and digits; accents are folded
for Latin, Greek and Cyrillic only, where they do not change what a word is looked up by.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer

from portal.indexing.words import CONTRACTIONS, FUNCTION_WORDS, SHORT_FORMS

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
    for code in range(0x0300, 0x1AC0 + 0x40):
        if unicodedata.category(chr(code)) in ("Mn", "Mc"):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in ranges)


_LETTER = rf"(?:[^\W_]|[{_marks()}])"
_JOINERS = "'’‘`´\\-‐‑‒–.&"
_WORD = re.compile(rf"{_LETTER}+(?:[{_JOINERS}]{_LETTER}+)*(?:\({_LETTER}{{1,2}}\))?")
_PART = re.compile(rf"{_LETTER}+")
_APOSTROPHE = re.compile("['’‘`´]")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003134f]+"
)
_FOLDABLE = ("LATIN", "GREEK", "CYRILLIC")
_SPECIAL = str.maketrans(
    {"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)


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
    for char in unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold()):
        if unicodedata.combining(char):
            if not base_folds:
                kept.append(char)
            continue
        base_folds = unicodedata.name(char, "").startswith(_FOLDABLE)
        kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept)).translate(_SPECIAL)


@lru_cache(maxsize=100_000)
def stem(word: str, language: str = "en") -> str:
    """The Snowball stem of a folded word; words with digits and unknown languages stay as they are."""
    algorithm = _STEMMERS.get(language)
    if algorithm is None or any(char.isdigit() for char in word):
        return word
    return str(_stemmer(algorithm).stemWord(word))


@lru_cache(maxsize=len(_STEMMERS))
def _stemmer(algorithm: str) -> "snowballstemmer.stemmer":
    return snowballstemmer.stemmer(algorithm)


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
    if "'" in folded:
        return _contracted(folded), ""
    if _UNSPACED.search(run):
        return _pieces_of_unspaced(run), ""
    parts = list(_PART.finditer(run))
    words = tuple((fold(part.group())[:MAX_WORD], part.start(), part.end()) for part in parts)
    joined = "".join(word for word, _, _ in words) if 1 < len(parts) <= 3 else ""
    return words, joined if len(joined) <= 24 else ""


def _contracted(folded: str) -> tuple[Word, ...]:
    head, _, tail = folded.partition("'")
    if folded.endswith("n't"):
        return ((CONTRACTIONS.get(folded, folded[:-3]), 0, 0), ("not", 0, 0))
    if tail == "s":
        return ((head[:MAX_WORD], 0, 0),)
    if tail in CONTRACTIONS:
        return ((head[:MAX_WORD], 0, 0), (CONTRACTIONS[tail], 0, 0))
    return ((folded.replace("'", "")[:MAX_WORD], 0, 0),)


def _pieces_of_unspaced(run: str) -> tuple[Word, ...]:
    """Overlapping pairs of characters for scripts without spaces; other parts as words."""
    pieces: list[Word] = []
    for part in _PART.finditer(run):
        at = part.start()
        for match in re.finditer(rf"{_UNSPACED.pattern}|.+?(?={_UNSPACED.pattern}|$)", part.group()):
            text, start = match.group(), at + match.start()
            if not _UNSPACED.match(text) or len(text) == 1:
                pieces.append((fold(text)[:MAX_WORD], start, at + match.end()))
                continue
            pieces += [(fold(text[i : i + 2]), start + i, start + i + 2) for i in range(len(text) - 1)]
    return tuple(pieces)
