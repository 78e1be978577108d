"""The forms admins fill in. What is typed is judged by `tuning` and `golden_questions`; these carry it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from wtforms import Field, HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import Optional

from portal.articles.drafts import lines
from portal.errors import NotFound
from portal.search.models import RuleKind
from portal.search.tuning_checks import Content, both_sides, phrases
from portal.web.forms import BaseForm

MOST_CHARS: Final = 5000
"""More is cut off before anything looks at it; twenty phrases need a third of it."""

Choices = Sequence[tuple[str, str]]


def shown(text: str | None) -> str | None:
    """What was typed without the characters that no page may hold; a filter for fields."""
    return text and lines(text)[:MOST_CHARS]


def _text(label: str, *, area: bool = False, optional: bool = False, name: str | None = None) -> Any:
    kind = TextAreaField if area else StringField
    return kind(label, name=name, filters=[shown], validators=[Optional()] if optional else [])


class StepForm(BaseForm):
    """One step with a rule. `version` is that of the rule the person saw, `stamp` that of all rules
    when the effect of the step was shown."""

    version = HiddenField(filters=[shown])
    stamp = HiddenField(filters=[shown])

    @property
    def seen(self) -> int:
        """The version the person saw; -1, which no rule has, for anything that is no number."""
        text = self.version.data or ""
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1

    def sent(self) -> list[tuple[str, str]]:
        """Names and values of what was filled in, for a page that sends it again."""
        return [(field.name, str(field.data or "")) for field in self.own_fields()]

    def own_fields(self) -> list[Field]:
        """The fields but the CSRF token."""
        return [field for field in self if field.name != "csrf_token"]


class RuleForm(StepForm):
    """A rule of any kind; `kind` is set by the page it is for."""

    words = _text("Words or phrases", area=True)

    def content(self, article_id: int | None) -> Content:
        """What was typed as a rule; `article_id` is that of the article chosen, if any."""
        raise NotImplementedError

    def fill(self, content: Content, *, slug: str) -> None:
        """Show a rule as it is; `slug` is the address of its article, if it has one."""
        self.words.data = _listed(content.words)


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words)


class SynonymForm(RuleForm):
    """A set of synonyms; with `means` it works one way only."""

    means = _text("Also search for", area=True, optional=True)

    def content(self, article_id: int | None) -> Content:
        words, arrow = both_sides(self.words.data or "")
        return Content(RuleKind.SYNONYM, words, (*arrow, *phrases(self.means.data or "")))

    def fill(self, content: Content, *, slug: str) -> None:
        super().fill(content, slug=slug)
        self.means.data = _listed(content.means)


class StopWordForm(RuleForm):
    """Words that count for less, or in full nevertheless."""

    words = _text("Words", area=True)
    kind = RadioField("How they count", choices=[], default=RuleKind.LESS.value, validate_choice=False)

    def __init__(self, *args: Any, **details: Any) -> None:
        super().__init__(*args, **details)
        self.kind.choices = [
            (RuleKind.LESS.value, "For little, like “the” and “how”"),
            (RuleKind.FULL.value, "In full, although they are words of questions"),
        ]

    def content(self, article_id: int | None) -> Content:
        full = self.kind.data == RuleKind.FULL.value
        return Content(RuleKind.FULL if full else RuleKind.LESS, phrases(self.words.data or ""))

    def fill(self, content: Content, *, slug: str) -> None:
        super().fill(content, slug=slug)
        self.kind.data = content.kind.value


class PickForm(StepForm):
    """The part of a form that finds an article and chooses it."""

    find = _text("Find the article", optional=True)
    article = RadioField("Article", choices=[], validate_choice=False, filters=[shown])

    def offer(self, found: Choices) -> None:
        """Set the articles to choose from, as (slug, label)."""
        self.article.choices = list(found)


class BetForm(PickForm, RuleForm):
    """An article recommended for some questions."""

    words = _text("Questions", area=True)

    def content(self, article_id: int | None) -> Content:
        return Content(RuleKind.BET, phrases(self.words.data or ""), article_id=article_id)

    def fill(self, content: Content, *, slug: str) -> None:
        super().fill(content, slug=slug)
        self.article.data = slug


@dataclass(frozen=True, slots=True)
class Section:
    """One list of rules: its address, its kinds and the form for one of them."""

    slug: str
    kinds: tuple[RuleKind, ...]
    form: type[RuleForm]


SECTIONS: Final = {
    section.slug: section
    for section in (
        Section("synonyms", (RuleKind.SYNONYM,), SynonymForm),
        Section("best-bets", (RuleKind.BET,), BetForm),
        Section("stop-words", (RuleKind.LESS, RuleKind.FULL), StopWordForm),
    )
}


def section_of(kind: RuleKind) -> Section:
    """The list that holds rules of a kind."""
    return next(section for section in SECTIONS.values() if kind in section.kinds)


def section_at(slug: str) -> Section:
    """The list with this address. Raises NotFound."""
    if slug not in SECTIONS:
        raise NotFound("There is no such list.")
    return SECTIONS[slug]


class GoldenForm(PickForm):
    """A question to watch."""

    text = _text("Question")
    asked_as = _text("Asked as", optional=True)
