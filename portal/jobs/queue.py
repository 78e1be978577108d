"""The transactional queue: a job is written in the same transaction as what calls for it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal import clock
from portal.jobs.models import Job


def enqueue(
    session: Session, kind: str, payload: Mapping[str, Any], *, run_at: datetime | None = None
) -> None:
    """Write a job of `kind`; it is done after the caller's transaction has committed."""
    session.add(Job(kind=kind, payload=dict(payload), run_at=run_at or clock.now()))
