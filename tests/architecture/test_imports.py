"""The order of the rooms, checked by import-linter with the contracts in pyproject.toml."""

import shutil

import pytest

from tests.support.code import ROOT


def test_contracts_hold(run_tool):
    result = run_tool("lint-imports", "--no-logo")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture
def copy(tmp_path):
    """A copy of the package and its contracts, to break."""
    shutil.copytree(
        ROOT / "portal",
        tmp_path / "portal",
        ignore=shutil.ignore_patterns("__pycache__", "static", "templates"),
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


OFFENCES = {
    "a room imports one above it": ("portal/accounts/services.py", "import portal.articles.models", "rooms"),
    "a room without a place": ("portal/newroom/__init__.py", "", "rooms"),
    "services import forms": (
        "portal/accounts/services.py",
        "import portal.accounts.forms",
        "inside-accounts",
    ),
    "models import flask": ("portal/accounts/models.py", "import flask", "no-web-below-views"),
    "services import the web room": (
        "portal/articles/services.py",
        "import portal.web.pages",
        "no-web-below-views",
    ),
    "a second module speaks to whoosh": ("portal/search/views.py", "import whoosh.index", "whoosh"),
    "a room names an engine": ("portal/search/views.py", "import portal.indexing.memory_engine", "engines"),
    "the portal imports its deployment": ("portal/web/pages.py", "import config", "no-deployment"),
}


@pytest.mark.parametrize("offence", OFFENCES)
def test_contracts_break(copy, run_tool, offence):
    path, line, contract = OFFENCES[offence]
    target = copy / path
    target.parent.mkdir(exist_ok=True)
    target.write_text(
        (target.read_text(encoding="utf-8") if target.exists() else "") + f"\n{line}\n", encoding="utf-8"
    )
    result = run_tool("lint-imports", "--no-logo", "--no-cache", "--contract", contract, cwd=copy)
    assert "BROKEN" in result.stdout, result.stdout + result.stderr
    assert result.returncode == 1
