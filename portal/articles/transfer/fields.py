"""What the front matter of a page means: the portal's own names, and those of other programs."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from portal import clock
from portal.articles import languages
from portal.articles.drafts import REVIEW_DAYS
from portal.articles.models import State
from portal.articles.transfer.frontmatter import FileProblem, Head

OWN: Final = (
    *("title", "answer", "topic", "team", "owner", "keywords", "questions", "review_days", "checked"),
    *("audience", "slug", "state", "language"),
)
"""The keys of the portal's own form, in the order in which they are written."""

ADDRESSES: Final = ("aliases", "redirect_from", "permalink")
"""Keys that name addresses of the page itself; they stay in the front matter that is kept."""

_PATH: Final = re.compile(r"[^/\s]+(?:/[^/\s]+)*")
_STATES: Final = {state.value: state for state in State}


@dataclass(slots=True)
class Fields:
    """The front matter of one page. None or empty: the file does not say."""

    own: bool
    """Whether the file is in the portal's own form: it names both its topic and its team."""
    title: str = ""
    answer: str = ""
    topic: str = ""
    team: str = ""
    owner: str = ""
    keywords: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    language: str = ""
    review_days: int | None = None
    checked: date | None = None
    audience: dict[str, list[str]] = field(default_factory=dict)
    slug: str = ""
    state: State = State.PUBLISHED
    addresses: tuple[str, ...] = ()
    moved_to: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    """What the portal has no place for."""
    strange: list[tuple[int, str]] = field(default_factory=list)
    """(line, what it is) of values that have another meaning than the portal's key of that name."""


def read(head: Head) -> Fields:
    """What `head` says. Raises FileProblem at the line of a value that cannot be used."""
    found = Fields(own="topic" in head.blocks and "team" in head.blocks)
    found.title = head.scalar("title") or ""
    found.answer = head.scalar("answer") or ""
    found.topic = (head.scalar("topic") or "").strip("/")
    found.team = head.scalar("team") or ""
    found.owner = (head.scalar("owner") or "").casefold()
    found.slug = head.scalar("slug") or ""
    found.keywords = _distinct(head.texts("keywords", commas=True))
    found.audience = _audience(head)
    found.checked = _day(head)
    found.review_days = _interval(head, found)
    found.state = _state(head, found)
    found.language = _language(head, found)
    found.addresses = tuple(address for key in ADDRESSES for address in _listed(head, key))
    found.moved_to = (head.scalar("redirect_to") or "") if "redirect_to" in head.blocks else ""
    _read_questions(head, found)
    if found.own and not _PATH.fullmatch(found.topic):
        raise FileProblem(head.line("topic"), "topic must be a path such as it/accounts.")
    unknown = (key for key in head.blocks if key not in OWN)
    found.extra |= {key: head.plain(key) for key in unknown}
    return found


def _audience(head: Head) -> dict[str, list[str]]:
    """Who may see the page. A kind of group without a value is a line that somebody did not finish: it
    must not open the page to everybody."""
    rules = head.mapping("audience")
    for kind, values in rules.items():
        if not values:
            raise FileProblem(
                head.line("audience"), f"audience: name at least one of {kind}, or leave it out."
            )
    return rules


def _listed(head: Head, key: str) -> list[str]:
    try:
        return head.texts(key)
    except FileProblem:
        return []  # of another program, and of another form


def _read_questions(head: Head, found: Fields) -> None:
    """Questions hold a space or end in a question mark; other programs keep names of contacts here."""
    try:
        items = head.texts("questions")
    except FileProblem:
        if found.own:
            raise
        items = []
        found.extra["questions"] = head.plain("questions")
    if not found.own and any(not re.search(r"\s|\?", item) for item in items):
        found.extra["questions"] = head.plain("questions")
        items = [item for item in items if re.search(r"\s|\?", item)]
    if "questions" in found.extra:
        found.strange.append((head.line("questions"), "questions: names, not questions"))
    found.questions = _distinct(items)


def _day(head: Head) -> date | None:
    text = head.scalar("checked")
    if text is None:
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise FileProblem(head.line("checked"), "checked must be a day such as 2026-03-31.") from None
    if day > clock.today():
        raise FileProblem(head.line("checked"), f"checked is a day to come ({day}).")
    return day


def _interval(head: Head, found: Fields) -> int | None:
    text = head.scalar("review_days")
    if text is None:
        return None
    if text.isascii() and text.isdecimal() and len(text) < 10 and int(text) in REVIEW_DAYS:
        return int(text)
    if not found.own:
        found.strange.append((head.line("review_days"), f"review_days: {text}"))
        return None
    choices = ", ".join(str(days) for days in REVIEW_DAYS)
    raise FileProblem(head.line("review_days"), f"review_days must be one of {choices}.")


def _state(head: Head, found: Fields) -> State:
    text = head.scalar("state")
    if text is not None and text not in _STATES:
        if found.own:
            raise FileProblem(head.line("state"), f"state must be one of {', '.join(_STATES)}.")
        found.strange.append((head.line("state"), f"state: {text}"))
        text = None
    return _STATES[text] if text is not None else State.PUBLISHED


def _language(head: Head, found: Fields) -> str:
    """The tag of the language; other programs call it `lang` too, and may have their own names for it."""
    key = "language" if "language" in head.blocks else "lang"
    strict = found.own and key == "language"
    try:
        text = head.scalar(key)
    except FileProblem:
        if strict:
            raise
        text = None
    if text is None:
        return ""
    tag = languages.tidied(text)
    if languages.is_known(tag):
        return tag
    if strict:
        raise FileProblem(
            head.line(key), f"language must be a code such as de or pt-BR; {text!r} is not known."
        )
    found.strange.append((head.line(key), f"{key}: {text}"))
    return ""


def _distinct(items: list[str]) -> tuple[str, ...]:
    tidy = [" ".join(item.split()) for item in items]
    return tuple({item.casefold(): item for item in reversed(tidy) if item}[key] for key in _order(tidy))


def _order(items: list[str]) -> list[str]:
    return list(dict.fromkeys(item.casefold() for item in items if item))
