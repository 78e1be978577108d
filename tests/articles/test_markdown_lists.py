"""Lists as people write them: what CommonMark nests is nested on the page."""

import pytest

from portal.markdown import engine
from portal.markdown.lists import normalise
from tests.support.html import parse, text_of

BLOCKS = {"ul", "ol", "pre", "blockquote", "table", "p", "hr"}


def outline(text):
    """The lists of a text as nested Python lists: an item is its own text and the blocks below it."""
    html = engine.convert(text)["html"]
    body = parse(f"<!doctype html><html lang=en><title>x</title><body>{html}").root.find("body")
    return [_block(node) for node in body.iter() if node in list(body)]


def _block(node):
    if node.tag in ("ul", "ol"):
        return {node.tag: [_item(item) for item in node]}
    if node.tag == "div":
        return [_block(child) for child in node]
    return f"{node.tag}: {text_of(node)}"


def _item(item):
    own = [item.text or ""]
    below = []
    for child in item:
        if child.tag in BLOCKS | {"div"}:
            below.append(_block(child))
        else:
            own.append(text_of(child))
        own.append(child.tail or "")
    text = " ".join("".join(own).split())
    return [text, *below] if below else text


@pytest.mark.parametrize("step", [2, 3, 4], ids="{} columns".format)
def test_nesting_by_any_usual_step(step):
    text = "- a\n" + " " * step + "- b\n" + " " * 2 * step + "- c\n" + " " * step + "- d\n- e"
    assert outline(text) == [{"ul": [["a", {"ul": [["b", {"ul": ["c"]}], "d"]}], "e"]}]


CASES = {
    "under a number": ("1. a\n   - b\n2. c", [{"ol": [["a", {"ul": ["b"]}], "c"]}]),
    "two columns under a number are not under it": ("1. a\n  - b", [{"ol": ["a"]}, {"ul": ["b"]}]),
    "right after a paragraph": ("text\n- a\n- b", ["p: text", {"ul": ["a", "b"]}]),
    "a year is no list": ("since\n2019. yes", ["p: since 2019. yes"]),
    "a one is": ("since\n1. yes", ["p: since", {"ol": ["yes"]}]),
    "brackets behind numbers": ("1) a\n2) b", [{"ol": ["a", "b"]}]),
    "kinds beside each other": ("- a\n1. b\n- c", [{"ul": ["a"]}, {"ol": ["b"]}, {"ul": ["c"]}]),
    "text goes on without indent": ("- a\nb\n- c", [{"ul": ["a b", "c"]}]),
    "text goes on under its item": ("- a\n  b\n- c", [{"ul": ["a b", "c"]}]),
    "indented by one": (" - a\n - b", [{"ul": ["a", "b"]}]),
    "paragraph in an item": ("- a\n\n  b\n\nc", [{"ul": [["", "p: a", "p: b"]]}, "p: c"]),
    "item after a paragraph of a nested item": (
        "- a\n  - b\n\n    c\n- d",
        [{"ul": [["", "p: a", {"ul": [["", "p: b", "p: c"]]}], ["", "p: d"]]}],
    ),
    "code in an item": ("1. a\n   ```\n   x\n     y\n   ```\n2. b", [{"ol": [["a", ["pre: x y"]], "b"]}]),
    "quote in an item": ("- a\n  > b\n- c", [{"ul": [["", "p: a", "blockquote: b"], ["", "p: c"]]}]),
    "code by indent is left alone": ("a\n\n    - b", ["p: a", ["pre: - b"]]),
    "rules are rules": ("- a\n\n* * *\n\n- - -\n\n- b", [{"ul": ["a"]}, "hr: ", "hr: ", {"ul": ["b"]}]),
    "underlined heading": ("a\n-\nb\n---", ["h2: a", "h2: b"]),
    "tabs": ("- a\n\t- b", [{"ul": [["a", {"ul": ["b"]}]]}]),
    "windows line ends": ("- a\r\n  - b\r\n", [{"ul": [["a", {"ul": ["b"]}]]}]),
    "empty item": ("- a\n-\n- b", [{"ul": ["a", "", "b"]}]),
    "emphasis is no item": ("*a* b\n**c**", ["p: a b c"]),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_list(text, expected):
    assert outline(text) == expected


def test_numbers_start_where_they_are_written_to():
    assert '<ol start="4">' in engine.convert("4. d\n5. e")["html"]


def test_table_right_after_a_paragraph_and_in_an_item():
    assert engine.convert("a\n| b |\n|---|\n| c |")["html"].count("<table>") == 1
    assert "<li>\n<p>a</p>\n<div" in engine.convert("- a\n  | b |\n  |---|\n  | c |")["html"]


@pytest.mark.parametrize(
    "text",
    [
        "```\n- a\n  - b\n```",
        "~~~ text\n1) a\n~~~",
        "<pre>\n- a\n  - b\n</pre>",
        "    - a\n      - b",
        "!!! note\n    Text\n\n    more",
        "| a |\n|---|\n| - b |",
        "",
    ],
    ids=["fence", "tildes", "raw", "indented", "admonition", "table", "empty"],
)
def test_everything_else_stays_as_it_is(text):
    assert normalise(text) == text


def test_list_in_an_admonition():
    html = engine.convert("!!! tip\n    Do:\n    - a\n      - b\n\nout")["html"]
    assert "<li>a<ul>" in html
    assert html.endswith("</div>\n<p>out</p>")


def test_what_is_normal_form_stays_normal_form():
    text = "- a\n    - b\n        - c\n    - d\n\n1. x\n    - y\n\n    z"
    assert normalise(normalise(text)) == normalise(text)
