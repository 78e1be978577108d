"""Runs migrations in the application's own engine, so that its set-up holds for them too.

SQLite cannot alter tables, so its migrations rebuild them (batch mode). Their foreign keys would
then be checked in between; they are switched off for the run and checked as a whole after it.
"""

import sqlalchemy as sa
from alembic import context
from flask import current_app

from portal.db import Base

engine = current_app.extensions["migrate"].db.engine


def migrate(connection: sa.Connection) -> None:
    """Bring the database behind `connection` to the revision asked for."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        transaction_per_migration=True,
        process_revision_directives=current_app.extensions["migrate"].configure_args.get(
            "process_revision_directives"
        ),
    )
    with context.begin_transaction():
        context.run_migrations()


with engine.connect() as connection:
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.commit()
    migrate(connection.execution_options(portal_writes=True))
    connection.commit()
    if sqlite:
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        connection.rollback()
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        connection.rollback()
        if broken:
            raise RuntimeError(f"The migration left rows that point nowhere: {broken[:5]}")
