"""Jobs to be done after a commit, and leases that keep two workers off the same work."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.db import Base


class Job(Base):
    """One piece of work, written in the same transaction as the change that calls for it.

    A row is deleted when its work is done; one that failed too often stays with `dead` set
    and its last error, until somebody retries or drops it.
    """

    __tablename__ = "job"
    __table_args__ = (
        sa.Index("ix_job_due", "dead", "kind", "run_at"),
        # Without this SQLite gives the id of a deleted row to the next one, and a worker that was
        # held up could delete a newer job in place of the one it has done.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(40))
    key: Mapped[str | None] = mapped_column(sa.String(80), unique=True)
    """Set for a job of which there is only ever one, as a periodic one; most have none."""
    payload: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    run_at: Mapped[datetime] = mapped_column(default=clock.now)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(sa.Text, default="")
    dead: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Lease(Base):
    """The right to do one kind of work, held by one process until `expires_at`."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(sa.String(120))
    expires_at: Mapped[datetime]
