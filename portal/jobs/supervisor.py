"""Runs the portal's programs as children: starts them, restarts what dies, stops them all.

It holds the listening socket itself and hands it to the web server. So a taken port is found before
anything starts, and while the server is restarted, callers wait in the queue of the socket instead
of being refused.
"""

import contextlib
import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType

LOOK_EVERY = 0.1
BACK_OFF_FIRST = 0.5
BACK_OFF_LONGEST = 10.0
DEATHS_COUNTED = 60.0
"""Seconds for which a child's death counts against it."""
DEATHS_ALLOWED = 5
DEATHS_ALLOWED_AT_START = 2
STOP_PATIENCE = 15.0
BACKLOG = 512

Echo = Callable[[str], None]


class CannotServe(Exception):
    """The portal cannot be started, or not kept running; the message is one line that says why."""


@dataclass(frozen=True, slots=True)
class Program:
    """What a child runs: a Python module and its arguments."""

    name: str
    module: str
    arguments: Sequence[str]
    inherits: Sequence[int] = ()
    """File descriptors that it gets from the supervisor."""


@dataclass(slots=True)
class Child:
    """A program and the process that runs it now, if any."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)
    start_at: float = 0.0

    def start(self) -> None:
        """Start the program in a process group of its own: Ctrl-C reaches the supervisor alone."""
        program = self.program
        self.process = subprocess.Popen(  # noqa: S603 (our own modules)
            [
                sys.executable,
                "-m",
                "portal.jobs.tether",
                str(os.getpid()),
                program.module,
                *program.arguments,
            ],
            pass_fds=program.inherits,
            process_group=0,
            stdin=subprocess.DEVNULL,
        )

    def signal(self, number: signal.Signals, *, group: bool = False) -> None:
        """Send a signal to the process, or to it and all that it has started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                (os.killpg if group else os.kill)(self.process.pid, number)

    def ended(self) -> int | None:
        """The exit status when the process has ended just now, else None."""
        status = self.process.poll() if self.process is not None else None
        if status is not None:
            self.signal(signal.SIGKILL, group=True)  # what it has left behind
            self.process = None
        return status


class Supervisor:
    """Keeps programs running until it is told to stop."""

    def __init__(self, programs: Sequence[Program], *, echo: Echo) -> None:
        self.children = [Child(program) for program in programs]
        self._echo = echo
        self._stops = 0
        self._ready = False
        self._wake = threading.Event()

    def stop(self) -> None:
        """Stop all children; a second time: without waiting for them to finish."""
        self._stops += 1
        self._wake.set()

    def stop_on_signals(self) -> None:
        """Stop on Ctrl-C, SIGTERM, and when the terminal is closed."""

        def _stop(_signal: int, _frame: FrameType | None) -> None:
            self.stop()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _stop)

    def run(self, *, is_ready: Callable[[], bool], on_ready: Callable[[], None]) -> None:
        """Run until stopped; calls `on_ready` once, when `is_ready` says so for the first time.

        Raises CannotServe when a program ends again and again. Leaves no child behind.
        """
        try:
            while not self._stops:
                for child in self.children:
                    self._look_after(child)
                if not self._ready and is_ready():
                    self._ready = True
                    on_ready()
                self._wake.wait(LOOK_EVERY)
        finally:
            self._stop_children()

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        status = child.ended()
        if status is not None:
            pause = self._pause_after(child, status)
            child.start_at = now + pause
            ending = f"The {child.program.name} ended ({_ending(status)})"
            self._echo(f"{ending} and is started again in {pause:g} s.")
        if child.process is None and now >= child.start_at:
            child.start()

    def _pause_after(self, child: Child, status: int) -> float:
        """Seconds to wait before the next start. Raises CannotServe when there is to be none.

        Being killed from outside (for want of memory, by hand) does not count: the program itself
        is well, and a portal that is back soon serves better than one that has given up.
        """
        if status == -signal.SIGKILL:
            return BACK_OFF_FIRST
        now = time.monotonic()
        child.deaths = [death for death in child.deaths if now - death < DEATHS_COUNTED] + [now]
        count = len(child.deaths)
        if count >= (DEATHS_ALLOWED if self._ready else DEATHS_ALLOWED_AT_START):
            raise CannotServe(
                f"The {child.program.name} ended {count} times within a minute ({_ending(status)}). "
                "The reason stands above; the portal is stopped."
            )
        pause: float = min(BACK_OFF_FIRST * 2 ** (count - 1), BACK_OFF_LONGEST)
        return pause

    def _stop_children(self) -> None:
        deadline = time.monotonic() + STOP_PATIENCE
        for child in self.children:
            child.signal(signal.SIGTERM)
        while any(child.process is not None for child in self.children):
            for child in self.children:
                child.ended()
            if time.monotonic() > deadline or self._stops > 1:
                for child in self.children:
                    child.signal(signal.SIGKILL, group=True)
            time.sleep(LOOK_EVERY / 2)


def _ending(status: int) -> str:
    if status >= 0:
        return f"exit code {status}"
    return f"killed by {signal.Signals(-status).name}"


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens at `host:port`. Raises CannotServe with one line on what to do."""
    other = f"choose another: make run PORT={port + 1 if port < 65535 else 8000}"
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotServe(f"Port {port} is in use. Stop the other program or {other}") from error
        if error.errno == errno.EACCES:
            raise CannotServe(f"Port {port} is not free for everyone to use: {other}") from error
        raise CannotServe(f"Cannot listen at {host}, port {port}: {error.strerror}.") from error


def answers(host: str, port: int, *, as_host: str) -> bool:
    """Whether the portal at this address says that it is well."""
    connection = http.client.HTTPConnection(_reachable(host), port, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Host": as_host})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def address(host: str, port: int) -> str:
    """The address for a browser on this machine."""
    shown = _reachable(host)
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"


def _reachable(host: str) -> str:
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
