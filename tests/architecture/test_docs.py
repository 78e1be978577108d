"""What an operator can set or call is in docs/operations.md."""

import ast
import re

import click
import pytest

from tests.support.code import ROOT

OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
OURS = ("accounts", "content", "index", "jobs", "search")


def variables():
    """The environment variables that config.py reads."""
    tree = ast.parse((ROOT / "config.py").read_text(encoding="utf-8"))
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return sorted(
        text for text in texts if text == "DATABASE_URL" or (text.startswith("PORTAL_") and text.isupper())
    )


def commands(group, path=("flask",)):
    """All commands below a group, as `flask index sync`, with their click commands."""
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


@pytest.mark.parametrize("variable", variables())
def test_every_setting_is_documented(variable):
    assert f"`{variable}`" in OPERATIONS


def test_no_setting_is_documented_that_does_not_exist():
    words = {word.strip("`") for word in OPERATIONS.split() if word.startswith("`PORTAL_")}
    assert {word.rstrip("`,.:;)").partition("=")[0] for word in words} <= set(variables())


def test_every_command_is_documented_and_helps(app):
    listed = [(path, command) for path, command in commands(app.cli) if path.split()[1] in OURS]
    assert listed
    missing = [path for path, _ in listed if f"`{path}" not in OPERATIONS]
    assert missing == []
    assert [path for path, command in listed if not command.help] == []


def test_no_command_is_documented_that_does_not_exist(app):
    existing = {path for path, _ in commands(app.cli)}
    documented = set(re.findall(r"`(flask [a-z]+ [a-z-]+)", OPERATIONS))
    assert documented - existing == set()


def test_every_make_target_is_listed_by_help():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = next(line for line in makefile.splitlines() if line.startswith(".PHONY:")).split()[1:]
    inner = {"check-only", "setup", "setup-dev"}  # steps of the others
    for target in set(targets) - inner:
        assert f"\n{target}:" in makefile
        assert " ## " in next(line for line in makefile.splitlines() if line.startswith(f"{target}:"))
