"""The linter of pages finds each fault that it is for, and nothing on a good page."""

import pytest

from tests.support import lint
from tests.support.html import parse, select, text_of

GOOD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Reset your password – Portal</title></head>
<body><a href="#main">Skip</a><main id="main"><h1>Reset your <em>password</em></h1>
<form method="post" action="/save"><input type="hidden" name="csrf_token" value="x">
<label for="name">Name</label><input id="name" name="name">
<label>Colour <select name="colour"><option>red</option></select></label>
<textarea name="body" aria-label="Text"></textarea><button>Save</button></form>
<form action="/search"><input name="q" aria-label="Search"><button>Search</button></form>
<a href="/"><img src="/logo.svg" alt="Home"></a>
<button><svg aria-label="Open" viewBox="0 0 1 1"></svg></button>
<button aria-label="Close"><svg viewBox="0 0 1 1"><path d="M0 0"/></svg></button>
</main></body></html>"""

FAULTS = {
    "does not parse": ("<em>password</em>", "<em>password"),
    "has no lang": (' lang="en"', ""),
    "has 0 h1": ("h1>", "h2>"),
    "has 2 h1": ("</main>", "<h1>More</h1></main>"),
    "does not start with the h1": ("<title>Reset", "<title>Set"),
    "the h1 is empty": ("Reset your <em>password</em>", " "),
    "follows a heading of level 1": ("</h1>", "</h1><h3>Deep</h3>"),
    "id 'name' is there 2 times": ("</main>", '<p id="name">x</p></main>'),
    "points at no element": ('for="name"', 'for="nane"'),
    "link '#mian' points": ('href="#main"', 'href="#mian"'),
    "<input name='name'> has no label": ('<label for="name">Name</label>', ""),
    "<input name='name'> has no label ": (">Name</label>", "></label>"),
    "<select name='colour'> has no label": ("<label>Colour <select", "<label><select"),
    "<textarea name='body'> has no label": (' aria-label="Text"', ""),
    "inline <script>": ("</main>", "<script>x()</script></main>"),
    "inline <style>": ("</head>", "<style>p{}</style></head>"),
    "style attribute": ("<em>", '<em style="color:red">'),
    "attribute onclick": ("<em>", '<em onclick="x()">'),
    "runs a script": ('<a href="/">', '<a href=" java\nscript:x()">'),
    "from elsewhere": ('src="/logo.svg"', 'src="https://example.com/logo.svg"'),
    "POST form to '/save' has no csrf_token": ('name="csrf_token"', 'name="token"'),
    "GET form": ('method="post"', 'method="get"'),
    "has no alt": (' alt="Home"', ""),
    "<a href='/'> has no text": ('alt="Home"', 'alt=""'),
    "<button href=None> has no text": (' aria-label="Close"', ""),
    "<button href=None> has no text ": ('<svg aria-label="Open"', "<svg"),
}


def test_a_good_page_has_no_problems():
    assert lint.problems(parse(GOOD)) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_found(fault):
    old, new = FAULTS[fault]
    assert old in GOOD
    assert any(fault.strip() in problem for problem in lint.problems(parse(GOOD.replace(old, new))))


@pytest.mark.parametrize(
    ("selector", "count"),
    [
        ("h1", 1),
        ("main em", 1),
        ("main > em", 0),
        ("h1 > em", 1),
        ("#main form[method=post] input", 2),
        ("input[name=q], textarea", 2),
        ('a[href^="/"]', 1),
        ("form[action='/save'] > label > select", 1),
        ("form:first-child", None),
    ],
)
def test_selectors(selector, count):
    root = parse(GOOD).root
    if count is None:
        with pytest.raises(ValueError, match="not understood"):
            select(root, selector)
    else:
        assert len(select(root, selector)) == count


def test_text_is_what_a_person_reads():
    root = parse(
        "<!doctype html><title>t</title><p>One\n <b>two</b><!-- no --><script>no</script> three"
    ).root
    assert text_of(select(root, "p")[0]) == "One two three"
