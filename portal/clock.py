"""The only clock. Everything that needs the time asks here, so that tests can set it."""

from datetime import UTC, date, datetime


def now() -> datetime:
    """The present moment, timezone-aware, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The present date in UTC; for due dates, where a day more or less does not matter."""
    return now().date()
