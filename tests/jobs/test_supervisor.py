"""The supervisor with small programs in place of the portal's: restarts, gives up, leaves nobody behind."""

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from portal.jobs import supervisor as module
from portal.jobs.supervisor import CannotServe, Program, Supervisor
from tests.support.code import ROOT
from tests.support.processes import alive, children, until

PROGRAMS = {
    "steady": "import time\ntime.sleep(300)\n",
    "broken": "raise SystemExit(3)\n",
    "stubborn": """
        import pathlib, signal, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        pathlib.Path(sys.argv[1]).write_text("started")
        time.sleep(300)
    """,
    "parent": """
        import subprocess, sys, time
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
        time.sleep(300)
    """,
    "elsewhere": """
        import os, sys
        sys.platform = "elsewhere"
        from portal.jobs import tether
        sys.argv = ["tether", str(os.getppid()), "steady"]
        tether.main()
    """,
    "starting": """
        import subprocess, sys
        subprocess.run([sys.executable, "-m", "elsewhere"])
    """,
    "supervising": """
        from portal.jobs.supervisor import Program, Supervisor
        Supervisor([Program("a", "steady", ()), Program("b", "steady", ())], echo=print).run(
            is_ready=lambda: False, on_ready=lambda: None
        )
    """,
}


@pytest.fixture(autouse=True)
def _programs(tmp_path, monkeypatch):
    for name, text in PROGRAMS.items():
        lines = [line.removeprefix("        ") for line in text.strip("\n").splitlines()]
        (tmp_path / f"{name}.py").write_text("\n".join(lines) + "\n")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{tmp_path}")
    monkeypatch.setattr(module, "BACK_OFF_FIRST", 0.01)


class Run:
    """A supervisor at work, with a second thread that acts on it."""

    def __init__(self, *programs):
        self.said = []
        self.ready = 0
        self.supervisor = Supervisor(programs, echo=self.said.append)

    def pid(self, number=0):
        """The process of a child, waited for."""

        def _look():
            process = self.supervisor.children[number].process
            return process is not None and alive(process.pid) and process.pid

        return until(_look)

    def until_stopped(self, act, *, is_ready=lambda: True):
        """Run while `act` acts in a second thread; its end stops the supervisor."""
        errors = []

        def _act():
            try:
                act()
            except BaseException as error:
                errors.append(error)
            finally:
                self.supervisor.stop()

        thread = threading.Thread(target=_act)
        thread.start()
        self.supervisor.run(is_ready=is_ready, on_ready=self._on_ready)
        thread.join()
        assert errors == []

    def _on_ready(self):
        self.ready += 1


def test_all_children_are_started_and_stopped():
    run = Run(Program("one", "steady", ()), Program("two", "steady", ()))
    pids = []
    run.until_stopped(lambda: pids.extend([run.pid(0), run.pid(1)]))
    assert len(set(pids)) == 2
    assert not any(map(alive, pids))
    assert run.said == []


def test_readiness_is_told_once():
    run = Run(Program("one", "steady", ()))
    answers = iter([False, False, True])
    run.until_stopped(lambda: until(lambda: run.ready), is_ready=lambda: next(answers))
    assert run.ready == 1


def test_a_child_that_dies_is_started_again():
    run = Run(Program("clock", "steady", ()))

    def _act():
        until(lambda: run.ready)
        first = run.pid()
        os.kill(first, signal.SIGTERM)
        until(lambda: run.pid() != first)

    run.until_stopped(_act)
    assert run.said == ["The clock ended (killed by SIGTERM) and is started again in 0.01 s."]


def test_a_child_that_is_killed_from_outside_is_always_started_again():
    run = Run(Program("clock", "steady", ()))

    def _act():
        until(lambda: run.ready)
        for _ in range(module.DEATHS_ALLOWED + 2):
            pid = run.pid()
            os.kill(pid, signal.SIGKILL)
            until(lambda pid=pid: run.pid() != pid)

    run.until_stopped(_act)
    assert set(run.said) == {"The clock ended (killed by SIGKILL) and is started again in 0.01 s."}


def test_what_a_killed_child_had_started_is_ended_with_it():
    run = Run(Program("server", "parent", ()))
    grandchildren = []

    def _act():
        until(lambda: run.ready)
        first = run.pid()
        grandchildren.extend(until(lambda: children(first)))
        os.kill(first, signal.SIGKILL)
        until(lambda: run.pid() != first)
        until(lambda: children(run.pid()))
        grandchildren.extend(children(run.pid()))

    run.until_stopped(_act)
    assert len(grandchildren) == 2
    until(lambda: not any(map(alive, grandchildren)))


def test_a_child_that_cannot_start_is_not_tried_for_ever():
    run = Run(Program("web server", "broken", ()), Program("other", "steady", ()))
    with pytest.raises(CannotServe, match=r"The web server ended 2 times within a minute \(exit code 3\)"):
        run.supervisor.run(is_ready=lambda: False, on_ready=run._on_ready)
    assert all(child.process is None for child in run.supervisor.children)


def test_a_child_that_dies_again_and_again_later_is_given_more_tries():
    run = Run(Program("web server", "broken", ()))
    with pytest.raises(CannotServe, match="ended 5 times"):
        run.supervisor.run(is_ready=lambda: True, on_ready=run._on_ready)
    assert len(run.said) == 4


def test_a_child_that_does_not_stop_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "STOP_PATIENCE", 0.1)
    run = Run(Program("stubborn", "stubborn", (str(tmp_path / "mark"),)))
    pids = []

    def _act():
        pids.append(run.pid())
        until((tmp_path / "mark").exists)

    run.until_stopped(_act)
    assert not alive(pids[0])


def test_a_second_stop_does_not_wait(tmp_path):
    run = Run(Program("stubborn", "stubborn", (str(tmp_path / "mark"),)))

    def _act():
        until((tmp_path / "mark").exists)
        run.supervisor.stop()

    run.until_stopped(_act)  # its end is the second


def test_children_do_not_outlive_a_supervisor_that_is_killed():
    process = subprocess.Popen([sys.executable, "-m", "supervising"], cwd=ROOT)
    found = until(lambda: len(children(process.pid)) == 2 and children(process.pid))
    process.kill()
    process.wait()
    until(lambda: not any(map(alive, found)))


def test_where_the_kernel_does_not_tell_children_look_for_themselves():
    process = subprocess.Popen([sys.executable, "-m", "starting"], cwd=ROOT)
    (child,) = until(lambda: children(process.pid))
    until(lambda: len(list(Path(f"/proc/{child}/task").iterdir())) == 2)  # its watching thread runs
    process.kill()
    process.wait()
    until(lambda: not alive(child))


def test_a_program_whose_supervisor_is_gone_already_does_not_start():
    done = subprocess.run([sys.executable, "-m", "portal.jobs.tether", "1", "steady"], cwd=ROOT, check=False)
    assert done.returncode == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=str)
def test_signals_stop(number):
    kept = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    run = Run(Program("one", "steady", ()))
    try:
        run.supervisor.stop_on_signals()
        run.supervisor.run(is_ready=lambda: True, on_ready=lambda: signal.raise_signal(number))
    finally:
        for n, action in kept.items():
            signal.signal(n, action)
    assert run.supervisor.children[0].process is None


# --- listening ------------------------------------------------------------------------------------


def test_a_taken_port_gets_one_clear_line():
    with module.listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(CannotServe) as caught:
            module.listen("127.0.0.1", port)
    assert str(caught.value) == (
        f"Port {port} is in use. Stop the other program or choose another: make run PORT={port + 1}"
    )


def test_a_port_that_needs_more_rights_gets_one_clear_line(monkeypatch):
    def _refuse(*_arguments, **_options):
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "create_server", _refuse)
    with pytest.raises(CannotServe, match=r"Port 80 is not free for everyone to use: .* PORT=81"):
        module.listen("127.0.0.1", 80)


def test_an_address_that_is_not_this_machines_gets_one_clear_line():
    with pytest.raises(CannotServe, match=r"Cannot listen at 192\.0\.2\.1, port 8000"):
        module.listen("192.0.2.1", 8000)


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/"),
        ("0.0.0.0", "http://127.0.0.1:8000/"),
        ("::", "http://[::1]:8000/"),
    ],
    ids=["this machine", "everywhere", "everywhere, IPv6"],
)
def test_the_address_shown_is_one_that_a_browser_here_can_open(host, shown):
    assert module.address(host, 8000) == shown


def test_nobody_there_is_not_ready():
    with module.listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
    assert not module.answers("127.0.0.1", port, as_host="localhost")
