"""The whole portal as `make run` starts it: ready, restarted, stopped, and nobody left behind."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests.support.code import ROOT
from tests.support.processes import alive, children, command, environment, until


def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def healthy(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().read() == b"ok\n"
    except OSError:
        return False
    finally:
        connection.close()


@pytest.fixture
def serve(app, settings, tmp_path):
    """Starts `flask jobs serve` on the database of this test, and waits for its ready line."""
    started = []

    def _serve(port, *, wait=True):
        log = tmp_path / f"serve{len(started)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "flask", "jobs", "serve", f"--port={port}"],
                cwd=ROOT,
                env=environment(settings),
                stdout=output,
                stderr=output,
            )
        started.append(process)
        portal = SimpleNamespace(process=process, pid=process.pid, port=port, text=log.read_text)
        if wait:
            until(lambda: "The portal is ready" in portal.text() or process.poll() is not None)
            assert process.poll() is None, portal.text()
        return portal

    yield _serve
    for process in started:
        process.kill()
        process.wait()


def part(portal, words):
    """The process directly below the supervisor whose command line has `words`."""

    def _look():
        below = children(portal.pid)
        return next((pid for pid in below if words in command(pid) and f" {portal.pid} " in command(pid)), 0)

    return until(_look)


def test_the_portal_is_served_restarted_and_stopped_as_one(serve, session, people):
    people.ana.sample = True
    session.commit()
    portal = serve(unused_port())
    assert f"The portal is ready at http://127.0.0.1:{portal.port}/" in portal.text()
    until(lambda: "Ask “" in portal.text())
    assert "Sign in with the password lantern-harbour-42 as\n  ana@portal.test" in portal.text()
    assert healthy(portal.port)

    second = serve(portal.port, wait=False)
    assert second.process.wait(timeout=60) == 1
    line = f"Error: Port {portal.port} is in use. Stop the other program or choose another: "
    assert second.text() == f"{line}make run PORT={portal.port + 1}\n"

    worker = part(portal, "flask jobs work")
    os.kill(worker, signal.SIGKILL)
    until(lambda: part(portal, "flask jobs work") != worker)
    assert "The job worker ended (killed by SIGKILL) and is started again" in portal.text()

    server = part(portal, "gunicorn")
    its_workers = until(lambda: children(server))
    os.kill(server, signal.SIGKILL)
    until(lambda: not any(map(alive, its_workers)))
    assert healthy(portal.port)  # a caller waits while the server is started again; nobody is refused

    everybody = until(lambda: len(children(portal.pid)) >= 4 and children(portal.pid))
    portal.process.send_signal(signal.SIGINT)
    assert portal.process.wait(timeout=60) == 0
    assert portal.text().endswith("The portal is stopped.\n")
    assert not any(map(alive, everybody))
    assert not healthy(portal.port)


def test_nobody_outlives_a_supervisor_that_is_killed(serve):
    portal = serve(unused_port())
    everybody = until(lambda: len(children(portal.pid)) >= 4 and children(portal.pid))
    portal.process.kill()
    portal.process.wait()
    until(lambda: not any(map(alive, everybody)))
    assert not healthy(portal.port)
