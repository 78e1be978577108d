"""Nothing that can run a script leaves the renderer, whatever goes in."""

import json
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.markdown import engine
from tests.support import safe_dom

OWN = Path(__file__).parent / "payloads"

# Places of a text where a payload may be taken for something else.
PLACES = """{0}

## {0}

[{0}]({0} "{0}") ![{0}](<{0}> '{0}') <{0}> `{0}`

[ref]: {0} "{0}"
[ref] [^{0}]

!!! {0} "{0}"
    {0}

??? note "{0}"
    {0}

| {0} | b |
|---|---|
| {0} | {0} |

```{0}
{0}
```

- [ ] {0}
  - {0}

{0}
:   {0}

[^{0}]: {0}

<div {0}>{0}</div>
<a href="{0}" title='{0}' {0}>x</a>
"""


def strings(value):
    """All strings of a JSON document that are payloads."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return strings(value["payload"])
    return [text for item in value for text in strings(item)]


def own(name):
    return strings(json.loads((OWN / name).read_text(encoding="utf-8")))


def check(payloads):
    """Convert each payload, alone and in every place; gives what was wrong, by payload."""
    assert payloads
    return {payload: found for payload in payloads if (found := problems(payload))}


@cache  # some payloads are in several files
def problems(payload):
    clean = payload.encode("utf-8", "replace").decode()
    texts = (clean, PLACES.replace("{0}", clean))
    return [problem for text in texts for problem in safe_dom.problems(engine.convert(text)["html"])]


@pytest.mark.parametrize(
    "bad",
    [
        "<script>x</script>",
        "<p onclick=x>a</p>",
        '<a href="javascript:x">a</a>',
        '<a href=" java\nscript:x">a</a>',
        '<a href="data:text/html,x">a</a>',
        '<a href="vbscript:x">a</a>',
        "<img src=x onerror=y>",
        '<img src="https://x.example/a.png">',
        '<img src="//x.example/a.png">',
        '<img src="\\\\x.example/a.png">',
        '<p style="color:red">a</p>',
        "<svg><path/></svg>",
        "<math><mtext>a</mtext></math>",
        '<iframe srcdoc="a"></iframe>',
        "<form><input name=a></form>",
        "<style>a{}</style>",
        "<base href=x>",
        "<object data=x></object>",
        "<template><b>a</b></template>",
        "<!-- a -->",
        "a</div></div>b",
        '<h2 id="main">a</h2>',
        '<h2 id="s-a">a</h2><h2 id="s-a">b</h2>',
        '<p class="x" id="s-a">a</p>',
        '<div tabindex="5">a</div>',
        '<a name="x">a</a>',
        "<h1>a</h1>",
        "<button>a</button>",
        '<meta http-equiv="refresh" content="0">',
        "<details ontoggle=x open>a</details>",
    ],
)
def test_checker_finds(bad):
    assert safe_dom.problems(bad) != []


def test_checker_passes_what_is_good():
    good = (
        '<h2 id="s-a">a</h2><p>b <a href="/c?d#e">f</a> <a href="https://g.example" rel="noopener" '
        'class="external">h</a> <img src="/i.png" alt="" loading="lazy"> &lt;script&gt;</p>'
    )
    assert safe_dom.problems(good) == []


@pytest.mark.parametrize("name", ["markdown_xss.json", "text_field_xss.json"])
def test_own_payloads(name):
    assert check(own(name)) == {}


@pytest.mark.parametrize(
    "name",
    [
        "xss_dompurify.json",
        "xss_owasp_evasion.json",
        "html_bleach_inputs.json",
        "naughty_strings.json",
        "own/markdown_xss.json",
        "own/text_field_xss.json",
    ],
)
def test_payloads_of_others(name, shared_dir):
    payloads = strings(json.loads((shared_dir / "payloads" / name).read_text(encoding="utf-8")))
    assert check(payloads) == {}


def test_all_examples_of_commonmark_are_shown(shared_dir):
    examples = json.loads((shared_dir / "payloads/commonmark_spec_examples.json").read_text(encoding="utf-8"))
    assert len(examples) > 600
    wrong = {}
    for example in examples:
        found = safe_dom.problems(engine.convert(example["markdown"])["html"])
        if found:
            wrong[example["markdown"]] = found
    assert wrong == {}


PIECES = r"""
# |## |- |1. |> |* |**|_|~~|`|```|```html|~~~|!!! note|??? x|    |[^1]|[^1]: |: |[x]|(|)|<|>|</|&|"|'|=|\
](javascript:alert(1))|&#x6a;|&colon;|<div>|</div>|<svg>|<math>|<mtext>|<style>|<script>|<a href=|<table>|<td>
<img src=x onerror=alert(1)>|<details>|<summary>|<!--|-->|<![CDATA[|]]>|<?|{.x}|{#id}|{: onclick=x}|---|![
<http://|<x@y.z>|http://|:smile:|markdown=1|<input type=checkbox>|[ ] |[x] |javascript:|</p>|<noscript>|<p>
<textarea>|<xmp>|<plaintext>|java script:|data:text/html,|//x.example|<h1 id=main>|<sup id="fn:1">|<title>
www.
"""
MARKS = PIECES.strip().replace("\n", "|").split("|")
MARKS += ["|", "\n", "\n\n", "\t", "| a | b |\n|---|---|\n", "\u202e", '<li id="fn:1">']


@settings(deadline=None, max_examples=300)
@given(st.lists(st.text(max_size=12) | st.sampled_from(MARKS), max_size=25).map("".join))
def test_any_text_becomes_safe(text):
    result = engine.convert(text.encode("utf-8", "replace").decode())
    assert safe_dom.problems(result["html"]) == []
    anchors = [section["anchor"] for section in result["sections"]]
    assert anchors[0] == ""
    assert len(set(anchors)) == len(anchors)
    for anchor in anchors[1:]:
        assert f'id="{anchor}"' in result["html"]
