"""Runs a command with a private PostgreSQL server: `python tools/postgres.py COMMAND …`.

The server is the machine's own package, lives in a temporary folder, listens on a Unix socket in it
alone, and is gone when the command ends. The command finds its address in DATABASE_URL.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

QUICK = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200")
START_SECONDS = 60


def programs() -> Path | None:
    """The folder with initdb and postgres, or None when PostgreSQL is not installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: -float(folder.parent.name))
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def _account() -> dict[str, object]:
    """Whom to run as: PostgreSQL refuses to run as root, so root hands over to somebody else."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            account = pwd.getpwnam(name)
            return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    sys.exit("portal: PostgreSQL does not run as root and there is no account postgres or nobody.")


@contextlib.contextmanager
def server() -> Iterator[str]:
    """A running server; its SQLAlchemy address."""
    binaries = programs()
    if binaries is None:
        sys.exit("portal: PostgreSQL was not found: install its server package.")
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix="portal-pg-", dir="/tmp"))  # a socket's path must be short
    try:
        if account:
            os.chown(folder, account["user"], account["group"])  # type: ignore[arg-type]
        data = folder / "data"
        subprocess.run(
            [
                binaries / "initdb",
                f"--pgdata={data}",
                "--username=portal",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **account,  # type: ignore[call-overload]
        )
        options = ("listen_addresses=", f"unix_socket_directories={folder}", *QUICK)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [binaries / "postgres", "-D", data, *(word for option in options for word in ("-c", option))],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                start_new_session=True,  # Ctrl-C goes to us; we stop the server after the command
                **account,  # type: ignore[call-overload]
            )
        try:
            _wait(process, folder)
            yield f"postgresql+psycopg://portal@/postgres?host={folder}"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(host=str(folder), user="portal", dbname="postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"portal: PostgreSQL did not start:\n{(folder / 'log').read_text()}")
            time.sleep(0.05)
        else:
            return


def main(command: list[str]) -> int:
    """Run the command beside a server; its exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with server() as url:
        return subprocess.run(command, env=os.environ | {"DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
