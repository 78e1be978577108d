"""Rules of the code that no linter knows. Each rule is also shown to find what it is for."""

import pytest

from tests.support import code
from tests.support.code import Module, modules

BELOW_THE_EDGE = ("services", "queries", "documents", "models", "rendering")

PORTAL = modules()
BELOW = [module for module in PORTAL if module.stem in BELOW_THE_EDGE]
SERVICES = [module for module in PORTAL if module.stem == "services"]


def without(*paths):
    return [module for module in PORTAL if module.path not in paths]


RULES = {
    "no import inside a function": (code.imports_in_functions, PORTAL, "def f():\n    import os"),
    "services never end a transaction": (
        code.transactions_ended,
        BELOW,
        "def f(session):\n    session.commit()",
    ),
    "services are given their session": (code.own_sessions, BELOW, "from portal.db import db"),
    "the session comes first": (code.sessions_not_first, SERVICES, "def f(person, session): ..."),
    "one clock": (code.other_clocks, without("portal/clock.py"), "datetime.now(UTC)"),
    "no hooks on the session": (
        code.database_hooks,
        without("portal/db.py"),
        "@event.listens_for(Session, 'after_commit')\ndef f(): ...",
    ),
    "one module makes safe markup": (
        code.markup_made,
        without("portal/markdown/__init__.py"),
        "x = Markup('<b>')",
    ),
    "nothing printed": (code.printed, PORTAL, "print(1)"),
    "at most 400 lines": (lambda module: code.length(module, 400), PORTAL, "x = 1\n" * 401),
}


@pytest.mark.parametrize("rule", RULES)
def test_rule_holds(rule):
    find, where, _ = RULES[rule]
    assert where
    assert [problem for module in where for problem in find(module)] == []


@pytest.mark.parametrize("rule", RULES)
def test_rule_finds_what_it_is_for(rule):
    find, _, offence = RULES[rule]
    assert list(find(Module("portal/example.py", offence)))


@pytest.mark.parametrize(
    "offence",
    [
        "from markupsafe import Markup as M",
        "import flask\nx = flask.render_template_string('')",
        "x = markupsafe.Markup('')",
    ],
    ids=["alias", "template string", "dotted"],
)
def test_safe_markup_is_found_in_other_spellings(offence):
    assert list(code.markup_made(Module("portal/example.py", offence)))


def test_limits_of_functions_are_enforced_by_the_linter(tmp_path, run_tool):
    """Complexity 8 and 30 statements: the linter is asked about functions just over the limits."""
    branches = "".join(f"    if x == {n}:\n        return {n}\n" for n in range(9))
    statements = "    x = 1\n" * 31
    sample = tmp_path / "sample.py"
    sample.write_text(f"def branches(x):\n{branches}\n\ndef statements():\n{statements}", encoding="utf-8")
    found = run_tool("ruff", "check", "--config", "pyproject.toml", "--output-format=concise", str(sample))
    assert "C901" in found.stdout
    assert "PLR0915" in found.stdout
