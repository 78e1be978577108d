"""The portal as a real process tree with the sample organisation, as `make run` starts it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import config
from portal.app import create_app
from portal.db import db
from tests.support import schema
from tests.support.code import ROOT

READY_SECONDS = 60
FLASK = (sys.executable, "-m", "flask", "--app", "wsgi")


def free_port() -> int:
    """A port of the loopback address that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(folder: Path) -> Iterator[str]:
    """The address of a portal that keeps its data in `folder` and stops at the end."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    environment.pop("DATABASE_URL", None)
    environment |= {"PORTAL_DATA": str(folder / "data"), "PORTAL_ENV": "development"}
    app = create_app(config.from_env(environment))
    with app.app_context():
        schema.bring_up(app)
        db.session.remove()
        db.engine.dispose()
    log = folder / "server.log"
    for words in (("content", "load-sample"), ("index", "sync")):
        done = subprocess.run(
            [*FLASK, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"flask {' '.join(words)}:\n{done.stdout}\n{done.stderr}"
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*FLASK, "jobs", "serve", "--host", "127.0.0.1", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process, log)
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=30)
    assert code == 0, f"the server ended with {code}:\n{log.read_text()}"


def _wait(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/healthz", timeout=5):
            return
        assert process.poll() is None, f"the server ended:\n{log.read_text()}"
        assert time.monotonic() < deadline, f"the server does not answer:\n{log.read_text()}"
        time.sleep(0.1)  # another program's start is nothing that one can wait on
