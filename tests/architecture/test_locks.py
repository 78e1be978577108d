"""The locks name every library that was asked for, with hashes, and agree with each other."""

import re

import pytest

from tests.support.code import ROOT

PINNED = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==(\S+)( ; [^\\]+)? \\$", re.MULTILINE)


def lock(name):
    """The pins of a lock: (library, condition) -> version."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return {
        (library.lower(), (condition or "").strip()): version
        for library, version, condition in PINNED.findall(text)
    }


def wanted(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return {re.split(r"[\[=<>~ ]", line)[0].lower() for line in lines if line and line[0] not in "#-"}


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_the_lock_holds_what_is_asked_for(name):
    pins = lock(f"{name}.txt")
    assert wanted(f"{name}.in") <= {library for library, _ in pins}


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_every_pin_has_hashes(name):
    blocks = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / f"{name}.txt").read_text(encoding="utf-8"))
    assert [
        block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block and "==" in block
    ] == []


def test_what_is_tested_is_what_is_run():
    runtime, development = lock("requirements.txt"), lock("requirements-dev.txt")
    assert {pin: version for pin, version in runtime.items() if development.get(pin) != version} == {}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_locks_name_no_address(name):
    assert "://" not in (ROOT / name).read_text(encoding="utf-8")
