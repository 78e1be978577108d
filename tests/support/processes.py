"""Other processes in tests: waiting for what they do, and for their end."""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from portal.settings import Settings

Found = TypeVar("Found")

PATIENCE = 60.0


def until(look: Callable[[], Found], *, within: float = PATIENCE) -> Found:
    """What `look` finds, asked again and again until it is true; a failed assertion when it never is."""
    deadline = time.monotonic() + within
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {within:.0f} s in vain"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not yet waited for does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def children(pid: int) -> list[int]:
    """The processes that `pid` has started and that run, theirs included, by age."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(path.parent.name))
    found, open_ = [], [pid]
    while open_:
        below = parents.get(open_.pop(), [])
        found += below
        open_ += below
    return sorted(child for child in found if alive(child))


def command(pid: int) -> str:
    """The command line of a process, or nothing when it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def environment(settings: Settings) -> dict[str, str]:
    """The environment in which `config.from_env` gives settings like these."""
    return dict(os.environ) | {
        "FLASK_APP": "wsgi",
        "PORTAL_ENV": settings.environment,
        "PORTAL_SECRET_KEY": settings.secret_key,
        "PORTAL_DATA": str(settings.data_dir),
        "PORTAL_HOSTS": ",".join(settings.allowed_hosts),
        "DATABASE_URL": settings.database_url,
        "PYTHONUNBUFFERED": "1",
    }
