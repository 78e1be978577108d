"""`flask index sync|rebuild|drift`, with the application's own engine and articles."""

import pytest

from portal.db import db, unit_of_work
from portal.indexing import indexer as module
from portal.indexing import outbox
from portal.jobs import leases


@pytest.fixture
def changed(write_article):
    """Writes an article, with its row in the outbox; gives its id."""
    return lambda title: write_article(title).id


@pytest.fixture
def unnoticed(changed):
    """Writes an article without a row in the outbox, as no part of the portal may."""

    def _write(title):
        number = changed(title)
        with unit_of_work() as session:
            outbox.settle(session, outbox.all_changes(session))
        return number

    return _write


def versions(app):
    return app.extensions["engine"].versions()


def test_sync_indexes_what_waits(app, changed, flask_command):
    number = changed("Reset your password")
    assert flask_command("index", "sync").output == "1 article indexed.\n"
    assert versions(app) == {str(number): 1}
    assert flask_command("index", "sync").output == "0 articles indexed.\n"


def test_sync_names_what_could_not_be_indexed(app, changed, flask_command, monkeypatch):
    number = changed("Reset your password")
    indexer = app.extensions["indexer"]

    def _fail(_session, _groups):
        raise ValueError("broken")

    monkeypatch.setattr(indexer, "_load", _fail)
    for _ in range(2):  # the second time it is not due yet, and is tried all the same
        result = flask_command("index", "sync", exit_code=1)
        assert f"Article {number} could not be indexed" in result.output
    monkeypatch.undo()
    assert "1 article indexed" in flask_command("index", "sync").output


def test_sync_waits_for_another_process_and_says_so(app, changed, flask_command, monkeypatch):
    changed("Reset your password")
    with unit_of_work() as session:
        held = leases.acquire(session, module.LEASE, holder="another")
    waits = []

    def _sleep(seconds):
        waits.append(seconds)
        if len(waits) == 3:
            with unit_of_work() as session:
                leases.release(session, held)

    monkeypatch.setattr("portal.indexing.cli.time.sleep", _sleep)
    output = flask_command("index", "sync").output
    assert output.count("Another process is updating the index. Waiting for it …") == 1
    assert "1 article indexed." in output
    assert len(waits) == 3


def test_rebuild_makes_the_index_from_the_database_alone(app, changed, flask_command, write_article):
    shown = [changed("Reset your password"), write_article("Find your payslip").id]
    write_article("A draft", state="draft")
    output = flask_command("index", "rebuild").output
    assert "2 articles indexed." in output
    assert sorted(versions(app)) == sorted(map(str, shown))
    assert "equals the database" in flask_command("index", "drift").output


def test_drift_lists_what_differs_and_mends_it_when_asked(app, flask_command, unnoticed):
    flask_command("index", "sync")
    number = unnoticed("Written past the outbox")
    result = flask_command("index", "drift", exit_code=1)
    assert result.output == f"1 missing: {number}\n"
    assert flask_command("index", "drift", "--fix").output == "The index equals the database.\n"
    assert versions(app) == {str(number): 1}


def test_drift_tells_what_is_on_its_way(app, changed, flask_command):
    changed("Reset your password")
    output = flask_command("index", "drift").output
    assert output == "The index equals the database.\n1 article on the way into the index.\n"


def test_drift_shortens_long_lists(flask_command, unnoticed):
    for number in range(12):
        unnoticed(f"Article {number}")
    output = flask_command("index", "drift", exit_code=1).output
    assert output.startswith("12 missing: ")
    assert output.endswith(", …\n")


def test_drift_of_an_index_that_cannot_be_read_says_what_to_do(app, changed, flask_command):
    changed("Reset your password")
    flask_command("index", "sync")
    engine = app.extensions["engine"]
    for path in engine._folder.glob("index-*/*.toc"):
        path.unlink()
    engine._corpus = engine._known = None
    assert "flask index rebuild" in flask_command("index", "drift", exit_code=1).output
    assert flask_command("index", "drift", "--fix").output == "The index equals the database.\n"
    db.session.rollback()
