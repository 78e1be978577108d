"""The migrations build exactly what the models say, on SQLite and on PostgreSQL."""

import alembic.command
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from portal.db import Base, db
from tests.support.code import ROOT


@pytest.fixture
def config(app):
    return app.extensions["migrate"].migrate.get_config(str(ROOT / "migrations"))


def differences():
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, Base.metadata)


def test_models_equal_the_newest_migration(app):
    assert differences() == []


def test_a_difference_would_be_noticed(app):
    with db.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE lease"))
    assert [difference[0] for difference in differences()] == ["add_table"]


def test_there_is_one_newest_migration(config):
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


def test_every_step_goes_down_and_up_again(app, config):
    script = ScriptDirectory.from_config(config)
    steps = [revision.revision for revision in script.walk_revisions()]  # the newest first
    for _ in steps:
        alembic.command.downgrade(config, "-1")
    left = set(sa.inspect(db.engine).get_table_names()) - {"alembic_version"}
    assert left == set()
    for revision in reversed(steps):
        alembic.command.upgrade(config, revision)
    assert differences() == []
