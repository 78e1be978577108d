"""What an author hands in, and whether it can be used."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy.orm import Session

from portal import markdown
from portal.accounts import audiences
from portal.accounts.models import Person, Team
from portal.articles import languages
from portal.articles.models import Article, Topic
from portal.errors import Invalid

MAX_TITLE: Final = 200
MAX_ANSWER: Final = 300
MAX_BODY_BYTES: Final = 500_000
MAX_NOTE: Final = 300
MAX_KEYWORDS, MAX_KEYWORD = 40, 80
MAX_QUESTIONS, MAX_QUESTION = 40, 200
REVIEW_DAYS: Final = (30, 90, 180, 365)

# control characters but line end and tab (PostgreSQL refuses NUL), halves of surrogate pairs (no UTF-8
# for them), overrides of the writing direction (they would turn round the page that shows the text),
# and code points that are no characters (HTML does not allow them)
_NEVER_STORED: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\ufdd0-\ufdef"
    + "".join(chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))
    + "]"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """The whole of an article as a person or an import hands it in.

    `audience` maps kinds of `accounts.audiences.KINDS` to values; empty: everyone.
    `review_days` is one of REVIEW_DAYS.
    """

    title: str
    answer: str = ""
    body: str = ""
    keywords: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    language: str = languages.DEFAULT
    topic_id: int = 0
    team_id: int = 0
    owner_id: int | None = None
    audience: Mapping[str, Sequence[str]] = field(default_factory=dict)
    review_days: int = 180


def checked(session: Session, draft: Draft) -> Draft:
    """`draft`, tidied, when it can be saved. Raises Invalid with one message for each field at fault."""
    tidy = tidied(draft)
    problems = _text_problems(tidy) | _list_problems(tidy) | _place_problems(session, tidy)
    try:
        tidy = replace(tidy, audience=_audience(session, tidy.audience))
    except Invalid as error:
        problems["audience"] = str(error)
    if problems:
        raise Invalid("Some of this cannot be saved yet. Check the fields named below.", **problems)
    return tidy


def tidied(draft: Draft) -> Draft:
    """`draft` as it would be stored: white space in order, nothing that cannot be stored, no doubles."""
    return replace(
        draft,
        title=one_line(draft.title),
        answer=one_line(draft.answer),
        body=lines(draft.body),
        keywords=_distinct(draft.keywords),
        questions=_distinct(draft.questions),
        language=languages.tidied(draft.language),
    )


def checked_note(note: str) -> str:
    """A change note on one line. Raises Invalid on the field `note` when it is too long."""
    tidy = one_line(note)
    if len(tidy) > MAX_NOTE:
        message = f"Shorten the note to {MAX_NOTE} characters; it has {len(tidy)}."
        raise Invalid(message, note=message)
    return tidy


def one_line(text: str) -> str:
    """`text` on one line: white space becomes single spaces, control characters go."""
    visible = "".join(" " if letter.isspace() else letter for letter in text)
    return re.sub(r" {2,}", " ", _NEVER_STORED.sub("", visible)).strip()


def lines(text: str) -> str:
    """`text` with plain line ends and nothing in it that cannot be stored or shown."""
    return _NEVER_STORED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _distinct(items: Sequence[str]) -> tuple[str, ...]:
    tidy = [one_line(item) for item in items]
    return tuple({item.casefold(): item for item in reversed(tidy) if item}.values())[::-1]


def _text_problems(draft: Draft) -> dict[str, str]:
    problems: dict[str, str] = {}
    if not draft.title:
        problems["title"] = "Enter a title: the task or question that this page answers."
    elif len(draft.title) > MAX_TITLE:
        problems["title"] = f"Shorten the title to {MAX_TITLE} characters; it has {len(draft.title)}."
    if len(draft.answer) > MAX_ANSWER:
        problems["answer"] = f"Shorten the answer to {MAX_ANSWER} characters; it has {len(draft.answer)}."
    if not languages.is_known(draft.language):
        problems["language"] = "Choose a language from the list."
    size = len(draft.body.encode())
    if size > MAX_BODY_BYTES:
        limit = MAX_BODY_BYTES // 1000
        problems["body"] = f"Shorten the text to {limit} kB; it has {-(-size // 1000)} kB."
        return problems
    try:
        markdown.render(draft.body)
    except Invalid as error:
        problems["body"] = str(error)
    return problems


def _list_problems(draft: Draft) -> dict[str, str]:
    problems: dict[str, str] = {}
    for name, items, most, longest in (
        ("keywords", draft.keywords, MAX_KEYWORDS, MAX_KEYWORD),
        ("questions", draft.questions, MAX_QUESTIONS, MAX_QUESTION),
    ):
        too_long = next((item for item in items if len(item) > longest), None)
        if len(items) > most:
            problems[name] = f"Keep at most {most} {name}; there are {len(items)}."
        elif too_long is not None:
            problems[name] = f"Shorten “{too_long[:40]}…” to {longest} characters."
    return problems


def _place_problems(session: Session, draft: Draft) -> dict[str, str]:
    problems: dict[str, str] = {}
    if session.get(Topic, draft.topic_id) is None:
        problems["topic"] = "Choose a topic from the list."
    if session.get(Team, draft.team_id) is None:
        problems["team"] = "Choose a team from the list."
    owner = session.get(Person, draft.owner_id) if draft.owner_id is not None else None
    if draft.owner_id is not None and (owner is None or not owner.active):
        problems["owner"] = "Choose somebody who works here and can look after this page."
    if draft.review_days not in REVIEW_DAYS:
        days = ", ".join(str(choice) for choice in REVIEW_DAYS)
        problems["review_days"] = f"Choose one of these intervals in days: {days}."
    return problems


def _audience(session: Session, rules: audiences.Rules) -> dict[str, list[str]]:
    kept = audiences.checked_rules(session, rules)
    if len(audiences.canonical(kept)) > 1000:
        raise Invalid("Choose fewer groups; a whole department or country says the same in one.")
    return kept


def of_article(article: Article) -> Draft:
    """The latest text and present place of `article`, as an author would hand them in."""
    latest = article.latest
    return Draft(
        title=latest.title if latest else "",
        answer=latest.answer if latest else "",
        body=latest.body if latest else "",
        keywords=tuple(latest.keywords) if latest else (),
        questions=tuple(latest.questions) if latest else (),
        language=latest.language if latest else languages.DEFAULT,
        topic_id=article.topic_id,
        team_id=article.team_id,
        owner_id=article.owner_id,
        audience=article.audience.rules,
        review_days=article.review_days,
    )
