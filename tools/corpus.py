"""Generated articles for measuring: invented words with a natural distribution, from a fixed seed.

Word frequencies follow Zipf's law with exponent 1 (as natural text does); words are made of
syllables, so that stems, near words and prefixes behave like those of a language.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

CONSONANTS = "bcdfglmnprstv"
VOWELS = ("a", "e", "i", "o", "u", "ar", "en", "il", "or", "un")
SYLLABLES = [consonant + vowel for consonant in CONSONANTS for vowel in VOWELS]
WORDS = 20_000
FUNCTION = (
    "the",
    "a",
    "of",
    "to",
    "in",
    "is",
    "you",
    "your",
    "and",
    "for",
    "with",
    "on",
    "not",
    "can",
    "how",
)


@dataclass(frozen=True)
class Text:
    """One generated article: Markdown body with headings, and a question it answers."""

    title: str
    answer: str
    body: str
    keywords: list[str]
    questions: list[str]


class Corpus:
    """Endless articles; equal seeds give equal articles."""

    def __init__(self, seed: int = 7) -> None:
        self.random = random.Random(seed)  # noqa: S311  # nothing secret
        made: dict[str, None] = {}
        while len(made) < WORDS:
            made["".join(self.random.choices(SYLLABLES, k=self.random.choice((2, 2, 3, 3, 4))))] = None
        self.words = list(made)
        self.weights = list(accumulate(1 / rank for rank in range(1, WORDS + 1)))

    def sentence(self, length: int) -> str:
        """Words by their frequency, a third of them function words."""
        found = self.random.choices(self.words, cum_weights=self.weights, k=length)
        return " ".join(
            self.random.choice(FUNCTION) if self.random.random() < 0.33 else word for word in found
        )

    def articles(self, count: int) -> Iterator[Text]:
        """`count` articles of about 350 words in four sections."""
        for number in range(count):
            subject = " ".join(self.random.choices(self.words, k=3))
            sections = [
                f"## {self.sentence(4).capitalize()}\n\n"
                + "\n".join(f"{step}. {self.sentence(14).capitalize()}." for step in range(1, 6))
                for _ in range(4)
            ]
            yield Text(
                title=f"{subject.capitalize()} {number}",
                answer=self.sentence(15).capitalize() + ".",
                body="\n\n".join([self.sentence(30).capitalize() + ".", *sections]),
                keywords=self.random.choices(self.words, k=4),
                questions=[f"how do I {subject}?", f"{self.sentence(6)}?"],
            )

    def question(self, text: Text) -> str:
        """A question a person might ask about an article: some of its words in a sentence."""
        own = text.title.lower().split()[:-1] + text.body.lower().split()
        words = [self.random.choice(text.title.lower().split()[:-1]), *self.random.choices(own, k=3)]
        return "how can I " + " ".join(word.strip(".#") for word in words)
