"""What Markdown becomes on the page."""

import hashlib

import pytest

from portal import markdown
from portal.errors import Invalid
from portal.markdown import engine
from tests.support import safe_dom
from tests.support.html import parse, select, text_of

HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}


def html(text):
    """The HTML of `text`, judged as a browser would read it."""
    result = engine.convert(text)["html"]
    assert safe_dom.problems(result) == []
    return result


def tree(text):
    return parse(f"<!doctype html><html lang=en><title>x</title><body>{html(text)}").root


def anchors(text):
    return [(node.tag, node.get("id")) for node in tree(text).iter() if str(node.tag) in HEADINGS]


# --- headings and their addresses --------------------------------------------------------------


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ("1 2 2", "2 3 3"),
        ("2 3 2", "2 3 2"),
        ("3 3 4", "2 2 3"),
        ("2 4 6", "2 3 4"),
        ("3 2 3", "2 2 3"),
        ("1 2 3 4 5 6", "2 3 4 5 6 6"),
    ],
    ids=["shifted down", "kept", "shifted up", "gaps closed", "falling", "deepest"],
)
def test_headings_start_below_the_title_and_leave_no_gaps(levels, expected):
    text = "\n\n".join(f"{'#' * int(level)} Heading {number}" for number, level in enumerate(levels.split()))
    assert [tag for tag, _ in anchors(text)] == [f"h{level}" for level in expected.split()]


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Reset it on your phone", "s-reset-it-on-your-phone"),
        ("What's new & what isn't?", "s-whats-new-what-isnt"),
        ("Krankmeldung für Übersee", "s-krankmeldung-für-übersee"),
        ("パスワード", "s-パスワード"),
        ("`code` and **bold**", "s-code-and-bold"),
        ("🎉", "s-section"),
        ("main", "s-main"),
        ("Set up {#start}", "s-start"),
        ("x" * 200, "s-" + "x" * 80),
    ],
    ids=["plain", "marks", "umlauts", "other script", "markup", "no letters", "a page's id", "own", "long"],
)
def test_anchor_of_heading(heading, anchor):
    assert anchors(f"## {heading}") == [("h2", anchor)]


def test_own_name_is_not_shown():
    assert text_of(select(tree("## Set up {#start}"), "h2")[0]) == "Set up"


def test_equal_headings_are_numbered():
    assert [anchor for _, anchor in anchors("## Go\n\n## Go\n\n## Go")] == ["s-go", "s-go-2", "s-go-3"]


def test_anchor_stays_when_headings_are_added():
    alone = anchors("## Go\n\n## Go 2")
    more = anchors("## New\n\n## Go\n\n## Go\n\n## Go 2")
    assert [anchor for _, anchor in alone] == ["s-go", "s-go-2"]
    assert [anchor for _, anchor in more] == ["s-new", "s-go", "s-go-3", "s-go-2"]


def test_headings_in_raw_html_are_headings_too():
    assert anchors('<h1 id="main" class="x">Raw</h1>\n\n# Own') == [("h2", "s-raw"), ("h2", "s-own")]


@pytest.mark.parametrize("text", ["##", "## ", "<h2></h2>", "## ![](/a.png)"])
def test_heading_without_text_is_none(text):
    assert anchors(text) == []


def test_mark_without_space_is_no_heading():
    assert html("#it-help is the channel") == "<p>#it-help is the channel</p>"


# --- links and images --------------------------------------------------------------------------


def test_links_within_the_page_find_their_heading():
    page = tree("## What's new?\n\n[a](#whats-new) [b](#what-s-new) [c](#gone)")
    assert [link.get("href") for link in select(page, "a")] == ["#s-whats-new", "#s-whats-new", None]


def test_links_to_sections_of_articles_are_in_our_form():
    page = tree("[a](/articles/vpn#On a Mac) [b](/articles/vpn#s-on-a-mac) [c](/articles/vpn)")
    wanted = ["/articles/vpn#s-on-a-mac", "/articles/vpn#s-on-a-mac", "/articles/vpn"]
    assert [link.get("href") for link in select(page, "a")] == wanted


@pytest.mark.parametrize(
    "address", ["https://a.example/", "http://a.example", "//a.example/x", "/\\a.example"]
)
def test_links_to_other_sites_are_marked(address):
    (link,) = select(tree(f"[x](<{address}>)"), "a")
    assert (link.get("class"), link.get("rel")) == ("external", "noopener")


@pytest.mark.parametrize("address", ["/articles/vpn", "#s-x", "mailto:a@b.example", "tel:+44113"])
def test_own_links_are_not_marked(address):
    assert select(tree(f"## x\n\n[y]({address})"), "a.external") == []


def test_link_without_a_text_shows_its_address():
    assert (
        html("[](/articles/vpn) <a></a> <a name=x></a>")
        == '<p><a href="/articles/vpn">/articles/vpn</a>  </p>'
    )


def test_bare_addresses_are_links():
    page = tree("See https://a.example/b?c=d&e=f or help@a.example.")
    assert [a.get("href") for a in select(page, "a")] == [
        "https://a.example/b?c=d&e=f",
        "mailto:help@a.example",
    ]


def test_image_of_ours_is_lazy_and_has_an_alternative():
    (image,) = select(tree("![](/attachments/1/a.png)"), "img")
    assert (image.get("loading"), image.get("alt")) == ("lazy", "")


@pytest.mark.parametrize("address", ["https://a.example/a.png", "//a.example/a.png"])
def test_image_from_elsewhere_is_a_link(address):
    page = tree(f"![The map]({address})")
    assert select(page, "img") == []
    assert [text_of(link) for link in select(page, "a.external")] == ["The map"]


def test_image_from_elsewhere_in_a_link_is_its_text():
    page = tree("[![](https://a.example/a.png)](/articles/vpn) [![The map](//a.example/a.png)](/b)")
    assert [text_of(link) for link in select(page, "a")] == ["Image on another site", "The map"]
    assert [link.get("href") for link in select(page, "a")] == ["/articles/vpn", "/b"]


def test_resolve_replaces_internal_addresses_only():
    asked = []

    def resolve(address):
        asked.append(address)
        return '/articles/new?a=1&b="2"' if address == "/articles/old" else None

    text = (
        '[a](/articles/old) [b](/articles/keep) [](https://x.y) [](/articles/old) `<a href="/articles/old">`'
    )
    rendered = markdown.render(text, resolve=resolve)
    assert asked == ["/articles/old", "/articles/keep"]
    assert rendered.html.count('href="/articles/new?a=1&amp;b=&quot;2&quot;"') == 2
    assert '&lt;a href="/articles/old"&gt;' in rendered.html
    assert safe_dom.problems(rendered.html) == []


# --- the other parts of a page -----------------------------------------------------------------


def test_table_can_be_scrolled_and_tells_its_headers():
    page = tree("| a | n |\n|---|--:|\n| x | 1 |\n\n|| b |\n|---|---|\n| y | 2 |")
    boxes = select(page, "div.table-box")
    assert [box.get("aria-label") for box in boxes] == ["Table 1", "Table 2"]
    assert {box.get("tabindex") for box in boxes} == {"0"}
    assert [(cell.get("scope"), cell.get("class")) for cell in select(boxes[0], "th")] == [
        ("col", None),
        ("col", "align-right"),
    ]
    assert [text_of(cell) for cell in select(boxes[1], "th")] == ["b"], "an empty header cell is none"


def test_code_is_coloured_by_classes():
    page = tree('```python\nx = "1"\n```\n\n```nosuchlanguage\n<b>\n```')
    first, second = select(page, "pre")
    assert [text_of(part) for part in select(first, "span.s2")] == ['"1"']
    assert text_of(second) == "<b>"
    assert {first.get("tabindex"), second.get("tabindex")} == {"0"}


def test_admonitions_and_details():
    page = tree('!!! warning "Mind the gap"\n    Text.\n\n??? note "More"\n    Hidden.\n\n!!! odd\n    x')
    (box,) = select(page, "div.warning")
    assert text_of(select(box, "p.admonition-title")[0]) == "Mind the gap"
    assert [text_of(part) for part in select(page, "details > summary")] == ["More"]
    assert [box.get("class") for box in select(page, "div.admonition")] == [
        "admonition warning",
        "admonition",
    ]


def test_tasks_say_their_state():
    page = tree("- [ ] order\n- [x] ask")
    assert [mark.get("aria-label") for mark in select(page, "li > span.task")] == ["To do", "Done"]
    assert select(page, "input") == []


def test_definitions_footnotes_and_deletions():
    page = tree("Term\n:   Meaning\n\nText[^1] ~~old~~\n\n[^1]: Note")
    assert [text_of(node) for node in select(page, "dd")] == ["Meaning"]
    assert [node.get("id") for node in select(page, "sup")] == ["fnref:1"]
    assert [node.get("id") for node in select(page, "li")] == ["fn:1"]
    assert [text_of(node) for node in select(page, "del")] == ["old"]


def test_attributes_of_authors_are_not_taken():
    assert html("para\n{: .warning onclick=x }") == "<p>para\n{: .warning onclick=x }</p>"
    assert html("[a](/b){.button} c") == '<p><a href="/b">a</a> c</p>'


def test_any_mark_can_be_written_with_a_backslash():
    assert html(r"\$5 \= \#1") == "<p>$5 = #1</p>"


def test_markdown_within_html_that_asks_for_it():
    page = tree('<details markdown="1">\n<summary>More</summary>\n\n- a\n  - b\n\n</details>')
    assert [text_of(node) for node in select(page, "details li li")] == ["b"]


# --- sections for the index --------------------------------------------------------------------


def test_sections_are_plain_text():
    rendered = markdown.render(
        "Intro *text*\nover lines.\n\n## Do it\n\n1. First `code`\n2. Second[^1]\n\n"
        "### On a Mac\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n#### Deep\n\n"
        "```\nrun  it\nnow\n```\n\n[^1]: Note."
    )
    found = [(s.anchor, s.level, s.heading, s.text) for s in rendered.sections]
    assert found == [
        ("", 0, "", "Intro text over lines."),
        ("s-do-it", 2, "Do it", "First code\nSecond"),
        ("s-on-a-mac", 3, "On a Mac", "a b\n1 2\nDeep\nrun it\nnow\nNote."),
    ]
    assert rendered.words == 21


def test_sections_hold_neither_markup_nor_what_is_not_shown():
    rendered = markdown.render(
        "a <b>b</b> <script>evil()</script> <!-- no --> ![alt text](/x.png) &lt;kept&gt;"
    )
    assert rendered.sections[0].text == "a b alt text <kept>"


def test_empty_text_has_one_empty_section():
    rendered = markdown.render("")
    assert (str(rendered.html), rendered.words, [s.text for s in rendered.sections]) == ("", 0, [""])


def test_plain_gives_the_text_as_it_stands():
    rendered = markdown.plain("**a** <script>\x00 b")
    assert rendered.html == '<pre tabindex="0">**a** &lt;script&gt; b</pre>'
    assert rendered.sections[0].text == "**a** <script> b"


def test_control_characters_and_broken_unicode_are_left_out():
    assert markdown.render("a\x00b\x02\x03c \ud800 d").html == "<p>abc ? d</p>"


def test_too_long_a_text_is_refused():
    with pytest.raises(Invalid) as refused:
        markdown.render("a" * (markdown.MAX_CHARS + 1))
    assert refused.value.fields == {"body": markdown.TOO_LONG}


# --- the version of the output -----------------------------------------------------------------

SAMPLE = """
# Title #here and **strong** `code` ~~del~~ https://x.example/ [in](/articles/a#b "t")
![i](/attachments/1/i.png)

- one
  - two
- [x] done

1) first
   ```sh
   ls -l | wc  # count
   ```

!!! warning "W"
    text

??? tip "T"
    text[^n]

| a | b |
|:-:|---|
| 1 | <b>2</b> |

Term
: Meaning

> quote

## Title

<details><summary>S</summary>raw</details> <kbd>K</kbd> \\$

[^n]: note
"""
OUTPUT = {"1": "550077f01ac6d394"}


def test_a_change_of_the_output_comes_with_a_new_version():
    """Stored renderings are kept per version. When this fails, raise `markdown.RENDERER` and note
    the new hash here (a newer Markdown, Pygments or nh3 may be the reason as well)."""
    result = engine.convert(SAMPLE)
    found = hashlib.sha256(repr((result["html"], result["sections"])).encode()).hexdigest()[:16]
    assert found == OUTPUT[markdown.RENDERER]
