"""Setting up and serving on machines where something is missing: each says one clear line."""

import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.support.code import ROOT

BASICS = ("sh", "dirname", "cat", "rm", "id", "cksum", "pwd", "make", "env")


@pytest.fixture
def machine():
    """A fresh folder with the set-up and a PATH with the basic programs alone; extend it by `add`."""
    with tempfile.TemporaryDirectory(prefix="portal-machine-") as place:
        root = Path(place)
        root.chmod(0o755)  # for everybody on this machine: one test runs as somebody else
        folder, programs = root / "clone", root / "bin"
        shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("requirements.txt", "requirements-dev.txt", "Makefile"):
            shutil.copy(ROOT / name, folder)
        programs.mkdir()
        for name in BASICS:
            if found := shutil.which(name):
                (programs / name).symlink_to(found)
        yield Machine(folder, programs)


class Machine:
    def __init__(self, folder, programs):
        self.folder = folder
        self.programs = programs

    def add(self, name, script, to=None):
        """A program of this name that is a shell script."""
        path = (to or self.programs) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)

    def run(self, *command, **options):
        return subprocess.run(
            command or ["tools/setup", "runtime"],
            cwd=self.folder,
            env={"PATH": str(self.programs)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            **options,
        )


def one_line(result, text):
    assert result.returncode != 0
    lines = result.stderr.strip().splitlines()
    lines = [line for line in lines if not line.startswith("make")]
    assert len(lines) == 1, result.stderr
    assert text in lines[0]
    assert lines[0].startswith("portal: ")


def test_no_python(machine):
    one_line(machine.run(), "Python 3.11 or newer is needed and was not found")


def test_no_python_through_make(machine):
    one_line(machine.run("make", "run"), "Python 3.11 or newer is needed and was not found")


def test_an_old_python(machine):
    machine.add("python3", 'case "$2" in *version_info*) exit 1 ;; esac; echo Python 3.9.2')
    one_line(machine.run(), "Python 3.11 or newer is needed and was not found")


def test_a_newer_python_beside_an_old_one_is_taken(machine):
    machine.add("python3", "exit 1")
    machine.add("python3.12", 'case "$2" in *ensurepip*) exit 1 ;; esac')
    one_line(machine.run(), "this Python has no venv module")


def test_a_named_python_that_is_none(machine):
    result = subprocess.run(
        ["tools/setup", "runtime"],
        cwd=machine.folder,
        env={"PATH": str(machine.programs), "PYTHON": "/no/such/python"},
        capture_output=True,
        text=True,
        check=False,
    )
    one_line(result, "PYTHON=/no/such/python is not Python 3.11 or newer")


def test_no_venv_module(machine):
    machine.add("python3", 'case "$2" in *ensurepip*) exit 1 ;; esac')
    one_line(machine.run(), "this Python has no venv module: install it")


def test_a_read_only_folder(machine):
    machine.folder.chmod(0o555)
    other = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    one_line(machine.run(**other), "this folder is read-only")


def test_what_is_installed_is_not_installed_again(machine):
    """The lock's mark is kept; only another lock or another Python installs anew."""
    called = machine.folder / "called"
    machine.add(
        "python",
        f'case "$*" in *"pip install"*) echo "$*" >>{called} ;; --version) echo Python 3.12.1 ;; esac',
        to=machine.folder / ".venv" / "bin",
    )
    for _ in range(2):
        assert machine.run().returncode == 0
    assert "--require-hashes" in called.read_text(encoding="utf-8")
    assert called.read_text(encoding="utf-8").count("requirements.txt") == 1
    with (machine.folder / "requirements.txt").open("a", encoding="utf-8") as lock:
        lock.write("# changed\n")
    assert machine.run().returncode == 0
    assert called.read_text(encoding="utf-8").count("requirements.txt") == 2


def test_the_development_lock_holds_the_runtime_too(machine):
    machine.add(
        "python",
        'case "$*" in *"pip install"*dev.txt) ;; *"pip install"*) exit 1 ;; --version) echo 3.12 ;; esac',
        to=machine.folder / ".venv" / "bin",
    )
    assert machine.run("tools/setup", "dev").returncode == 0
    (machine.folder / ".venv" / "bin" / "python").write_text(
        '#!/bin/sh\ncase "$*" in *"pip install"*) exit 1 ;; --version) echo 3.12 ;; esac\n', encoding="utf-8"
    )
    assert machine.run("tools/setup", "runtime").returncode == 0


def test_a_failed_installation_is_tried_again(machine):
    machine.add(
        "python",
        'case "$*" in *"pip install"*) exit 1 ;; --version) echo 3.12 ;; esac',
        to=machine.folder / ".venv" / "bin",
    )
    for _ in range(2):
        result = machine.run()
        assert result.returncode == 1
        assert "the libraries could not be installed" in result.stderr


def port(*arguments):
    return subprocess.run(
        [sys.executable, "tools/port.py", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_a_free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = str(probe.getsockname()[1])
    assert port("127.0.0.1", free).returncode == 0


def test_a_taken_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = str(taken.getsockname()[1])
        one_line(port("127.0.0.1", number), f"127.0.0.1:{number} is taken by another program")


@pytest.mark.parametrize("wrong", ["none", "0", "65536", "-1"])
def test_no_port(wrong):
    one_line(port("127.0.0.1", wrong), f"PORT={wrong} is no port")


def test_an_address_of_another_machine():
    one_line(port("192.0.2.1", "8000"), "is not an address of this machine")


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        ("PORTAL_ENV", "staging", "PORTAL_ENV is 'staging'"),
        ("PORTAL_DATA", "/proc/no/such/folder", "No such file or directory"),
        (
            "DATABASE_URL",
            "sqlite:////no/such/folder/x.sqlite3",
            "the database in DATABASE_URL cannot be used",
        ),
    ],
    ids=["setting", "folder", "database"],
)
def test_what_cannot_be_prepared(tmp_path, variable, value, text):
    environment = {"PATH": os.environ["PATH"], "PORTAL_DATA": str(tmp_path), variable: value}
    result = subprocess.run(
        [sys.executable, "tools/prepare.py"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    one_line(result, text)


def test_make_help_lists_every_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {line.split(":")[0] for line in makefile.splitlines() if ": " in line and " ## " in line}
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in listed.splitlines() if line.startswith("  make ")} == targets
    assert targets >= {"help", "run", "test", "check", "format", "e2e", "lock"}
