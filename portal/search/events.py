"""The log of searches: what was asked, how many answers there were, who said it was not there."""

import hashlib
import re
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Person
from portal.indexing.analysis import analyse
from portal.search.models import EventKind, SearchEvent

IDLE: Final = timedelta(minutes=30)
"""The same question within this time is the same search: Back, a reload, another page of it."""

KEEP_PERSON: Final = timedelta(days=30)
"""After this the person's id is replaced by a salted hash."""

_EMAIL = re.compile(r"\S+@\S+")
_NUMBER = re.compile(r"\+?\d(?:[ \-./()]{0,2}\d){6,}")
_LONG_CODE = re.compile(r"\b(?=[A-Za-z]*\d)(?:[A-Za-z]*\d[A-Za-z]*){5,}\b")


def redact(text: str) -> str:
    """`text` without e-mail addresses, phone numbers and numbers that look like an id.

    >>> redact("call +44 113 496 0440 or sam@larkspur.example about AB123456C")
    'call [number] or [e-mail] about [number]'
    """
    text = _EMAIL.sub("[e-mail]", text)
    text = _NUMBER.sub("[number]", text)
    return _LONG_CODE.sub("[number]", text)


def normal(query: str) -> str:
    """A question in one spelling, redacted, by which equal questions are recognised."""
    return " ".join(token.word for token in analyse(redact(query)) if not token.joined)[:300]


def same_need(session: Session, *, query: str, by: Person) -> str | None:
    """The need of the search that this one repeats, if that was made a short while ago."""
    asked = {"person": by.id, "since": clock.now() - IDLE, "normal": normal(query)}
    return session.scalar(_SAME_NEED, asked)


_SAME_NEED: Final = (
    sa.select(SearchEvent.need)
    .where(
        SearchEvent.person_id == sa.bindparam("person"),
        SearchEvent.at > sa.bindparam("since"),
        SearchEvent.kind == EventKind.SEARCH,
        SearchEvent.normalised == sa.bindparam("normal"),
    )
    .order_by(SearchEvent.id.desc())
    .limit(1)
)


def new_need() -> str:
    """An id for a need."""
    return str(uuid.uuid4())


def log_search(
    session: Session,
    *,
    query: str,
    top: Sequence[str],
    count: int,
    confidence: float,
    ms: int,
    need: str,
    person_id: int,
) -> None:
    """Note one settled search. `top` are the slugs shown first, `need` is what `new_need` gave."""
    session.add(
        SearchEvent(
            kind=EventKind.SEARCH,
            need=need,
            person_id=person_id,
            query=redact(query)[:300],
            normalised=normal(query),
            count=count,
            ms=ms,
            detail={"top": list(top[:3]), "confidence": round(confidence, 3)},
        )
    )


def log_not_found(session: Session, *, need: str, query: str, by: Person) -> None:
    """Note that a person says the answer is not there. A need that is not theirs gets an id of its own."""
    own = session.scalar(
        sa.select(SearchEvent.need).where(SearchEvent.need == need, SearchEvent.person_id == by.id).limit(1)
    )
    session.add(
        SearchEvent(
            kind=EventKind.NOT_FOUND,
            need=own or new_need(),
            person_id=by.id,
            query=redact(query)[:300],
        )
    )


def forget_people(session: Session, *, salt: str) -> int:
    """Replace the person of events older than KEEP_PERSON by a salted hash; the number replaced."""
    old = session.scalars(
        sa.select(SearchEvent).where(
            SearchEvent.person_id.is_not(None), SearchEvent.at < clock.now() - KEEP_PERSON
        )
    ).all()
    for event in old:
        event.person_hash = hashlib.sha256(f"{salt}:{event.person_id}".encode()).hexdigest()
        event.person_id = None
    return len(old)
