"""The worker: a loop that does what is due, and outlives the database going away."""

import logging
import os
import signal
import threading
from datetime import timedelta
from types import FrameType

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.db import db, unit_of_work
from portal.jobs import periodic, queue
from portal.jobs.registry import Handlers
from portal.jobs.troubles import database_is_away, describe

POLL = timedelta(milliseconds=200)
TROUBLE_FIRST = 0.5
TROUBLE_LONGEST = 10.0
STOP_PATIENCE = 30
"""Seconds that the job at hand may take once the worker is told to stop; else it is tried again."""

log = logging.getLogger(__name__)


class Worker:
    """Does the jobs of `handlers` until it is stopped. Needs an application context."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers = handlers
        self._stopping = threading.Event()
        self._nudged = threading.Event()
        self._troubles = 0

    def stop(self) -> None:
        """Stop after the job at hand. Safe to call from a signal handler or another thread."""
        self._stopping.set()
        self._nudged.set()

    def wake(self) -> None:
        """Look for work now instead of at the next poll."""
        self._nudged.set()

    def stop_on_signals(self) -> None:
        """Stop on SIGTERM and SIGINT; look for work at once on SIGUSR1."""

        def _stop(_signal: int, _frame: FrameType | None) -> None:
            self.stop()
            signal.alarm(STOP_PATIENCE)  # its default action ends the process

        def _wake(_signal: int, _frame: FrameType | None) -> None:
            self.wake()

        signal.signal(signal.SIGTERM, _stop)
        signal.signal(signal.SIGINT, _stop)
        signal.signal(signal.SIGUSR1, _wake)

    def run(self) -> None:
        """Work until `stop` is called."""
        prepared = False
        while not self._stopping.is_set():
            try:
                if not prepared:
                    self._prepare()
                    prepared = True
                worked = self.round()
            except Exception as error:  # noqa: BLE001 (the worker outlives everything)
                self._trouble(error)
                continue
            if self._troubles:
                log.warning("worker %d goes on", os.getpid())
                self._troubles = 0
            if not worked:
                self._nudged.wait(POLL.total_seconds())
                self._nudged.clear()

    def round(self) -> bool:
        """Do what is due of each batch kind, then one job; whether there was anything to do."""
        worked = False
        for batch in self.handlers.batches.values():
            if self._go_on():
                worked = batch(self._go_on) > 0 or worked
        return (self._go_on() and self._one_job()) or worked

    def _prepare(self) -> None:
        with unit_of_work() as session:
            periodic.ensure(session, self.handlers.periodic)

    def _go_on(self) -> bool:
        return not self._stopping.is_set()

    def _one_job(self) -> bool:
        session: Session = db.session()
        due = queue.next_due(session, [*self.handlers.single, *self.handlers.periodic])
        session.rollback()  # no open snapshot while there is nothing to do
        if due is None:
            return False
        with unit_of_work() as session:
            claim = queue.claim(session, due)
        if claim is not None:
            self._do(claim)
        return True

    def _do(self, claim: queue.Claim) -> None:
        recurring = self.handlers.periodic.get(claim.kind)
        try:
            with unit_of_work() as session:
                if recurring is not None:
                    periodic.run(session, claim, recurring)
                else:
                    queue.finish(session, claim)
                    self.handlers.single[claim.kind](session, claim.payload)
        except queue.ClaimLost as error:
            log.warning("%s", error)
        except Exception as error:
            if database_is_away(error):
                raise  # not the job's fault: its claim runs out, and it is tried again
            log.warning("job %d (%s) failed, attempt %d", claim.id, claim.kind, claim.attempt, exc_info=error)
            with unit_of_work() as session:
                queue.fail(session, claim, describe(error), keep=recurring is not None)

    def _trouble(self, error: Exception) -> None:
        """Wait after a round that could not be done, longer each time; one line for all of them."""
        db.session.rollback()
        if database_is_away(error):
            db.engine.dispose()  # its connections are of no use any more
        self._troubles += 1
        if self._troubles == 1:
            trace = None if isinstance(error, DBAPIError) else error
            log.warning("worker %d waits: %s", os.getpid(), describe(error), exc_info=trace)
        pause = min(TROUBLE_FIRST * 2 ** (self._troubles - 1), TROUBLE_LONGEST)
        self._stopping.wait(pause)
