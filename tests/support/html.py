"""Reading pages: html5lib for parsing, and the small part of CSS selectors that tests need."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from xml.etree.ElementTree import Element

import html5lib
from html5lib.constants import E as MESSAGES

VOID_TEXT = frozenset({"script", "style", "template", "noscript"})
_PART = re.compile(
    r"(?P<tag>^[a-zA-Z][\w-]*|^\*)|#(?P<id>[\w:.-]+?(?=[#.\[]|$))|\.(?P<cls>[\w-]+)"
    r"|\[(?P<attr>[\w:-]+)(?:(?P<op>[\^$*~]?=)(?P<quote>[\"']?)(?P<value>[^\]\"']*)(?P=quote))?\]"
)


@dataclass(frozen=True)
class Parsed:
    """A parsed document: its root element and what the parser complained about, in words."""

    root: Element
    errors: list[str]


def parse(text: str) -> Parsed:
    """Parse a whole page as a browser does and keep every parse error."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    root = parser.parse(text)
    for node in elements(root):
        node.tag = node.tag.rpartition("}")[2]  # svg and math come with their namespace
    lines = text.splitlines() or [""]
    errors = []
    for (line, column), code, details in parser.errors:
        message = MESSAGES.get(code, code) % details if details else MESSAGES.get(code, code)
        source = lines[min(line, len(lines)) - 1].strip()
        errors.append(f"line {line}, column {column}: {message} in {source!r}")
    return Parsed(root, errors)


def text_of(element: Element) -> str:
    """The text a person reads in `element`, with runs of white space as one blank."""
    parts: list[str] = []

    def walk(node: Element) -> None:
        if not isinstance(node.tag, str) or node.tag in VOID_TEXT:  # comments have a function as tag
            return
        parts.append(node.text or "")
        for child in node:
            walk(child)
            parts.append(child.tail or "")

    walk(element)
    return " ".join("".join(parts).split())


def elements(root: Element) -> list[Element]:
    """All elements below `root` and itself in document order, without comments."""
    return [node for node in root.iter() if isinstance(node.tag, str)]


def select(root: Element, selector: str) -> list[Element]:
    """Elements below `root` that match a selector: tags, #id, .class, [attr], [attr=value] (also
    ^= $= *= ~=), descendants by a blank, children by ` > `, alternatives by a comma."""
    chains, tags = _compiled(selector)
    above = _Above(root)
    return [
        node
        for node in _candidates(root, tags)
        if node is not root and any(_matches(node, chain, above) for chain in chains)
    ]


def _candidates(root: Element, tags: frozenset[str]) -> Iterable[Element]:
    """The elements that have one of the tags, in document order; all elements if "" is among them."""
    if "" in tags:
        return elements(root)
    if len(tags) == 1:
        return root.iter(*tags)
    return [node for node in root.iter() if node.tag in tags]


Test = Callable[[Element], bool]
Chain = tuple[tuple[str, str, tuple[Test, ...]], ...]
"""From right to left: how a step relates to the one after it (" " or ">"), the tag it asks for (or "")
and what else it asks."""


class _Above:
    """The element around each element, found out when first asked for."""

    def __init__(self, root: Element) -> None:
        self._root = root

    @cached_property
    def _parents(self) -> dict[Element, Element]:
        return {child: node for node in self._root.iter() for child in node}

    def of(self, node: Element) -> Element | None:
        return self._parents.get(node)


@cache
def _compiled(selector: str) -> tuple[tuple[Chain, ...], frozenset[str]]:
    """The alternatives, and the tags of what they match."""
    chains = tuple(_chain(part.strip()) for part in re.split(r",(?![^\[]*\])", selector))
    return chains, frozenset(chain[0][1] for chain in chains)


def _chain(selector: str) -> Chain:
    steps: list[tuple[str, str, tuple[Test, ...]]] = []
    relation = " "
    for found in re.findall(r">|(?:\[[^\]]*\]|[^\s>\[])+", selector):
        if found == ">":
            relation = ">"
        else:
            steps.append((relation, *_tests(found)))
            relation = " "
    return tuple(reversed(steps))


def _tests(simple: str) -> tuple[str, tuple[Test, ...]]:
    parts = list(_PART.finditer(simple))
    if "".join(part.group(0) for part in parts) != simple:
        raise ValueError(f"Selector {simple!r} is not understood.")
    tag = next((part["tag"] for part in parts if part["tag"]), "").replace("*", "")
    return tag, tuple(_test(part) for part in parts if not part["tag"])


def _test(part: re.Match[str]) -> Test:
    if name := part["id"]:
        return lambda node: node.get("id") == name
    if name := part["cls"]:
        return lambda node: name in node.get("class", "").split()
    name, wanted, compare = part["attr"], part["value"], _COMPARE[part["op"]]
    return lambda node: (actual := node.get(name)) is not None and compare(actual, wanted)


_COMPARE: dict[str | None, Callable[[str, str], bool]] = {
    None: lambda actual, wanted: True,
    "=": lambda actual, wanted: actual == wanted,
    "^=": lambda actual, wanted: actual.startswith(wanted),
    "$=": lambda actual, wanted: actual.endswith(wanted),
    "*=": lambda actual, wanted: wanted in actual,
    "~=": lambda actual, wanted: wanted in actual.split(),
}


def _matches(node: Element, chain: Chain, above: _Above) -> bool:
    relation, tag, tests = chain[0]
    if (tag and node.tag != tag) or not all(test(node) for test in tests):
        return False
    if len(chain) == 1:
        return True
    around = above.of(node)
    while around is not None:
        if _matches(around, chain[1:], above):
            return True
        if relation == ">":
            return False
        around = above.of(around)
    return False
