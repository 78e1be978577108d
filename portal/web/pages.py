"""Small things every page needs: safe redirects, page numbers, words for dates."""

from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import request


def safe_next(target: str | None, default: str) -> str:
    """`target` when it is a path on this server, else `default`.

    Refuses other hosts in every spelling a browser accepts: schemes, `//host`, backslashes,
    control characters (browsers drop them and read on), and `..` that a proxy may resolve to `//host`.
    """
    if not target or len(target) > 2000:
        return default
    if not target.isprintable() or "\\" in target or not target.startswith("/"):
        return default
    path = target.partition("?")[0].partition("#")[0]
    if "//" in path or {".", ".."} & set(path.split("/")):
        return default
    return target


def page_number(name: str = "page") -> int:
    """The page asked for, from 1; anything that is not a sensible number is page 1."""
    text = request.args.get(name, "1")
    return min(max(int(text), 1), 10_000) if text.isascii() and text.isdecimal() and len(text) < 6 else 1


def page_address(number: int, name: str = "page") -> str:
    """The address of another page of the list being shown; filters stay as they are."""
    fields = request.args.to_dict(flat=False)
    fields[name] = [str(number)]
    return f"{request.path}?{urlencode(fields, doseq=True)}"


def here() -> str:
    """Where a form in the frame of the page leads back to: this page, when it can be loaded again."""
    return safe_next(request.full_path.rstrip("?"), "/") if request.method == "GET" else "/"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: its number (from 1), the size of a page and the total of items."""

    number: int
    size: int
    total: int

    @property
    def last(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size


def day(value: date) -> str:
    """A date with its weekday, as "Tuesday 3 March 2026"."""
    return f"{value:%A} {value.day} {value:%B} {value.year}"


def moment(value: datetime, zone: str = "UTC") -> str:
    """A moment in a time zone, as "Tue 3 March 2026, 15:04"."""
    local = value.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%B} {local.year}, {local:%H:%M}"


def ago(value: date, today: date) -> str:
    """How long ago a day was, in words: "today", "3 days ago", "14 months ago"."""
    days = (today - value).days
    if days <= 0:
        return "today"
    if days == 1:
        return "yesterday"
    if days < 60:
        return f"{days} days ago"
    if days < 730:
        return f"{round(days / 30.44)} months ago"
    return f"{round(days / 365.25)} years ago"
