"""What the search keeps: the append-only log of what people asked and did, the rules admins teach it,
and the questions they watch."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.accounts.models import Person
from portal.articles.models import Article
from portal.db import Base, enum_by_value


class EventKind(enum.Enum):
    """What happened. Kinds that belong to later pages are added with them."""

    SEARCH = "search"
    NOT_FOUND = "not_found"


class SearchEvent(Base):
    """One thing a person did while looking for an answer. Never changed after it was written,
    except that `person_id` is replaced by `person_hash` when the keeping time has passed."""

    __tablename__ = "search_event"
    __table_args__ = (sa.Index("ix_search_event_person_at", "person_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    kind: Mapped[EventKind] = mapped_column(enum_by_value(EventKind))
    need: Mapped[str] = mapped_column(sa.String(36), index=True)
    """Joins the events of one need; a random id that travels in result links."""
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"))
    person_hash: Mapped[str] = mapped_column(sa.String(64), default="")
    surface: Mapped[str] = mapped_column(sa.String(20), default="page")
    query: Mapped[str] = mapped_column(sa.String(300), default="")
    """As typed, with e-mail addresses, phone numbers and id-like numbers redacted."""
    normalised: Mapped[str] = mapped_column(sa.String(300), default="")
    count: Mapped[int | None]
    ms: Mapped[int | None]
    detail: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    """search: {"top": [slug, …], "confidence": 0–1, "partial": bool}."""


class RuleKind(enum.Enum):
    """What a rule teaches the search."""

    SYNONYM = "synonym"
    BET = "best_bet"
    LESS = "stop_word"
    """Words that count as little as words of questions."""
    FULL = "full_word"
    """Words of questions that count in full nevertheless."""


class RuleState(enum.Enum):
    """A removed rule is kept, so that its removal can be undone."""

    ACTIVE = "active"
    REMOVED = "removed"


class TuningRule(Base):
    """One rule of an admin.

    synonym: `words` all mean the same, or, when there are `means`, whoever asks for one of `words` is
    also shown `means`. best bet: `words` are the questions for which `article_id` is recommended.
    stop word, full word: `words` are single words.
    """

    __tablename__ = "tuning_rule"
    __table_args__ = (sa.Index("ix_tuning_rule_state_kind", "state", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[RuleKind] = mapped_column(enum_by_value(RuleKind))
    words: Mapped[list[str]] = mapped_column(sa.JSON)
    """As typed, in the order typed."""
    means: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    """Of a one-way synonym; empty for everything else."""
    article_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("article.id", ondelete="CASCADE"), index=True
    )
    state: Mapped[RuleState] = mapped_column(enum_by_value(RuleState), default=RuleState.ACTIVE)
    version: Mapped[int] = mapped_column(default=1)
    """Grows with every change; a save from an older one is a Conflict."""
    source: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    """Of a rule loaded from a file: the digest of its line, by which a second load knows it."""
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"))

    article: Mapped[Article | None] = relationship()
    updated_by: Mapped[Person | None] = relationship()


class ChangeAction(enum.Enum):
    """What was done to a rule."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    LOADED = "loaded"


class RuleChange(Base):
    """One change of one rule; only ever added. `before` and `after` hold kind, words, means and
    article_id; null means that the rule was not there."""

    __tablename__ = "tuning_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"))
    """Null for what was loaded from a file."""
    action: Mapped[ChangeAction] = mapped_column(enum_by_value(ChangeAction))
    rule_id: Mapped[int] = mapped_column(sa.ForeignKey("tuning_rule.id", ondelete="CASCADE"), index=True)
    before: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    undoes_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("tuning_change.id", ondelete="CASCADE"), index=True
    )
    """The change that this one takes back."""

    person: Mapped[Person | None] = relationship()
    rule: Mapped[TuningRule] = relationship()
    undoes: Mapped["RuleChange | None"] = relationship(remote_side=[id])


class TuningStamp(Base):
    """The one row that changes with every change of a rule, by which processes know that what they
    keep in memory is old. Whoever changes a rule writes it first, so that changes queue up."""

    __tablename__ = "tuning_stamp"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(default=0)
    stamp: Mapped[str] = mapped_column(sa.String(32), default="")
    """Random, so that the number of a change that was rolled back is never taken for another's."""


class GoldenQuestion(Base):
    """A question that admins watch: it is asked every night, and `article_id` belongs near the top."""

    __tablename__ = "golden_question"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(sa.String(300))
    article_id: Mapped[int] = mapped_column(sa.ForeignKey("article.id", ondelete="CASCADE"), index=True)
    asked_as_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("person.id", ondelete="CASCADE"), index=True
    )
    """Null: as a plain employee."""
    added_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"))
    added_at: Mapped[datetime] = mapped_column(default=clock.now)
    rank: Mapped[int | None]
    """The place of the article when last asked, from 1; null when it was not found."""
    rank_before: Mapped[int | None]
    """The same for the time before."""
    checked_at: Mapped[datetime | None]
    checked_before: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None] = mapped_column(index=True)
    """Since when the article is out of the top three; null while it is there or never was."""
    seen_at: Mapped[datetime | None]
    seen_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"))
    """Who has taken note of the drop."""

    article: Mapped[Article] = relationship()
    asked_as: Mapped[Person | None] = relationship(foreign_keys=[asked_as_id])
    added_by: Mapped[Person | None] = relationship(foreign_keys=[added_by_id])
    seen_by: Mapped[Person | None] = relationship(foreign_keys=[seen_by_id])
