"""The one indexer: brings what changed in the database into the search index.

Only the process that holds the lease writes the index. It goes through three steps, and may be
killed between any two of them:

1. read rows of the outbox, then load the newest state of their groups (later than the rows, so that
   it holds the changes the rows speak of);
2. put it into the engine, which returns when it is on disk;
3. in one transaction, make sure that the lease is still held and delete the rows that were read.

Killed before 3, the rows are still there and the next holder does the same again, which changes
nothing. A change that is committed between 1 and 3 has written a row of its own, with an id that was
not read and is not deleted. A process that was held up until after its lease ran out finds that out
in 3; because what it put may be older than what the new holder put, it has these groups done again.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal import clock
from portal.db import db, unit_of_work
from portal.indexing import outbox
from portal.indexing.engine import Document, SearchEngine
from portal.indexing.outbox import Change
from portal.jobs import leases
from portal.jobs.leases import Held
from portal.jobs.troubles import database_is_away, describe

LEASE = "index"
BATCH = 200
"""How many rows are read at once. The lease is given up and work can stop between batches."""
LOAD_AT_ONCE = 100
REFUSED_IN_A_ROW = 3
"""So many groups refused, and none taken, is the engine's trouble (a full disk), not theirs."""
CHECK_EVERY = timedelta(minutes=5)

Load = Callable[[Session, Sequence[int]], Mapping[int, Sequence[Document]]]
"""The present documents of groups; an empty sequence (or none) means that the group is forgotten."""
Versions = Callable[[Session], Mapping[str, int]]
"""The present version of every group that belongs into the index, by its name."""

log = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another process took over, because this one was held up for too long."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How the index differs from the database: names of groups, sorted."""

    missing: Sequence[str]
    stale: Sequence[str]
    left_over: Sequence[str]

    @property
    def groups(self) -> list[str]:
        return [*self.missing, *self.stale, *self.left_over]


def name_of(group: int) -> str:
    """What a group is called in the index."""
    return str(group)


def always() -> bool:
    """Go on until everything is done."""
    return True


def compare(held: Mapping[str, int], wanted: Mapping[str, int], *, but: frozenset[str]) -> Drift:
    """The difference between what the index holds and what it should, leaving out the groups `but`."""
    return Drift(
        missing=sorted(wanted.keys() - held.keys() - but),
        stale=sorted(name for name in wanted.keys() & held.keys() - but if wanted[name] != held[name]),
        left_over=sorted(held.keys() - wanted.keys() - but),
    )


class Indexer:
    """Keeps `engine` equal to the database. Needs an application context."""

    def __init__(self, engine: SearchEngine, load: Load, versions: Versions) -> None:
        self.engine = engine
        self._load = load
        self._versions = versions
        self._next_check = datetime.min.replace(tzinfo=UTC)  # at once: the last one may have crashed

    # --- called by the worker -----------------------------------------------------------------

    def run(self, go_on: Callable[[], bool] = always) -> int:
        """Index what is due, and compare index and database now and then; the number of groups done.

        Returns 0 at once when there is nothing to do or another process does it. Raises what the
        engine raises when it cannot be used at all; then the outbox is as it was.
        """
        session = db.session()
        check = clock.now() >= self._next_check
        wanted = check or outbox.due(session)
        session.rollback()
        if not wanted:
            return 0
        with self._leased() as held:
            if held is None:
                return 0
            try:
                repaired = self._check(held) if check else 0
                return repaired + self._drain(held, go_on)
            except LeaseLost:
                log.warning("the index lease was lost; another process goes on")
                return 0

    # --- called by commands ---------------------------------------------------------------------

    def sync(self, *, wait: Callable[[], None]) -> int:
        """Index everything that waits, also what failed before; the number of groups done.

        While another process holds the lease, calls `wait` again and again.
        """
        with unit_of_work() as session:
            outbox.hurry(session)
        with self._leased_after(wait) as held:
            return self._drain(held, always)

    def rebuild(self, *, wait: Callable[[], None], progress: Callable[[int, int], None]) -> int:
        """Make the whole index anew from the database beside the present one, then swap.

        Calls `progress(groups just done, groups in all)`. Returns the number of groups.
        """
        with self._leased_after(wait) as held:
            return self._rebuild(held, progress)

    def repair(self, *, wait: Callable[[], None]) -> None:
        """Bring the groups that differ into the index."""
        with self._leased_after(wait) as held:
            self._check(held)
            self._drain(held, always)

    def drift(self) -> Drift:
        """How the index differs from the database. What is just on its way does not count."""
        on_the_way = [change for change in self.waiting() if not change.attempts]
        return self._drift(but=on_the_way)

    def waiting(self) -> list[Change]:
        """The changes that are not in the index yet; those with attempts have failed before."""
        session = db.session()
        changes = outbox.all_changes(session)
        session.rollback()
        return changes

    # --- the lease ------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _leased(self) -> Iterator[Held | None]:
        """The lease for as long as the block runs, renewed meanwhile; None when another has it."""
        session: Session = db.session()
        busy = leases.holder_of(session, LEASE) is not None
        session.rollback()
        if busy:  # found out by reading: an idle worker must not ask for the write lock all the time
            yield None
            return
        with unit_of_work() as session:
            held = leases.acquire(session, LEASE, holder=leases.new_holder())
        if held is None:
            yield None
            return
        try:
            with leases.kept(db.engine, held):
                yield held
        finally:
            with contextlib.suppress(SQLAlchemyError), unit_of_work() as session:  # else it runs out
                leases.release(session, held)

    @contextlib.contextmanager
    def _leased_after(self, wait: Callable[[], None]) -> Iterator[Held]:
        """The lease, waited for."""
        while True:
            with self._leased() as held:
                if held is not None:
                    yield held
                    return
            wait()

    # --- indexing -------------------------------------------------------------------------------

    def _drain(self, held: Held, go_on: Callable[[], bool]) -> int:
        """Index batch after batch until nothing is due."""
        done = 0
        while go_on():
            session = db.session()
            session.rollback()
            changes = outbox.take(session, limit=BATCH)
            if not changes:
                break
            done += self._index(held, changes)
        db.session().rollback()
        return done

    def _index(self, held: Held, changes: Sequence[Change]) -> int:
        """The three steps for one batch; the number of groups that are in the index now."""
        documents, failed = self._load_groups([change.group for change in changes])
        db.session().rollback()
        if held.lost.is_set():
            raise LeaseLost
        refused: dict[int, Exception] = {}
        try:
            self._put(documents)
        except Exception as error:  # noqa: BLE001 (an engine may raise anything; all is handled)
            if not self._readable():
                log.warning("the index cannot be used and is rebuilt: %s", describe(error))
                return self._rebuild(held)
            documents, refused = self._put_singly(documents)
        failed |= refused
        done = [change for change in changes if change.group in documents]
        self._record(held, done, [(c, failed[c.group]) for c in changes if c.group in failed])
        if len(refused) >= REFUSED_IN_A_ROW and not documents:
            raise refused.popitem()[1]  # not the groups' fault, it seems: let the worker wait
        return len(done)

    def _load_groups(
        self, groups: Sequence[int]
    ) -> tuple[Mapping[int, Sequence[Document]], dict[int, Exception]]:
        """The documents of the groups, and the errors of those that cannot be loaded."""
        session = db.session()
        try:
            loaded = self._load(session, groups)
            return {group: loaded.get(group, ()) for group in groups}, {}
        except Exception as error:
            session.rollback()
            if database_is_away(error):
                raise
            if len(groups) == 1:
                return {}, {groups[0]: error}
        # One group is enough to make all fail: find out which, and go on with the others.
        documents: dict[int, Sequence[Document]] = {}
        failed: dict[int, Exception] = {}
        for group in groups:
            good, bad = self._load_groups([group])
            documents |= good
            failed |= bad
        return documents, failed

    def _put(self, documents: Mapping[int, Sequence[Document]]) -> None:
        present = [document for found in documents.values() for document in found]
        gone = [name_of(group) for group, found in documents.items() if not found]
        if present:
            self.engine.put(present)
        if gone:
            self.engine.remove(gone)

    def _put_singly(
        self, documents: Mapping[int, Sequence[Document]]
    ) -> tuple[dict[int, Sequence[Document]], dict[int, Exception]]:
        """Put each group by itself: those put, and the errors of those that the engine refused.

        When it refuses the first REFUSED_IN_A_ROW, the others are not tried and in neither.
        """
        taken: dict[int, Sequence[Document]] = {}
        refused: dict[int, Exception] = {}
        for group, found in documents.items():
            try:
                self._put({group: found})
                taken[group] = found
            except Exception as error:  # noqa: BLE001 (the reason is kept with the job)
                refused[group] = error
                if len(refused) >= REFUSED_IN_A_ROW and not taken:
                    break
        return taken, refused

    def _record(self, held: Held, done: Sequence[Change], failed: Sequence[tuple[Change, Exception]]) -> None:
        """Delete the rows that are done and put off those that failed, if the lease still holds."""
        with unit_of_work() as session:
            still_held = leases.renew(session, held)
            if still_held:
                outbox.settle(session, done)
                for change, error in failed:
                    outbox.put_off(session, change, describe(error))
            else:
                outbox.changed(session, [change.group for change in done])
        if not still_held:
            raise LeaseLost
        for change, error in failed:
            _log_failure(change, error)

    # --- comparing and rebuilding ---------------------------------------------------------------

    def _check(self, held: Held) -> int:
        """Have the groups that differ indexed anew; the number of groups done by a rebuild."""
        done = 0
        if self._readable():
            drift = self._drift(but=self.waiting())
            if drift.groups:
                log.warning(
                    "index and database differ and are brought together: %d missing, %d stale, %d left over",
                    len(drift.missing),
                    len(drift.stale),
                    len(drift.left_over),
                )
                self._mend(drift)
        else:
            log.warning("the index cannot be read and is rebuilt")
            done = self._rebuild(held)
        self._next_check = clock.now() + CHECK_EVERY
        return done

    def _mend(self, drift: Drift) -> None:
        ours = [int(name) for name in drift.groups if name.isdecimal()]
        foreign = [name for name in drift.groups if not name.isdecimal()]
        if foreign:  # no group of the database is called so: nothing could be loaded for it
            self.engine.remove(foreign)
        with unit_of_work() as session:
            outbox.changed(session, ours)

    def _drift(self, *, but: Sequence[Change]) -> Drift:
        # The index first: what is committed in between is then missing, never left over.
        held = self.engine.versions()
        session = db.session()
        wanted = self._versions(session)
        session.rollback()
        return compare(held, wanted, but=frozenset(name_of(change.group) for change in but))

    def _readable(self) -> bool:
        """Whether the engine can read its index. Any error in it means no: it is only a cache."""
        try:
            self.engine.versions()
        except Exception:  # noqa: BLE001 (whatever it is, the answer is a rebuild)
            return False
        return True

    def _rebuild(self, held: Held, progress: Callable[[int, int], None] | None = None) -> int:
        session: Session = db.session()
        session.rollback()
        changes = outbox.all_changes(session)  # before anything is loaded, as in `_drain`
        groups = [int(name) for name in self._versions(session)]
        failed: dict[int, Exception] = {}

        def _all() -> Iterator[Document]:
            for start in range(0, len(groups), LOAD_AT_ONCE):
                chunk = groups[start : start + LOAD_AT_ONCE]
                documents, bad = self._load_groups(chunk)
                failed.update(bad)
                for found in documents.values():
                    yield from found
                if progress is not None:
                    progress(len(chunk), len(groups))

        try:
            self.engine.replace_all(_all())
        except Exception as error:
            if database_is_away(error) or self._readable():
                raise
            # One document may be the cause. Begin with nothing and put each group by itself.
            self.engine.replace_all(())
            failed = dict.fromkeys(groups, error)
        done = [change for change in changes if change.group not in failed]
        session.rollback()
        with unit_of_work() as session:
            # Those that failed are tried singly, and put off there if they fail again.
            outbox.changed(session, failed.keys() - {change.group for change in changes})
        self._record(held, done, ())
        return len(groups) - len(failed)


def _log_failure(change: Change, error: Exception) -> None:
    """One line at the 1st, 2nd, 4th, 8th … failure: a group may fail every minute for a week."""
    attempts = change.attempts + 1
    if attempts & (attempts - 1) == 0:
        log.warning("group %d cannot be indexed (attempt %d): %s", change.group, attempts, describe(error))
