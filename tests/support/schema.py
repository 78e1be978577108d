"""The tables of a fresh database."""

import alembic.command
from flask import Flask

from portal.db import Base, db
from tests.support.code import ROOT


def bring_up(app: Flask) -> None:
    """Bring the empty database of `app` to the version of the code; call in its context.

    The tables come from the models, which is quicker than taking every step of the migrations;
    tests/architecture/test_migrations.py shows that both give the same.
    """
    Base.metadata.create_all(db.engine)
    config = app.extensions["migrate"].migrate.get_config(str(ROOT / "migrations"))
    alembic.command.stamp(config, "head")
