"""What the worker can do. `portal.app` fills it; this room knows none of the work itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Flask, current_app
from sqlalchemy.orm import Session

EXTENSION = "jobs"

Handler = Callable[[Session, Mapping[str, Any]], object]
"""Does one job in the transaction that deletes it. Must be short: on SQLite it keeps others from
writing. Never commits; what it raises puts the job off."""

GoOn = Callable[[], bool]
"""Whether the worker wants to go on; asked between steps, so that a stop does not wait for all."""

Batch = Callable[[GoOn], int]
"""Looks for work of its own kind and does it in its own transactions; returns how much was done,
0 when there is nothing to do. Called several times a second: looking must be cheap."""


@dataclass(frozen=True, slots=True)
class Periodic:
    """Work to be done once in each period, by whichever worker comes first."""

    every: timedelta
    run: Callable[[Session], object]


@dataclass(frozen=True, slots=True)
class Handlers:
    """Who does which kind of job."""

    single: Mapping[str, Handler] = field(default_factory=dict)
    periodic: Mapping[str, Periodic] = field(default_factory=dict)
    batches: Mapping[str, Batch] = field(default_factory=dict)
    banner: Callable[[], str] = str
    """What to print when the portal is ready, such as who can sign in; nothing by default."""


def install(app: Flask, handlers: Handlers) -> None:
    """Give `app` its handlers."""
    app.extensions[EXTENSION] = handlers


def current() -> Handlers:
    """The handlers of the current application."""
    found = current_app.extensions[EXTENSION]
    assert isinstance(found, Handlers)
    return found
