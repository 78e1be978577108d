"""A strict look at HTML that was made of a person's text: what a browser would build of it.

It shares nothing with the sanitiser: its lists are written down a second time, on purpose.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import html5lib

XHTML = "{http://www.w3.org/1999/xhtml}"
PLAIN = """
abbr b blockquote br caption cite code dd del dfn dl dt em figcaption figure hr i ins kbd mark q s samp small
strong sub summary sup table tbody tfoot thead tr u var wbr
"""
ELEMENTS: dict[str, frozenset[str]] = {
    **dict.fromkeys(PLAIN.split(), frozenset[str]()),
    **{f"h{level}": frozenset({"id"}) for level in range(2, 7)},
    "a": frozenset({"href", "title", "rel", "class"}),
    "abbr": frozenset({"title"}),
    "details": frozenset({"open", "class"}),
    "div": frozenset({"class", "role", "tabindex", "aria-label"}),
    "img": frozenset({"src", "alt", "title", "width", "height", "loading", "decoding"}),
    "li": frozenset({"class", "id"}),
    "ol": frozenset({"start"}),
    "p": frozenset({"class"}),
    "pre": frozenset({"tabindex"}),
    "span": frozenset({"class", "role", "aria-label"}),
    "sup": frozenset({"id", "class"}),
    "td": frozenset({"colspan", "rowspan", "class"}),
    "th": frozenset({"colspan", "rowspan", "class", "scope"}),
    "ul": frozenset({"class"}),
}
SCHEMES = frozenset({"", "http", "https", "mailto", "tel"})
OWN_ID = re.compile(r"(s-[\w-]+|fn(ref)?\d*:[\w-]+)\Z")
DROPPED_BY_BROWSERS = re.compile(r"[\x00-\x20\x7f-\x9f]")


def problems(html: str) -> list[str]:
    """Everything in `html` that must never come out of a renderer, in words."""
    before, after = '<div id="before"></div><div id="content">', '</div><div id="after"></div>'
    parser = html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), namespaceHTMLElements=True)
    document = parser.parse(f"<!doctype html><title>x</title><body>{before}{html}{after}")
    body = document.find(f"{XHTML}body")
    assert body is not None
    ids = [child.get("id") for child in body if isinstance(child.tag, str)]
    outside = [child.tail for child in body if child.tail]
    inside = ids == ["before", "content", "after"] and not outside
    found = [] if inside else [f"breaks out of its place: {ids} {outside}"]
    content = next(child for child in body if child.get("id") == "content")
    seen: set[str] = set()
    for element in content.iter():
        if element is not content:
            found += _of_element(element, seen)
    return found


def _of_element(element: Any, seen: set[str]) -> Iterator[str]:
    if not isinstance(element.tag, str):
        yield "a comment"
        return
    if not element.tag.startswith(XHTML):
        yield f"an element of another language: {element.tag}"
        return
    name = element.tag.removeprefix(XHTML)
    if name not in ELEMENTS:
        yield f"<{name}>"
        return
    for attribute, value in element.attrib.items():
        if attribute not in ELEMENTS[name]:
            yield f"<{name} {attribute}>"
        elif attribute in ("href", "src"):
            yield from _of_address(name, attribute, value)
    yield from _of_place(element, seen)


def _of_place(element: Any, seen: set[str]) -> Iterator[str]:
    name = element.get("id")
    if name is not None:
        if name in seen or not OWN_ID.match(name):
            yield f"id {name!r}"
        seen.add(name)
    if element.get("tabindex", "0") != "0":
        yield f"tabindex {element.get('tabindex')}"


def _of_address(name: str, attribute: str, value: str) -> Iterator[str]:
    compact = DROPPED_BY_BROWSERS.sub("", value)
    try:
        parts = urlsplit(compact)
    except ValueError:
        parts = urlsplit("unreadable:")
    if parts.scheme.lower() not in SCHEMES and not compact.startswith(("/", "#", "?")):
        yield f"<{name} {attribute}={value!r}>"
    if attribute == "src" and (parts.scheme or compact.replace("\\", "/").startswith("//")):
        yield f"<{name} fetches {value!r}>"
