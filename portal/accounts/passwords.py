"""Passwords: which may be chosen, and how they are stored.

The rules follow NIST SP 800-63B-4 (section 3.1.1.2) and OWASP ASVS 5.0 (6.2): at least 15 characters
where a password stands alone, any characters, no rules on their kinds, a list of common passwords,
normalised before hashing, never cut. `docs/security.md` gives the reasons.
"""

import secrets
import threading
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type
from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from portal.settings import HashCost

MIN_LENGTH: Final = 15
MAX_LENGTH: Final = 256
MIN_GUESSES: Final = 10**10
"""zxcvbn's own boundary for "very unguessable", its highest score."""

TOO_SHORT: Final = (
    f"Use at least {MIN_LENGTH} characters. Four words that have nothing to do with each other work well."
)
TOO_LONG: Final = f"Use at most {MAX_LENGTH} characters."
TOO_COMMON: Final = "This password is easy to guess: many people use it or one like it. Choose another."
TOO_CLOSE: Final = (
    "This password is little more than your name, your e-mail address or the portal's name. Choose another."
)

_COMMON: Final = frozenset(FREQUENCY_LISTS["passwords"])
# zxcvbn's work grows steeply with the length of its input; 32 characters take well under a second.
_WINDOW: Final = 32
# Each verification takes 46 MiB for a moment; more at once would only wait for the processors.
_AT_ONCE: Final = threading.BoundedSemaphore(4)


class Hasher:
    """argon2id with the portal's parameters. The only place that calls argon2."""

    def __init__(self, cost: HashCost) -> None:
        # OWASP's recommendation for argon2id is 46 MiB and one pass; we take two. One lane,
        # because sign-ins already run beside each other.
        memory, passes = (47_104, 2) if cost == "standard" else (8, 1)
        self._argon2 = PasswordHasher(
            time_cost=passes, memory_cost=memory, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
        )
        self._nobody = self._argon2.hash(secrets.token_hex(16))

    def hash(self, password: str) -> str:
        """The text to store for a password."""
        with _AT_ONCE:
            return self._argon2.hash(_normal(password))

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether `password` is the one behind `stored`.

        Exactly one argon2 verification runs, whatever is asked: without a stored hash, or for a
        password longer than any may be, one that cannot succeed.
        """
        whole = stored is not None and stored.startswith("$argon2id$") and len(password) <= MAX_LENGTH
        possible = stored if whole else None
        with _AT_ONCE:
            try:
                self._argon2.verify(possible or self._nobody, _normal(password[:MAX_LENGTH]))
            except (VerificationError, InvalidHashError):
                return False
        return possible is not None

    def outdated(self, stored: str) -> bool:
        """Whether `stored` was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(stored)


@cache
def hasher(cost: HashCost) -> Hasher:
    """The hasher for a cost; "cheap" exists for tests and is refused in production."""
    return Hasher(cost)


def problem(password: str, *, known: Iterable[str] = ()) -> str | None:
    """Why `password` may not be chosen, as a sentence that says what to do; None when it may.

    `known` are texts anybody would try for this person: name, e-mail address, name of the portal.
    """
    if len(password) > MAX_LENGTH:
        return TOO_LONG
    text = unicodedata.normalize("NFKC", password)
    if len(text) < MIN_LENGTH:
        return TOO_SHORT
    words = _words(known)
    if _is_common(text):
        return TOO_COMMON
    if _is_little_more_than(text, words):
        return TOO_CLOSE
    return None if _is_strong(text, words) else TOO_COMMON


def _normal(password: str) -> bytes:
    # The same password typed on another keyboard may come in other code points (NIST asks for NFKC).
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _words(known: Iterable[str]) -> list[str]:
    """The words in `known` and each text as one word; longest first, none shorter than 3."""
    found: set[str] = set()
    for text in known:
        folded = unicodedata.normalize("NFKC", text).casefold()
        parts = "".join(c if c.isalnum() else " " for c in folded).split()
        found.update(parts, ["".join(parts)])
    return sorted((word for word in found if len(word) >= 3), key=lambda word: (-len(word), word))


def _is_common(text: str) -> bool:
    folded = text.casefold()
    letters = "".join(c for c in folded if c.isalnum())
    core = letters.strip("0123456789")  # "password2026!" is "password"
    return folded in _COMMON or letters in _COMMON or core in _COMMON


def _is_little_more_than(text: str, words: list[str]) -> bool:
    rest = "".join(c for c in text.casefold() if c.isalnum())
    before = len(rest)
    for word in words:
        rest = rest.replace(word, "")
    return len(rest) < min(before, 8)


def _is_strong(text: str, words: list[str]) -> bool:
    """Whether the beginning or the end of `text` alone would take long enough to guess."""
    return any(
        zxcvbn(part, user_inputs=words)["guesses"] >= MIN_GUESSES
        for part in dict.fromkeys((text[:_WINDOW], text[-_WINDOW:]))
    )
