"""The indexer: what is committed reaches the index, whatever fails, stops or is held up on the way."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from portal import clock
from portal.articles.models import Article, State
from portal.db import db, unit_of_work
from portal.indexing import indexer as module
from portal.indexing import outbox
from portal.indexing.engine import Document, EngineError
from portal.indexing.indexer import Indexer, compare
from portal.indexing.whoosh_engine import WhooshEngine
from portal.jobs import leases
from portal.jobs.models import Job, Lease


class Engine(WhooshEngine):
    """The real engine, which can be told to fail and to pause."""

    def __init__(self, folder):
        super().__init__(folder)
        self.refused = set()
        self.full = False
        self.before_put = lambda: None
        self.after_put = lambda: None
        self.puts = 0

    def put(self, documents):
        self.before_put()
        self.puts += 1
        documents = list(documents)
        self._refuse(documents)
        super().put(documents)
        self.after_put()

    def remove(self, groups):
        if self.full:
            raise EngineError("disk full")
        super().remove(groups)

    def replace_all(self, documents):
        if self.full:
            raise EngineError("disk full")
        super().replace_all(self._checked(documents))

    def _checked(self, documents):
        for document in documents:
            self._refuse([document])
            yield document

    def _refuse(self, documents):
        if self.full:
            raise EngineError("disk full")
        for document in documents:
            if document.group in self.refused:
                raise ValueError(f"cannot take {document.group}")


class Source:
    """Articles as documents, read from the real database; some can be made unreadable."""

    def __init__(self):
        self.unreadable = set()
        self.loaded = []

    def load(self, session, groups):
        self.loaded.append(tuple(groups))
        bad = self.unreadable & set(groups)
        if bad:
            raise ValueError(f"cannot load {bad}")
        found = session.scalars(
            sa.select(Article).where(Article.id.in_(groups), Article.state == State.PUBLISHED)
        )
        return {article.id: [self._document(article)] for article in found}

    def _document(self, article):
        return Document(
            id=f"{article.id}#",
            group=str(article.id),
            version=article.version,
            audiences=frozenset({"everyone"}),
            fields={"title": article.live.title},
        )

    def versions(self, session):
        rows = session.execute(sa.select(Article.id, Article.version).where(Article.state == State.PUBLISHED))
        return {str(number): version for number, version in rows}


@pytest.fixture
def engine(app, tmp_path):
    return Engine(tmp_path / "index")


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def indexer(engine, source):
    """An indexer that has done its first check."""
    made = Indexer(engine, source.load, source.versions)
    made.run()
    source.loaded.clear()
    return made


def another(engine, source):
    """The indexer of a second worker: it shares the database and the index folder only."""
    made = Indexer(Engine(engine._folder), source.load, source.versions)
    made._next_check = clock.now() + timedelta(days=1)
    return made


@pytest.fixture
def article(write_article):
    """Writes an article, with its row in the outbox; gives its id."""
    count = iter(range(1, 1000))
    return lambda: write_article(f"Article {next(count)}").id


def change(number):
    with unit_of_work() as session:
        session.get(Article, number).version += 1
        outbox.changed(session, [number])


def archive(number):
    with unit_of_work() as session:
        session.get(Article, number).state = State.ARCHIVED
        session.get(Article, number).version += 1
        outbox.changed(session, [number])


def rows():
    session = db.session()
    session.rollback()
    return session.scalars(sa.select(Job).order_by(Job.id)).all()


def wanted():
    session = db.session()
    session.rollback()
    return Source().versions(session)


def no_wait():
    raise AssertionError("nothing to wait for")


# --- the ordinary way ---------------------------------------------------------------------------


def test_a_committed_change_reaches_the_index_and_its_row_is_gone(indexer, engine, article):
    number = article()
    assert indexer.run() == 1
    assert engine.versions() == {str(number): 1}
    assert rows() == []
    assert indexer.run() == 0


def test_nothing_to_do_costs_one_statement_and_no_write_lock(indexer, statements):
    with statements() as found:
        assert indexer.run() == 0
    assert len(found) == 1
    assert found[0].startswith("SELECT")


def test_many_changes_of_one_article_are_indexed_once_with_the_newest_state(indexer, engine, source, article):
    number = article()
    for _ in range(5):
        change(number)
    assert indexer.run() == 1
    assert source.loaded == [(number,)]
    assert engine.versions() == {str(number): 6}
    assert rows() == []


def test_what_readers_no_longer_see_is_forgotten(indexer, engine, article):
    kept, gone = article(), article()
    indexer.run()
    archive(gone)
    assert indexer.run() == 1
    assert engine.versions() == {str(kept): 1}


def test_a_thing_deleted_from_the_database_is_forgotten(indexer, engine, article, session):
    number = article()
    indexer.run()
    with unit_of_work() as work:
        found = work.get(Article, number)
        found.live = found.latest = None
        work.flush()
        work.delete(found)
        outbox.changed(work, [number])
    indexer.run()
    assert engine.versions() == {}


def test_batches_go_on_until_all_is_done(indexer, engine, article, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 3)
    numbers = [article() for _ in range(8)]
    assert indexer.run() == 8
    assert sorted(map(int, engine.versions())) == numbers


def test_a_stop_is_heeded_between_batches(indexer, article, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 3)
    for _ in range(8):
        article()
    answers = [True, False]
    assert indexer.run(lambda: answers.pop(0)) == 3
    assert len(rows()) == 5
    assert leases.holder_of(db.session(), module.LEASE) is None


# --- changes that come while it works -------------------------------------------------------------


def test_a_change_between_reading_and_deleting_is_not_lost(indexer, engine, article):
    """It wrote a row of its own, which was not read and so is not deleted."""
    number = article()

    def _meanwhile():
        engine.after_put = lambda: None
        change(number)

    engine.after_put = _meanwhile
    changes = outbox.take(db.session(), limit=10)
    db.session().rollback()
    with indexer._leased() as held:
        indexer._index(held, changes)
    assert [row.payload["group"] for row in rows()] == [number]
    indexer.run()
    assert engine.versions() == {str(number): 2}
    assert rows() == []


def test_a_change_between_reading_and_loading_is_indexed_and_then_again(indexer, engine, source, article):
    number = article()
    load, versions = source.load, []

    def _load(session, groups):
        if not versions:
            session.rollback()
            change(number)
        found = load(session, groups)
        versions.append(found[number][0].version)
        return found

    indexer._load = _load
    indexer.run()
    assert versions == [2, 2]
    assert engine.versions() == {str(number): 2}
    assert rows() == []


# --- the lease --------------------------------------------------------------------------------------


def test_a_second_worker_leaves_the_work_to_the_holder(indexer, engine, source, article, statements):
    article()
    second = another(engine, source)
    with indexer._leased():
        with statements() as found:
            assert second.run() == 0
        assert all(statement.startswith("SELECT") for statement in found)
        assert len(rows()) == 1
    assert second.run() == 1


def test_the_loser_of_a_race_for_the_lease_leaves_the_work_too(indexer, engine, source, article, monkeypatch):
    article()
    second = another(engine, source)
    monkeypatch.setattr(leases, "holder_of", lambda _session, _name: None)  # it looked a moment before
    with indexer._leased():
        assert second.run() == 0
    assert len(rows()) == 1


def test_the_lease_of_a_killed_holder_runs_out_and_the_work_is_done_by_another(
    indexer, engine, source, article, travel
):
    number = article()
    with unit_of_work() as session:  # what a kill -9 leaves behind
        leases.acquire(session, module.LEASE, holder="killed")
    assert indexer.run() == 0
    travel(seconds=15)
    assert indexer.run() == 1
    assert engine.versions() == {str(number): 1}


def test_an_indexer_killed_after_the_index_was_written_is_repeated_without_harm(
    indexer, engine, source, article
):
    number = article()
    Engine(engine._folder).put(source.load(db.session(), [number])[number])
    db.session().rollback()
    assert indexer.run() == 1
    assert engine.versions() == {str(number): 1}
    assert rows() == []


def test_an_indexer_that_was_held_up_undoes_what_it_spoilt(indexer, engine, source, article, travel, caplog):
    """It loads version 1, pauses beyond its lease, another puts version 2 and settles; then it
    puts version 1 over it. It must not settle anything and must have the article done again."""
    number = article()
    second = another(engine, source)

    def _held_up():
        engine.before_put = lambda: None
        change(number)
        travel(seconds=16)
        assert second.run() == 1
        assert second.engine.versions() == {str(number): 2}
        assert rows() == []

    engine.before_put = _held_up
    assert indexer.run() == 0
    assert engine.versions() == {str(number): 1}  # spoilt for a moment
    assert [row.payload["group"] for row in rows()] == [number]
    assert "another process goes on" in caplog.text
    assert second.run() == 1
    assert second.engine.versions() == {str(number): 2}


def test_an_indexer_that_learns_in_time_that_its_lease_is_lost_writes_nothing(
    indexer, engine, source, article
):
    article()
    load = source.load

    def _load(session, groups):
        found = load(session, groups)
        session.rollback()
        with unit_of_work() as work:
            work.execute(sa.update(Lease).values(holder="another"))
        assert not leases.renew_in(db.engine, held[0])
        return found

    held = []
    acquire = leases.acquire

    def _acquire(session, name, *, holder):
        held.append(acquire(session, name, holder=holder))
        return held[0]

    indexer._load = _load
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leases, "acquire", _acquire)
        assert indexer.run() == 0
    assert engine.puts == 0
    assert len(rows()) == 1


# --- what fails ---------------------------------------------------------------------------------------


def test_one_article_that_cannot_be_loaded_does_not_stop_the_others(indexer, engine, source, article, caplog):
    good, bad, also_good = article(), article(), article()
    source.unreadable = {bad}
    assert indexer.run() == 2
    assert sorted(engine.versions()) == sorted([str(good), str(also_good)])
    (row,) = rows()
    assert row.payload == {"group": bad}
    assert (row.attempts, row.dead) == (1, False)
    assert row.last_error == f"ValueError: cannot load {{{bad}}}"
    assert row.run_at > clock.now()
    assert caplog.text.count("cannot be indexed") == 1


def test_one_article_that_the_engine_refuses_does_not_stop_the_others(indexer, engine, article):
    good, bad, also_good = article(), article(), article()
    engine.refused = {str(bad)}
    assert indexer.run() == 2
    assert sorted(engine.versions()) == sorted([str(good), str(also_good)])
    assert [(row.payload["group"], row.attempts) for row in rows()] == [(bad, 1)]


def test_a_failed_article_is_tried_again_later_each_time_and_never_given_up(
    indexer, engine, article, travel, caplog
):
    number = article()
    engine.refused = {str(number)}
    waits = []
    for attempt in range(1, 13):
        assert indexer.run() == 0
        (row,) = rows()
        assert (row.attempts, row.dead) == (attempt, False)
        waits.append((row.run_at - clock.now()).total_seconds())
        assert indexer.run() == 0  # not before its time
        assert rows()[0].attempts == attempt
        travel(seconds=waits[-1] + 0.1)
    assert max(waits) <= 75
    assert waits[0] < 3
    assert caplog.text.count("cannot be indexed") == 4  # the 1st, 2nd, 4th and 8th time
    engine.refused = set()
    assert indexer.run() == 1
    assert rows() == []


def test_a_new_save_of_a_failed_article_is_tried_at_once_and_settles_all_its_rows(indexer, engine, article):
    number = article()
    change(number)
    engine.refused = {str(number)}
    indexer.run()
    assert len(rows()) == 1  # of its two rows one is enough
    engine.refused = set()
    change(number)
    assert indexer.run() == 1
    assert engine.versions() == {str(number): 3}
    assert rows() == []


def test_an_engine_that_refuses_everything_is_not_asked_for_everything(indexer, engine, article):
    numbers = [article() for _ in range(10)]
    engine.full = True
    with pytest.raises(EngineError, match="disk full"):
        indexer.run()
    assert engine.puts == 1 + module.REFUSED_IN_A_ROW
    assert sum(row.attempts for row in rows()) == module.REFUSED_IN_A_ROW
    engine.full = False
    assert indexer.run() == len(numbers) - module.REFUSED_IN_A_ROW


def test_a_database_that_goes_away_while_loading_blames_no_article(indexer, source, article):
    article()

    def _load(_session, _groups):
        raise OperationalError("SELECT", {}, Exception("server closed the connection"))

    indexer._load = _load
    with pytest.raises(OperationalError):
        indexer.run()
    (row,) = rows()
    assert row.attempts == 0
    assert leases.holder_of(db.session(), module.LEASE) is None


# --- damage and drift ---------------------------------------------------------------------------------


def damage(engine):
    for path in engine._folder.glob("index-*/*.toc"):
        path.unlink()
    engine._corpus = engine._known = None


def test_a_damaged_index_is_rebuilt_at_the_next_change(indexer, engine, article, caplog):
    numbers = [article() for _ in range(3)]
    indexer.run()
    damage(engine)
    change(numbers[0])
    assert indexer.run() == 3
    assert engine.versions() == wanted()
    assert rows() == []
    assert "rebuilt" in caplog.text


def test_a_damaged_index_is_found_and_rebuilt_by_the_next_worker_that_starts(
    indexer, engine, source, article
):
    article()
    indexer.run()
    damage(engine)
    fresh = Indexer(Engine(engine._folder), source.load, source.versions)
    assert fresh.run() == 1
    assert fresh.engine.versions() == wanted()


def test_a_rebuild_beside_takes_the_rows_it_has_read_and_leaves_newer_ones(indexer, engine, source, article):
    first, second = article(), article()
    load = source.load

    def _load(session, groups):
        found = load(session, groups)
        session.rollback()
        change(second)
        return found

    indexer._load = _load
    assert indexer.rebuild(wait=no_wait, progress=lambda _step, _total: None) == 2
    assert [row.payload["group"] for row in rows()] == [second]
    indexer._load = load
    indexer.run()
    assert engine.versions() == {str(first): 1, str(second): 2}


def test_a_rebuild_leaves_out_what_cannot_be_loaded_and_keeps_it_in_mind(indexer, engine, source, article):
    good, bad = article(), article()
    with unit_of_work() as session:
        outbox.settle(session, outbox.all_changes(session))
    source.unreadable = {bad}
    assert indexer.rebuild(wait=no_wait, progress=lambda _step, _total: None) == 1
    assert engine.versions() == {str(good): 1}
    source.unreadable = set()
    indexer.run()
    assert engine.versions() == wanted()


def test_a_damaged_index_with_an_article_that_the_engine_refuses_comes_back_without_it(
    indexer, engine, article
):
    good, bad = article(), article()
    indexer.run()
    engine.refused = {str(bad)}
    damage(engine)
    change(bad)
    indexer.run()
    assert engine.versions() == {str(good): 1}
    assert [row.payload["group"] for row in rows()] == [bad]


def test_a_rebuild_that_fails_leaves_a_working_index_as_it_was(indexer, engine, article):
    number = article()
    indexer.run()
    change(number)
    engine.full = True
    with pytest.raises(EngineError):
        indexer.rebuild(wait=no_wait, progress=lambda _step, _total: None)
    assert engine.versions() == {str(number): 1}
    assert len(rows()) == 1


def test_drift_is_found_at_start_and_then_every_five_minutes(
    indexer, engine, source, article, travel, caplog
):
    missing, stale, fine = article(), article(), article()
    indexer.run()
    engine.remove([str(missing)])
    engine.put([_document(stale, version=99), _document(4711), _document("foreign")])
    assert indexer.drift() == module.Drift([str(missing)], [str(stale)], ["4711", "foreign"])
    assert indexer.run() == 0  # not checked again yet
    travel(minutes=5, seconds=1)
    indexer.run()
    assert engine.versions() == wanted()
    assert "1 missing, 1 stale, 2 left over" in caplog.text
    engine.remove([str(fine)])
    fresh = Indexer(engine, source.load, source.versions)
    fresh.run()
    assert engine.versions() == wanted()


def _document(group, version=1):
    return Document(
        id=f"{group}#",
        group=str(group),
        version=version,
        audiences=frozenset({"everyone"}),
        fields={"title": "x"},
    )


def test_a_check_leaves_alone_what_failed_and_waits_for_its_next_attempt(
    indexer, engine, source, article, travel
):
    number = article()
    engine.refused = {str(number)}
    indexer.run()
    indexer._next_check = clock.now()
    indexer.run()
    assert [row.attempts for row in rows()] == [1]


def test_what_is_on_its_way_is_no_drift_but_what_failed_is(indexer, engine, article):
    number = article()
    assert indexer.drift().groups == []
    engine.refused = {str(number)}
    indexer.run()
    assert indexer.drift().groups == [str(number)]


def test_comparing_leaves_out_what_it_is_told_to():
    held, should = {"1": 1, "2": 1, "3": 1}, {"2": 1, "3": 2, "4": 1}
    assert compare(held, should, but=frozenset()) == module.Drift(["4"], ["3"], ["1"])
    assert compare(held, should, but=frozenset({"1", "3", "4"})).groups == []
