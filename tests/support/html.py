"""Reading pages: html5lib for parsing, and the small part of CSS selectors that tests need."""

import re
from dataclasses import dataclass
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
    parents = {child: node for node in root.iter() for child in node}
    chains = [_steps(alternative) for alternative in _split(selector)]
    return [
        node
        for node in elements(root)
        if node is not root and any(_matches(node, steps, parents) for steps in chains)
    ]


def _split(selector: str) -> list[str]:
    return [part.strip() for part in re.split(r",(?![^\[]*\])", selector)]


def _steps(selector: str) -> list[tuple[str, str]]:
    """From right to left: (how it relates to the step after it, simple selector)."""
    words = re.findall(r">|(?:\[[^\]]*\]|[^\s>\[])+", selector)
    steps: list[tuple[str, str]] = []
    relation = " "
    for word in words:
        if word == ">":
            relation = ">"
        else:
            steps.append((relation, word))
            relation = " "
    return steps[::-1]


def _matches(node: Element, steps: list[tuple[str, str]], parents: dict[Element, Element]) -> bool:
    relation, simple = steps[0]
    if not _is(node, simple):
        return False
    if len(steps) == 1:
        return True
    above = parents.get(node)
    while above is not None:
        if _matches(above, steps[1:], parents):
            return True
        if relation == ">":
            return False
        above = parents.get(above)
    return False


def _is(node: Element, simple: str) -> bool:
    matched = ""
    for part in _PART.finditer(simple):
        matched += part.group(0)
        if not _part_is(node, part):
            return False
    if matched != simple:
        raise ValueError(f"Selector {simple!r} is not understood.")
    return True


def _part_is(node: Element, part: re.Match[str]) -> bool:
    if tag := part["tag"]:
        return tag in ("*", node.tag)
    if part["id"]:
        return node.get("id") == part["id"]
    if part["cls"]:
        return part["cls"] in node.get("class", "").split()
    actual = node.get(part["attr"])
    wanted = part["value"]
    if actual is None:
        return False
    return {
        None: lambda: True,
        "=": lambda: actual == wanted,
        "^=": lambda: actual.startswith(wanted),
        "$=": lambda: actual.endswith(wanted),
        "*=": lambda: wanted in actual,
        "~=": lambda: wanted in actual.split(),
    }[part["op"]]()
