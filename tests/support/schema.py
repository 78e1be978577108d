"""The tables of a fresh database."""

import alembic.command
from flask import Flask

from tests.support.code import ROOT


def bring_up(app: Flask) -> None:
    """Bring the empty database of `app` to the version of the code; call in its context."""
    config = app.extensions["migrate"].migrate.get_config(str(ROOT / "migrations"))
    alembic.command.upgrade(config, "head")
