"""Links, tags of other programs and site addresses: found where they stand, changed and nothing else."""

import itertools
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal import markdown
from portal.articles.transfer import anchors, links, liquid, sitemap
from portal.articles.transfer.links import Unlink, rewrite
from portal.articles.transfer.regions import Regions

TEXT = """A [b](c.md "title") and [x [y] z](<a b.md>) `[no](code.md)` ![i](p.png)
[![alt](in.png)](out.md) \\[n](o.md) [w](http://en.wikipedia.org/wiki/A_(b)) [q](a\\)b.md)
[ref][One] [one] [one][] [multi
line](tgt.md
 "title") <a class="x" href="h.md">q</a> <img src='z.png' alt="Z"> [e]()

[one]: ref.md "T"
[^1]: note

```
[f](fence.md)
```

~~~~
[f](tildes.md)
~~~
[f](still.md)
~~~~
<!-- [c](comment.md) -->
"""


def addresses(text):
    return [link.address for link in links.found(text)]


# --- links -------------------------------------------------------------------------------------


def test_links_are_found_outside_code():
    assert addresses(TEXT) == [
        *("c.md", "a b.md", "p.png", "in.png", "out.md", "http://en.wikipedia.org/wiki/A_(b)", "a)b.md"),
        *("tgt.md", "", "ref.md", "h.md", "z.png"),
    ]


def test_keeping_every_link_keeps_the_text():
    assert rewrite(TEXT, lambda _link: None) == TEXT


def test_new_addresses_stand_where_the_old_ones_did():
    new = rewrite(TEXT, lambda link: f"/n/{link.address}" if link.address.endswith(".md") else None)
    assert new == (
        TEXT.replace("(c.md", "(/n/c.md")
        .replace("<a b.md>", "</n/a b.md>")
        .replace("(out.md)", "(/n/out.md)")
        .replace("(a\\)b.md)", "(</n/a)b.md>)")
        .replace("(tgt.md", "(/n/tgt.md")
        .replace(": ref.md", ": /n/ref.md")
        .replace('"h.md"', '"/n/h.md"')
    )


def test_links_that_go_leave_their_text():
    assert rewrite(TEXT, lambda link: Unlink("(P)" if link.image else "")).splitlines()[:6] == [
        "A b and x [y] z `[no](code.md)` (P)",
        "(P) \\[n](o.md) w q",
        "ref one one multi",
        'line <a class="x" >q</a> <img  alt="Z"> e',
        "",
        "[^1]: note",
    ]


def test_label_of_a_made_link_is_plain_text():
    made = links.markdown_link("a [b] \\", "x y")
    assert made == "[a \\[b\\] \\\\](<x y>)"
    assert addresses(made) == ["x y"]


@pytest.mark.parametrize(
    "part",
    [
        "[",
        "[a](",
        "[a](<",
        "<a ",
        '[a](b "',
        "\n[a]: ",
        "``",
        "[a][b]",
        "](",
        "![",
        "<!--",
        "(y",
        "{% a ",
        "{{ ",
        "\n```",
        "<h1>",
        "<",
        " ",
        "# ",
        "- ",
        "\n# {#a",
        "_",
        "*",
        "{#",
    ],
)
def test_broken_text_takes_no_time(part):
    text = "[a](" + part * (100_000 // len(part)) + "\n\n[b]: x"
    began = time.monotonic()
    rewrite(text, lambda _link: Unlink())
    liquid.to_markdown(text, title="")
    anchors.in_markdown(f"# {text}\n\n{part * (100_000 // len(part))}\n===\n")
    assert time.monotonic() - began < 10  # a look at each place: quadratic would take minutes


PIECES = st.lists(
    st.sampled_from(
        [
            "[",
            "]",
            "(",
            ")",
            "![",
            "a",
            " ",
            "\n",
            "\n\n",
            "`",
            "```\n",
            "<",
            ">",
            "\\",
            '"',
            "x.md",
            "[x]: y\n",
            "<!--",
            "-->",
        ]
    ),
    max_size=40,
).map("".join)


@settings(deadline=None)
@given(PIECES)
def test_any_text_stays_what_it_is_when_links_are_kept_or_turned_and_back(text):
    assert rewrite(text, lambda _link: None) == text
    turned = rewrite(text, lambda link: f"/q/{link.address}" if link.address == "x.md" else None)
    back = rewrite(turned, lambda link: "x.md" if link.address == "/q/x.md" else None)
    assert len(addresses(turned)) == len(addresses(text))
    assert back.replace("<x.md>", "x.md") == text.replace("<x.md>", "x.md")
    spans = Regions(text).spans
    assert all(start < end <= len(text) for start, end in spans)
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(spans))


# --- Liquid ------------------------------------------------------------------------------------


def plain(text, title="T"):
    return liquid.to_markdown(text, title=title)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[a]({% page "travel/fmla" %}#x)', "[a](/travel/fmla#x)"),
        ('[a]({% page\n  "/x/" %})', "[a](/x/)"),
        ('[a]({%page "/x/" %})', "[a](/x/)"),
        ('{%- link "https://a.example/b" -%}', "https://a.example/b"),
        ("{% link _posts/x.md %}", "/_posts/x.md"),
        ("[a]({{ site.baseurl }}/x/)", "[a](/x/)"),
        ("[a]({{base.baseurl}}/x/)", "[a](/x/)"),
        ('[a]({{ "/x/" | relative_url }})', "[a](/x/)"),
        ("{{ page.title }}", "T"),
        ("a{% comment %}b [c](d){% endcomment %}e", "ae"),
        (
            'Ask {% slack_channel "it" %} or {% slack_channel "hr" "the HR channel" %}.',
            "Ask #it or the HR channel.",
        ),
        ('{% image "_img/a.png" "An [a]" %}', "![An \\[a\\]](</_img/a.png>)"),
        ('{% image_with_class "a.png" "wide" "Alt" %}', "![Alt](</a.png>)"),
        ('{% image "a.png" %}', "![](</a.png>)"),
        ('[a]({% download "f/x.pdf" %})', "[a](/f/x.pdf)"),
        ("{% highlight ruby %}\nx = 1\n{% endhighlight %}", "```ruby\nx = 1\n```"),
        ("{% alert %}\nA\n\nB\n{% endalert %}", '!!! info ""\n    A\n\n    B\n'),
        ('{% alert "Say "hi"", "warning" %}A{% endalert %}', '!!! warning "Say "\n    A\n'),
        ('- x\n  {% alert "H", "error" %}\n  A\n  {% endalert %}', '- x\n  !!! danger "H"\n      A\n'),
        ('{% raw %}{% page "x" %}{% endraw %}', '{% page "x" %}'),
        ("```\n{% raw %}{{ x }}{% endraw %}\n```", "```\n{{ x }}\n```"),
        ('`{{ "{%include%}" }}`', "`{%include%}`"),
        ("```\n{% include x %} {{ secrets.X }}\n```", "```\n{% include x %} {{ secrets.X }}\n```"),
        ('{% page "a" %} `{% slack_channel "b" %}`', "/a `#b`"),
        ('`{% slack_channel "b" %}`', '`{% slack_channel "b" %}`'),
        ("100 % {of} {a} {{", "100 % {of} {a} {{"),
    ],
)
def test_tags_become_what_they_show(text, expected):
    found = plain(text)
    assert found.text == expected
    assert found.left_out == []


@pytest.mark.parametrize(
    ("text", "expected", "left_out"),
    [
        ('a\n{% include "x.html" %}\nb', "a\n\nb", [(2, '{% include "x.html" %}')]),
        ("{% if a %}b{% endif %}", "b", [(1, "{% if a %}"), (1, "{% endif %}")]),
        ("{{ site.name }}", "", [(1, "{{ site.name }}")]),
        ("\n\n{% alert %}\nA", "\n\n\nA", [(3, "{% alert %}")]),
        ("{% raw %}x", "x", [(1, "{% raw %}")]),
        ("x{% endalert %}", "x", [(1, "{% endalert %}")]),
    ],
)
def test_what_cannot_be_shown_goes_and_is_told(text, expected, left_out):
    found = plain(text)
    assert (found.text, found.left_out) == (expected, left_out)


# --- addresses ---------------------------------------------------------------------------------

PAGES = [
    "index.md",
    "about.md",
    "tools/index.md",
    "tools/slack.md",
    "tools/slack/guidelines.md",
    "tools/slack/user-management.md",
    "handbook/handbook.md",
    "Docs/Große Datei.markdown",
    "a/README.md",
]


@pytest.fixture
def site():
    old = {"about.md": ["/about-us/", "https://x.example/us-all/?q"], "tools/slack.md": ["/tools/"]}
    return sitemap.build(PAGES, ["img/a b.png", "tools/slack/x.pdf"], old)


@pytest.mark.parametrize(
    ("address", "path", "expected"),
    [
        ("slack.md", "tools/index.md", "tools/slack.md"),
        ("slack/guidelines.md#x", "tools/slack.md", "tools/slack/guidelines.md"),
        ("../about.md", "tools/slack.md", "about.md"),
        ("../about.html", "tools/slack.md", "about.md"),
        ("guidelines/", "tools/slack.md", "tools/slack/guidelines.md"),  # as a site shows it
        ("../user-management/#y", "tools/slack/guidelines.md", "tools/slack/user-management.md"),
        ("../", "tools/slack/guidelines.md", "tools/slack.md"),
        ("user-management", "tools/slack/guidelines.md", "tools/slack/user-management.md"),  # as files lie
        ("/tools/slack/", "about.md", "tools/slack.md"),
        ("/tools/", "about.md", "tools/index.md"),  # a page's own address beats an old one
        ("/about-us/", "tools/slack.md", "about.md"),
        ("/us-all", "tools/slack.md", "about.md"),
        ("/handbook/", "about.md", "handbook/handbook.md"),
        ("/", "tools/slack.md", "index.md"),
        ("/a/", "about.md", "a/README.md"),
        ("/docs/gro%C3%9Fe%20datei", "about.md", "Docs/Große Datei.markdown"),
        ("img/a%20b.png", "about.md", "img/a b.png"),
        ("../img/A b.png?raw=true", "tools/slack.md", "img/a b.png"),
        ("x.pdf", "tools/slack/guidelines.md", "tools/slack/x.pdf"),
    ],
)
def test_address_leads_to_the_page_or_file(site, address, path, expected):
    found = site.resolve(address, path=path)
    assert (found.kind, found.path) == ("page" if expected in PAGES else "file", expected)
    assert found.fragment == address.partition("#")[2]


@pytest.mark.parametrize(
    "address",
    [
        "https://a.example/x.md",
        "mailto:a@b.example",
        "//a.example",
        "#here",
        "",
        "tel:112",
        "?q=1",
        "who@gsa.gov",
    ],
)
def test_addresses_elsewhere_are_left_alone(site, address):
    assert site.resolve(address, path="about.md") == sitemap.ELSEWHERE


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("gone.md", "no such page"),
        ("../../../etc/passwd", "leads out of the folder"),
        ("..%2f..%2f..%2fetc/passwd", "leads out of the folder"),
        ("/../etc/passwd", "leads out of the folder"),
        ("/gone/#x", "no such page"),
        ("http:////[x", None),
        ("x\0.md", "leads out of the folder"),
        ("/x://[", "no such page"),
    ],
)
def test_addresses_that_lead_nowhere_say_why(site, address, reason):
    found = site.resolve(address, path="tools/slack.md")
    if reason is None:
        assert found == sitemap.ELSEWHERE
    else:
        assert found.kind == "nowhere"
        assert reason in found.path


def test_addresses_of_articles_are_known_as_such(site):
    assert site.resolve("/articles/reset-it#x", path="about.md") == sitemap.Target("article", "reset-it", "x")


def test_no_address_leads_out_of_the_folder(site):
    for dots in range(1, 8):
        for tail in ("", "etc", "etc/passwd", "about.md"):
            found = site.resolve("../" * dots + tail, path="tools/slack/guidelines.md")
            assert not re.match(r"\.\.|/", found.path)


# --- anchors -------------------------------------------------------------------------------------

HEADINGS = """## Plain

Under *line*
===

# With `code`, *marks*, __more__ and snake_case_name #

> ### In a quote

- #### In an item

## [Link](x(y).md) ![alt](p.png) <b>bold</b> &amp; \\*star\\*

## Plain

## Own {#Own_Name}

<h3 class="x">Raw <i>one</i></h3>

## Größe & Maß?

```
## Not this
```

##No space
"""


def test_anchors_are_those_that_the_renderer_makes():
    assert anchors.in_markdown(HEADINGS).ids == anchors.in_html(markdown.render(HEADINGS).html).ids
    assert len(anchors.in_markdown(HEADINGS).ids) == 10


@pytest.mark.parametrize(
    ("fragment", "written"),
    [
        ("plain", "plain"),
        ("plain-2", "plain-2"),
        ("Plain", "Plain"),
        ("s-plain", "s-plain"),
        ("gr%C3%B6%C3%9Fe--ma%C3%9F", "gr%C3%B6%C3%9Fe--ma%C3%9F"),
        ("grosse-und-mass", None),
        ("größe-and-maß", "grösse-mass"),
        ("own-name", "own_name"),
        ("own", "own_name"),
        ("not-this", None),
    ],
)
def test_fragments_of_other_programs_find_the_heading(fragment, written):
    assert anchors.in_markdown(HEADINGS).find(fragment) == written
