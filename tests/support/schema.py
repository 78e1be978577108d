"""The tables of a fresh database."""

import alembic.command
from flask import Flask

from portal.db import Base, db
from tests.support.code import ROOT


def bring_up(app: Flask) -> None:
    """Bring the empty database of `app` to the version of the code; call in its context."""
    if any((ROOT / "migrations" / "versions").glob("*.py")):
        config = app.extensions["migrate"].migrate.get_config(str(ROOT / "migrations"))
        alembic.command.upgrade(config, "head")
    else:
        # TO BE DELETED with the first migration: until then the models make the tables.
        Base.metadata.create_all(db.engine)
