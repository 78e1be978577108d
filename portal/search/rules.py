"""What admins teach the search: synonyms, recommended answers, words that count more or less."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Synonym:
    """A question that holds one of `words` is searched for each of `means` as well.

    Both are words or phrases as typed. In a two-way set both are the whole set.
    """

    words: tuple[str, ...]
    means: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bet:
    """The article recommended first to whoever asks `question`, in these words in any order."""

    question: str
    article_id: int


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules in force. `less` are folded words that count as little as words of questions,
    `full` words of questions that count in full nevertheless."""

    synonyms: tuple[Synonym, ...] = ()
    bets: tuple[Bet, ...] = ()
    less: frozenset[str] = frozenset()
    full: frozenset[str] = frozenset()


NO_RULES: Final = Rules()
