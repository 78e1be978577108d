"""The forms authors fill in. What is typed is judged by `articles.drafts`; the forms only carry it."""

import secrets
from collections.abc import Sequence
from typing import Any, Final

from wtforms import HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Optional, ValidationError

from portal.accounts.audiences import KINDS
from portal.articles import languages
from portal.articles.desk import Choices, Show
from portal.articles.drafts import Draft, lines
from portal.errors import Invalid
from portal.web.forms import BaseForm

REVIEW_CHOICES: Final = (
    ("30", "Every month"),
    ("90", "Every 3 months"),
    ("180", "Every 6 months"),
    ("365", "Every year"),
)


def shown(text: str | None) -> str | None:
    """What was typed without the characters that no page may hold; a filter for fields."""
    return text and lines(text)


class ArticleForm(BaseForm):
    """A whole article. `version` is the one the author saw; `form_id` makes sending twice save once."""

    version = HiddenField(filters=[shown])
    form_id = HiddenField(filters=[shown])
    title = StringField("Title", filters=[shown])
    answer = StringField("Answer in one line", filters=[shown], validators=[Optional()])
    body = TextAreaField("Text", filters=[shown], validators=[Optional()])
    questions = TextAreaField("Questions it answers", filters=[shown], validators=[Optional()])
    keywords = TextAreaField("Keywords", filters=[shown], validators=[Optional()])
    language = SelectField("Language", validate_choice=False)
    topic = SelectField("Topic", validate_choice=False)
    team = SelectField("Team that owns it", validate_choice=False)
    owner = SelectField("Person who looks after it", validate_choice=False, validators=[Optional()])
    review_days = SelectField("Check it again", validate_choice=False)
    audience_countries = SelectMultipleField("Countries", validate_choice=False)
    audience_sites = SelectMultipleField("Sites", validate_choice=False)
    audience_departments = SelectMultipleField("Departments", validate_choice=False)
    audience_employment = SelectMultipleField("Employment", validate_choice=False)
    audience_teams = SelectMultipleField("Teams", validate_choice=False)
    note = StringField("What did you change?", filters=[shown], validators=[Optional()])

    def validate_team(self, field: SelectField) -> None:
        if field.data not in {choice[0] for choice in field.choices or ()}:
            raise ValidationError("Choose a team that you write for.")

    def offer(self, choices: Choices) -> None:
        """Set what can be chosen. Call before anything is validated or shown."""
        self.review_days.choices = list(REVIEW_CHOICES)
        self.language.choices = choices.languages
        self.language.data = self.language.data or choices.language  # a form from before there was a choice
        self.topic.choices = [("", "Choose a topic"), *choices.topics]
        self.team.choices = choices.teams
        self.owner.choices = [("", "Nobody yet"), *choices.owners]
        for kind in KINDS:
            self.audience_field(kind).choices = choices.audience[kind]

    def audience_field(self, kind: str) -> SelectMultipleField:
        """The checkboxes of one kind of audience."""
        field: SelectMultipleField = self[f"audience_{kind}"]
        return field

    def audience_fields(self) -> list[SelectMultipleField]:
        """The checkboxes of all kinds that have something to choose."""
        return [field for field in map(self.audience_field, KINDS) if field.choices]

    def fill(self, draft: Draft, *, version: int) -> None:
        """Show `draft`, as an article has it at `version`."""
        self.title.data, self.answer.data, self.body.data = draft.title, draft.answer, draft.body
        self.keywords.data = "\n".join(draft.keywords)
        self.questions.data = "\n".join(draft.questions)
        self.language.data = draft.language
        self.topic.data = str(draft.topic_id or "")
        self.team.data = str(draft.team_id or "")
        self.owner.data = str(draft.owner_id or "")
        self.review_days.data = str(draft.review_days)
        for kind in KINDS:
            self.audience_field(kind).data = list(draft.audience.get(kind, ()))
        self.start(version=version)

    def start(self, *, version: int) -> None:
        """Make this a form that was not sent before, based on `version`."""
        self.version.data = str(version)
        self.form_id.data = secrets.token_urlsafe(18)

    def draft(self) -> Draft:
        """What was typed, as it was typed."""
        return Draft(
            title=self.title.data or "",
            answer=self.answer.data or "",
            body=self.body.data or "",
            keywords=tuple((self.keywords.data or "").splitlines()),
            questions=tuple((self.questions.data or "").splitlines()),
            language=self.language.data or languages.DEFAULT,
            topic_id=number(self.topic.data),
            team_id=number(self.team.data),
            owner_id=number(self.owner.data) if self.owner.data else None,
            audience={kind: self.audience_field(kind).data or [] for kind in KINDS},
            review_days=number(self.review_days.data),
        )

    def token(self) -> str:
        """The form's token, never longer than its column."""
        return (self.form_id.data or "")[:64]

    def take_errors(self, error: Invalid) -> None:
        """Put the messages of a refused save at their fields; `audience` stands at its first group."""
        fields: dict[str, Any] = dict(error.fields)
        if "audience" in fields:
            fields[self.audience_fields()[0].name] = fields.pop("audience")
        super().take_errors(Invalid(str(error), **fields))


class StepForm(BaseForm):
    """One button that takes a step with an article; `version` is the one the person saw."""

    version = HiddenField(filters=[shown])


class AddressForm(BaseForm):
    """The address of an article."""

    slug = StringField("New address", filters=[shown])


class WorkbenchForm(BaseForm):
    """The filters of the workbench; they stand in the address, so it is made without CSRF token."""

    q = StringField("Words in the title", filters=[shown])
    team = SelectField("Team", validate_choice=False)
    topic = SelectField("Topic", validate_choice=False)
    show = HiddenField(filters=[shown])


class CompareForm(BaseForm):
    """Which two revisions to compare; they stand in the address, so it is made without CSRF token."""

    older = SelectField("From", name="from", validate_choice=False)
    newer = SelectField("To", name="to", validate_choice=False)


def number(text: str | None) -> int:
    """A whole number out of a form; -1, which is no id and no version, for anything else."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else -1


def checked_show(text: str | None, known: Sequence[Show]) -> Show:
    """A view of the workbench, the first for anything unknown."""
    return next((show for show in known if show == text), known[0])
