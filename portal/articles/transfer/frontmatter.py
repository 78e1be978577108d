"""Front matter: the YAML block at the top of a Markdown file, read with line numbers and written back.

Only plain YAML is read: no tags that build objects, no anchors (a few lines of them grow to
gigabytes), no deep nesting.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

MAX_HEAD_CHARS: Final = 64_000
MAX_DEPTH: Final = 12

_FENCE: Final = re.compile(r"---[ \t]*\n")
_END: Final = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.MULTILINE)
_NULL: Final = "tag:yaml.org,2002:null"
_WIDE: Final = 1_000_000


class FileProblem(Exception):
    """Why a file cannot be used: `line` counts from 1, `reason` says what to do."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Block:
    """One key of the front matter: its value, and where its lines stand in `Head.text`."""

    node: Node
    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class Head:
    """The front matter of one file. `text` is what stands between the fences, with plain line ends."""

    text: str
    blocks: Mapping[str, Block]
    body_line: int
    """The line of the file on which the body begins."""

    def line(self, key: str) -> int:
        """The line of `key` in the file; 1 when it is not there."""
        return self.blocks[key].line if key in self.blocks else 1

    def scalar(self, key: str) -> str | None:
        """The value as it is written (`1.10` stays `1.10`), None when missing or empty.

        Raises FileProblem when it is a list or a mapping.
        """
        return _scalar(self.blocks[key].node, key, self.line(key)) if key in self.blocks else None

    def texts(self, key: str, *, commas: bool = False) -> list[str]:
        """The value as a list of texts; one text is a list of one, split at commas if `commas`.

        Raises FileProblem when there are lists or mappings inside.
        """
        if key not in self.blocks:
            return []
        return _texts(self.blocks[key].node, key, self.line(key), commas=commas)

    def mapping(self, key: str) -> dict[str, list[str]]:
        """The value as names with lists of texts. Raises FileProblem when it is anything else."""
        if key not in self.blocks or _is_null(self.blocks[key].node):
            return {}
        node, line = self.blocks[key].node, self.line(key)
        if not isinstance(node, MappingNode):
            raise FileProblem(line, f"{key} must be names with lists, such as `{key}: {{countries: [GB]}}`.")
        found: dict[str, list[str]] = {}
        for name, value in node.value:
            if str(name.value) in found:
                raise FileProblem(line, f"{name.value} stands twice in {key}: keep one.")
            found[str(name.value)] = _texts(value, key, line, commas=False)
        return found

    def plain(self, key: str) -> Any:
        """The value as JSON would hold it (dates as text)."""
        return _jsonable(_Loader.construct(self.blocks[key].node))


NO_HEAD: Final = Head(text="", blocks={}, body_line=1)


class _Loader(yaml.SafeLoader):
    """YAML without anchors and without deep nesting."""

    depth = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        if self.check_event(yaml.events.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(
                problem="write the value out instead of using an alias (*)", problem_mark=event.start_mark
            )
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise yaml.MarkedYAMLError(
                problem="too many lists or names inside each other",
                problem_mark=self.peek_event().start_mark,  # type: ignore[no-untyped-call]
            )
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    @classmethod
    def construct(cls, node: Node) -> Any:
        return cls("").construct_document(node)


def split(text: str) -> tuple[Head, str]:
    """Front matter and body of a file's `text`. Without front matter: NO_HEAD and the text.

    Raises FileProblem when there is front matter that cannot be read.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    opening = _FENCE.match(text)
    if opening is None:
        return NO_HEAD, text
    closing = _END.search(text, opening.end())
    if closing is None:
        raise FileProblem(1, "The front matter has no end: put a line with --- below it.")
    head = text[opening.end() : closing.start()]
    if len(head) > MAX_HEAD_CHARS:
        raise FileProblem(1, f"The front matter is longer than {MAX_HEAD_CHARS // 1000} kB: shorten it.")
    return _read_head(head, body_line=text.count("\n", 0, closing.end()) + 1), text[closing.end() :]


def _read_head(text: str, *, body_line: int) -> Head:
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        pairs = _pairs(node)
        blocks: dict[str, Block] = {}
        for (key, value), after in zip(pairs, [*(key for key, _ in pairs[1:]), None], strict=True):
            _check_key(key, blocks)
            end = after.start_mark.index if after is not None else len(text)
            blocks[key.value] = Block(value, key.start_mark.index, end, key.start_mark.line + 2)
            _check_value(value, key.start_mark.line + 2)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 2 if mark is not None else 1
        raise FileProblem(line, f"The front matter is not YAML: {error.problem}.") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise FileProblem(2, f"The front matter is not YAML: {reason}.") from None
    return Head(text=text, blocks=blocks, body_line=body_line)


def _pairs(node: Node | None) -> list[tuple[Node, Node]]:
    if node is None or _is_null(node):
        return []
    if not isinstance(node, MappingNode) or node.flow_style:
        raise FileProblem(2, "The front matter must be lines of the form `name: value`.")
    return list(node.value)


def _check_key(key: Node, seen: Mapping[str, Block]) -> None:
    line = key.start_mark.line + 2
    if not isinstance(key, ScalarNode):
        raise FileProblem(line, "The front matter must be lines of the form `name: value`.")
    if key.value in seen:
        raise FileProblem(line, f"{key.value} stands here twice: keep one.")


def _check_value(value: Node, line: int) -> None:
    """Unknown tags and impossible dates show when a value is made of its node."""
    try:
        _Loader.construct(value)
    except (LookupError, AttributeError, TypeError, ArithmeticError):
        # what the YAML library raises for a tag and a text that do not go together: `!!bool maybe`
        raise FileProblem(line, "The front matter is not YAML: a value does not fit its tag (!).") from None


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and (node.tag == _NULL or not node.value.strip())


def _scalar(node: Node, key: str, line: int) -> str | None:
    if not isinstance(node, ScalarNode):
        raise FileProblem(line, f"{key} must be one text.")
    return None if _is_null(node) else str(node.value)


def _texts(node: Node, key: str, line: int, *, commas: bool) -> list[str]:
    if isinstance(node, SequenceNode):
        found = [_scalar(item, key, line) for item in node.value]
        return [text for text in found if text is not None]
    text = _scalar(node, key, line)
    if text is None:
        return []
    return [part.strip() for part in text.split(",") if part.strip()] if commas else [text]


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _jsonable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [_jsonable(inner) for inner in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):  # noqa: PLR0124 - NaN
        return str(value)
    return value


def lines_of(key: str, value: object) -> str:
    """One key with its value as YAML lines: texts on one line, `keywords` and rules as `[a, b]`,
    other lists with one item on each line."""
    if isinstance(value, Mapping):
        rules = "".join(f"  {_one_line(name)}: {_one_line(list(items))}\n" for name, items in value.items())
        return f"{key}:\n{rules}"
    if isinstance(value, Sequence) and not isinstance(value, str) and key != "keywords":
        return f"{key}:\n" + "".join(f"  - {_one_line(item)}\n" for item in value)
    return f"{key}: {_one_line(list(value) if isinstance(value, tuple) else value)}\n"


def _one_line(value: object) -> str:
    dumped = yaml.safe_dump(value, allow_unicode=True, width=_WIDE, default_flow_style=True)
    return dumped.removesuffix("...\n").strip()


def replaced(head: Head, changes: Mapping[str, object | None]) -> str:
    """The text of `head` with some keys changed: None removes one, new ones come last.

    All other lines, with their order, comments and quotes, stay as they are.
    """
    text = head.text
    for key in sorted(head.blocks, key=lambda name: head.blocks[name].start, reverse=True):
        if key in changes:
            block, value = head.blocks[key], changes[key]
            new = "" if value is None else lines_of(key, value)
            text = text[: block.start] + new + _trailing(text[block.start : block.end]) + text[block.end :]
    if text and not text.endswith("\n"):
        text += "\n"
    new_keys = [key for key in changes if key not in head.blocks and changes[key] is not None]
    return text + "".join(lines_of(key, changes[key]) for key in new_keys)


def _trailing(block: str) -> str:
    """Comments and blank lines at the end of a block belong to what follows."""
    lines = block.splitlines(keepends=True)
    kept: list[str] = []
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].startswith("#")):
        kept.append(lines.pop())
    return "".join(reversed(kept))


def joined(head: str, body: str) -> str:
    """A file of front matter and body; without front matter, only the body."""
    return f"---\n{head}---\n{body}" if head else body
