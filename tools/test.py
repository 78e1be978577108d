"""Everything that CI runs, one part after the other; `make test` calls it.

PostgreSQL and Chromium are the machine's own packages. Where one is missing it is installed if that
needs no password; otherwise its part is left out with one loud line, and with CI=true that fails.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import postgres

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
PYTEST = (PYTHON, "-m", "pytest", "-q")
WORKERS = str(min(os.cpu_count() or 1, 8))
NOT_BROWSER = ("--ignore=tests/browser", "-n", WORKERS, "--dist=worksteal")


def chromium() -> str | None:
    """The browser's program, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def install(package: str) -> None:
    """Try to install a Debian package; says nothing when it cannot."""
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (as_root and not shutil.which("sudo")):
        return
    print(f"portal: installing {package}", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", package]):
        subprocess.run(
            [*as_root, "apt-get", *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            stdin=subprocess.DEVNULL,
            check=False,
        )


def run(title: str, command: Sequence[str], failed: list[str]) -> None:
    """Run one part and note its title when it fails. Its own last line stays the last when it passes."""
    print(f"\n=== {time.strftime('%H:%M:%S')} {title}", flush=True)
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    if code:
        print(f"=== {title}: FAILED", flush=True)
        failed.append(title)


def left_out(what: str, package: str, failed: list[str]) -> None:
    """Say loudly that a part cannot run; in CI that is a failure."""
    print(f"\n!!! LEFT OUT: {what}: {package} is missing and could not be installed !!!", flush=True)
    if os.environ.get("CI"):
        failed.append(f"{what} (left out)")


def main() -> int:
    """Run all parts, also when one fails; 0 when all passed."""
    failed: list[str] = []
    if postgres.programs() is None:
        install("postgresql")
    if chromium() is None:
        install("chromium")
    has_postgres, has_browser = postgres.programs() is not None, chromium() is not None
    run("checks", ("make", "--no-print-directory", "check-only"), failed)
    if not has_postgres:
        left_out("the tests on PostgreSQL", "postgresql", failed)
    if not has_browser:
        left_out("the browser journeys", "chromium", failed)
    coverage = ("--cov", "--cov-report=term", "--cov-report=xml:build/coverage/coverage.xml")
    run("tests on SQLite", (*PYTEST, *NOT_BROWSER, *coverage), failed)
    if has_postgres:
        server = (PYTHON, "tools/postgres.py")
        run("tests on PostgreSQL", (*server, *PYTEST, *NOT_BROWSER), failed)
    if has_browser:
        run("browser journeys", (*PYTEST, "tests/browser"), failed)
    if failed:
        print(f"\nFAILED: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
