"""Generated articles and questions for measuring: invented words distributed as in a natural language.

What search engines feel of a language is here: word frequencies follow the law of Zipf and
Mandelbrot, the commonest words are the function words of English, common words are short, words are
inflected (so that stemming joins them), rare words and numbers go on for as long as the text does,
and an article repeats the words of its subject. A tenth of the questions hold a slip of the fingers.
Equal seeds give equal articles; the first thousand are the same however many follow.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from portal.search.typos import with_typos

ONSETS = (
    "b",
    "c",
    "d",
    "f",
    "g",
    "h",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "v",
    "w",
    "br",
    "cl",
    "pr",
    "st",
    "tr",
)
VOWELS = ("a", "e", "i", "o", "u", "ea", "io", "ou")
CODAS = ("", "", "", "n", "r", "s", "l", "t", "m", "nt", "st")
SYLLABLES = ((1500, (1, 2, 2)), (12_000, (2, 2, 3)), (1_000_000, (2, 3, 3, 4)))
"""How many syllables words have, up to which rank: the rarer the longer."""

SUFFIXES = ("", "", "", "", "", "", "s", "s", "ing", "ed")
STEMS = 16_000
SHIFT = 2.7
"""Mandelbrot's: the very commonest words are rarer than Zipf's law says."""

ENGLISH = """
the to and of a in you is for that your it on be with are or this can if have will as not by an from do at
when we how i my what which they use any all may was there then has no but more who so get out up must
should where does one need after before about into
"""
FUNCTION = tuple(ENGLISH.split())

SUBJECT_SHARE, TOPIC_SHARE = 0.06, 0.15
"""How much of an article are the words of its title, and other words it keeps coming back to."""

NUMBER_SHARE = 0.003

TITLES = ("{} {}", "{} {} {}", "how to {} the {} {}", "{} and {} for {}", "{} your {}", "{} {} in {}", "{}")
QUESTIONS = (
    "{0} {1}",
    "{0}",
    "{0} {1} {2}",
    "{1} {0}",
    "how do i {0} {1}",
    "how can i {0} the {1} of my {2}",
    "where is the {1} for {0}",
    "what do i need to {0} a {1} when {2} is not {3}",
    "my {0} does not {1} any more",
    "can i {0} {1} {2}",
    "who can {0} my {1}",
    "i have a {1} and need {0} before the {2} is {3}, what should i do",
)
SLIPS = 0.1


@dataclass(frozen=True)
class Section:
    """A heading ("" before the first) and the lines below it."""

    heading: str
    lines: Sequence[str]


@dataclass(frozen=True)
class Text:
    """One generated article, numbered from 0: its sections, and questions it answers.

    `subject` are the words of the title, `topic` other words it often uses.
    """

    number: int
    title: str
    answer: str
    sections: Sequence[Section]
    keywords: list[str]
    questions: list[str]
    subject: Sequence[str]
    topic: Sequence[str]

    @property
    def body(self) -> str:
        """The article as Markdown."""
        first, *rest = self.sections
        return "\n\n".join(
            [
                "\n".join(first.lines),
                *(
                    f"## {section.heading}\n\n"
                    + "\n".join(f"{step}. {line}" for step, line in enumerate(section.lines, start=1))
                    for section in rest
                ),
            ]
        )


class Corpus:
    """Endless articles; equal seeds give equal articles."""

    def __init__(self, seed: int = 7) -> None:
        self.seed = seed
        self.words = [*FUNCTION, *self._invent(self._random("language"))]
        self.weights = list(accumulate(1 / (rank + SHIFT) for rank in range(1, len(self.words) + 1)))
        self.common = frozenset(self.words[: len(FUNCTION) + 100])

    def _random(self, purpose: str) -> random.Random:
        return random.Random(f"{self.seed} {purpose}")  # noqa: S311  # nothing secret

    def _invent(self, chance: random.Random) -> list[str]:
        """Distinct stems, the short ones first."""
        made: dict[str, None] = dict.fromkeys(FUNCTION)
        while len(made) < STEMS + len(FUNCTION):
            syllables = next(lengths for most, lengths in SYLLABLES if len(made) < most)
            word = "".join(
                chance.choice(part)
                for _ in range(chance.choice(syllables))
                for part in (ONSETS, VOWELS, CODAS)
            )
            made[word] = None
        return list(made)[len(FUNCTION) :]

    def articles(self, count: int) -> Iterator[Text]:
        """`count` articles of about 350 words: some lines, then four headings with five steps each."""
        for number in range(count):
            yield self._article(number, self._random(f"article {number}"))

    def question(self, text: Text, number: int = 0, *, slips: float = SLIPS) -> str:
        """A question a person might ask to find an article, another one for each number: from a
        single word to a sentence, mostly of words the article is about, some of them inflected.
        `slips` is the share of questions with a slip of the fingers."""
        chance = self._random(f"question {text.number} {number}")
        about = [*chance.sample(text.subject, len(text.subject)), chance.choice(text.topic)]
        question = chance.choice(QUESTIONS).format(*_inflected(about, chance))
        return with_typos(question, chance, slips=1) if chance.random() < slips else question

    def _article(self, number: int, chance: random.Random) -> Text:
        subject, topic = self._about(chance, 3), self._about(chance, 12)

        def line(length: int) -> str:
            return " ".join(self._words(chance, length, subject, topic)).capitalize()

        sections = [
            Section("", [f"{line(length)}." for length in (16, 14)]),
            *(Section(line(4), [f"{line(chance.randint(6, 22))}." for _ in range(5)]) for _ in range(4)),
        ]
        return Text(
            number=number,
            title=f"{chance.choice(TITLES).format(*subject).capitalize()} {number}",
            answer=f"{line(15)}.",
            sections=sections,
            keywords=chance.sample(topic, 4),
            questions=[chance.choice(QUESTIONS).format(*subject, topic[0]) + "?", f"{line(6)}?"],
            subject=subject,
            topic=topic,
        )

    def _about(self, chance: random.Random, count: int) -> list[str]:
        """Different words by their frequency, but none of those that stand everywhere."""
        found: dict[str, None] = {}
        while len(found) < count:
            (word,) = chance.choices(self.words, cum_weights=self.weights)
            if word not in self.common:
                found[word] = None
        return list(found)

    def _words(
        self, chance: random.Random, count: int, subject: Sequence[str], topic: Sequence[str]
    ) -> Iterator[str]:
        drawn = _inflected(chance.choices(self.words, cum_weights=self.weights, k=count), chance)
        for word in drawn:
            kind = chance.random()
            if kind < SUBJECT_SHARE:
                yield chance.choice(subject)
            elif kind < SUBJECT_SHARE + TOPIC_SHARE:
                yield chance.choice(topic)
            elif kind < SUBJECT_SHARE + TOPIC_SHARE + NUMBER_SHARE:
                yield f"{chance.choice(ONSETS)}{chance.randint(1, 99_999)}"
            else:
                yield word


def _inflected(words: Sequence[str], chance: random.Random) -> list[str]:
    """The words with endings, but for function words and the short."""
    endings = chance.choices(SUFFIXES, k=len(words))
    return [
        word if word in _UNCHANGED or len(word) < 4 else word + ending
        for word, ending in zip(words, endings, strict=True)
    ]


_UNCHANGED = frozenset(FUNCTION)
