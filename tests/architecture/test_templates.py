"""Rules of the templates and scripts: nothing inline, nothing marked as safe, nothing from elsewhere."""

import re

import pytest

from tests.support.code import ROOT

TEMPLATES = sorted((ROOT / "portal" / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "portal" / "static").rglob("*.js"))
STYLES = sorted((ROOT / "portal" / "static").rglob("*.css"))

IN_TEMPLATES = {
    "inline script": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "inline style": re.compile(r"<style\b|\sstyle\s*=", re.IGNORECASE),
    "event attribute": re.compile(r"\son[a-z]+\s*=\s*[\"'{]", re.IGNORECASE),
    "marked as safe": re.compile(r"\|\s*safe\b|autoescape\s+false", re.IGNORECASE),
    "from elsewhere": re.compile(r"(?:src|action|data)\s*=\s*[\"']?(?:https?:)?//", re.IGNORECASE),
}
IN_SCRIPTS = {
    "text run as code": re.compile(r"\beval\(|new Function\(|document\.write|setTimeout\(\s*[\"'`]"),
    "from elsewhere": re.compile(r"[\"'`](?:https?:)?//[a-z]"),
}
IN_STYLES = {"from elsewhere": re.compile(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//")}

OFFENCES = {
    "inline script": "<script>alert(1)</script>",
    "inline style": '<p class="x" style="color: red">',
    "event attribute": '<body onload="go()">',
    "marked as safe": "{{ body | safe }}",
    "from elsewhere": '<img src="//example.com/x.png">',
}


def found(files, patterns):
    return [
        f"{path.relative_to(ROOT)}:{number}: {name}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for name, pattern in patterns.items()
        if pattern.search(line)
    ]


@pytest.mark.parametrize(
    ("files", "patterns"),
    [(TEMPLATES, IN_TEMPLATES), (SCRIPTS, IN_SCRIPTS), (STYLES, IN_STYLES)],
    ids=["templates", "scripts", "styles"],
)
def test_nothing_inline_unsafe_or_foreign(files, patterns):
    assert files
    assert found(files, patterns) == []


@pytest.mark.parametrize("name", OFFENCES)
def test_offences_are_found(name):
    assert IN_TEMPLATES[name].search(OFFENCES[name])


def test_every_template_compiles(app):
    for path in TEMPLATES:
        app.jinja_env.get_template(path.relative_to(ROOT / "portal" / "templates").as_posix())
