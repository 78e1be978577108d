"""The append-only log of what people asked and did; everything else about searches is derived."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
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
