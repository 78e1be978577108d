"""Every test has a database of its own: nothing of what one test did is there for the next."""

import pytest
import sqlalchemy as sa

from portal.db import Base

NEW = "INSERT INTO department (slug, name) VALUES ('law', 'Law')"
DEEDS = {
    "nothing": [],
    "a row is added": [NEW],
    "a row is added and gone again": [NEW, "DELETE FROM department WHERE slug = 'law'"],
    "rows are changed": ["UPDATE person SET name = 'Somebody'"],
    "rows that others refer to are gone": ["DELETE FROM membership", "DELETE FROM team"],
    "a table is gone": ["DROP TABLE lease"],
    "a column is added": ["ALTER TABLE team ADD COLUMN motto text"],
}


def everything(engine):
    """The columns and rows of all tables, and the number that the next row of one gets."""
    found = {}
    with engine.connect() as connection:
        for table in sa.inspect(connection).get_table_names():
            columns = [column["name"] for column in sa.inspect(connection).get_columns(table)]
            rows = connection.execute(sa.text(f"SELECT * FROM {table}")).all()
            found[table] = (columns, sorted(map(str, rows)))
        connection.execute(sa.text("INSERT INTO department (slug, name) VALUES ('next', 'Next')"))
        found["next"] = connection.scalar(sa.text("SELECT id FROM department WHERE slug = 'next'"))
    return found


@pytest.fixture
def fresh(databases, tmp_path_factory):
    """Makes engines on a new copy of the small organisation."""
    engines = []

    def _fresh():
        url = databases.copy("world", tmp_path_factory.mktemp("copy"))
        engines.append(sa.create_engine(url, poolclass=sa.NullPool))
        return engines[-1]

    return _fresh


@pytest.mark.parametrize("deed", DEEDS)
def test_the_next_test_finds_what_this_one_found(fresh, deed):
    engine = fresh()
    before = everything(engine)
    assert set(Base.metadata.tables) < set(before)
    with engine.begin() as connection:
        for statement in DEEDS[deed]:
            connection.execute(sa.text(statement))
    assert everything(fresh()) == before


def test_nobody_who_stayed_on_holds_up_the_next_test(fresh):
    before = everything(fresh())
    with fresh().connect() as left:
        left.execute(sa.text("UPDATE person SET name = 'Somebody'"))
        engine = fresh()
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE person SET name = 'Somebody else'"))
        left.invalidate()
    assert everything(fresh()) == before
