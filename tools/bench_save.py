"""How long a save takes until it is found: part of `make bench`.

Runs the whole portal (web server and job worker), publishes articles through the browser's forms
and, from the moment the save is acknowledged, searches for each until its address is a result.
"""

import os
import secrets
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from crash_test import PASSWORD, Browser, Portal, prepare, unused_port

SAVES = 30
PATIENCE = 10.0


def main() -> int:
    """0 when every save was found within a second."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name:
        folder = Path(name)
        os.environ.update(
            PORTAL_ENV="development",
            PORTAL_DATA=str(folder / "data"),
            PORTAL_SECRET_KEY=secrets.token_hex(32),
            CRASH_PASSWORD=PASSWORD,
            FLASK_APP="wsgi",
        )
        prepare()
        portal = Portal(unused_port(), folder / "portal.log")
        portal.serve()
        try:
            browser = Browser(portal.port, "bench")
            seconds = [_seconds_until_found(browser, f"Lantern {secrets.token_hex(4)}") for _ in range(SAVES)]
        finally:
            portal.stop()
    p50, p95 = np.percentile(seconds, [50, 95])
    print(f"save to found, {SAVES} saves: p50 {p50:.2f} s, p95 {p95:.2f} s, max {max(seconds):.2f} s")
    return 0 if max(seconds) <= 1 else 1


def _seconds_until_found(browser: Browser, title: str) -> float:
    slug = browser.create(title, "light it")
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        if browser.finds(title, slug):
            return time.monotonic() - began
    sys.exit(f"{title} was not found within {PATIENCE:.0f} s.")


if __name__ == "__main__":
    sys.exit(main())
