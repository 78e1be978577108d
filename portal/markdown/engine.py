"""The conversion behind `portal.markdown`, and the loop of the helper process it runs in.

Three steps: Python-Markdown makes HTML; a first nh3 pass makes it well-formed and drops what is
not allowed; `portal.markdown.page` gives headings their ids, marks links and wraps tables; a last
nh3 pass with the final list lets nothing out that is not on it.
"""

import contextlib
import gc
import json
import os
import re
import resource
import signal
import string
import sys
from typing import IO, Any, Final, NoReturn

import markdown
import nh3
from markdown.blockprocessors import HashHeaderProcessor
from pygments.token import STANDARD_TYPES

from portal.markdown.lists import normalise
from portal.markdown.page import PREFIX, arrange

CPU_SECONDS: Final = 0.7
"""CPU time for one text; about ten times what the longest pages of real handbooks need."""
WALL_SECONDS: Final = 3.0
"""Time for one text on a machine that is busy with other things."""
MEMORY_BYTES: Final = 768 * 1024 * 1024
READY: Final = b"{}\n"
REFUSED: Final = b'{"refused": "limit"}\n'
WARM_UP: Final = "# Warm\n\n```python\nup = 1\n```\n\n- up\n"

EXTENSIONS: Final = (
    "markdown.extensions.tables",
    "markdown.extensions.footnotes",
    "markdown.extensions.def_list",
    "markdown.extensions.sane_lists",
    "markdown.extensions.admonition",
    "markdown.extensions.md_in_html",
    "pymdownx.details",
    "pymdownx.highlight",
    "pymdownx.superfences",
    "pymdownx.tasklist",
    "pymdownx.tilde",
    "pymdownx.magiclink",
)
CONFIG: Final[dict[str, dict[str, Any]]] = {
    "markdown.extensions.tables": {"use_align_attribute": True},
    "pymdownx.highlight": {"css_class": "highlight", "guess_lang": False, "noclasses": False},
    "pymdownx.tilde": {"subscript": False},
}

KINDS: Final = {"note", "info", "tip", "success", "warning", "danger", "important", "question", "example"}
SCHEMES: Final = {"http", "https", "mailto", "tel"}
TAGS: Final = {
    *("a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details", "dfn", "div"),
    *("dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins"),
    *("kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strong", "sub", "summary"),
    *("sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var", "wbr"),
}
ATTRIBUTES: Final[dict[str, set[str]]] = {
    "*": set(),
    "a": {"href", "title"},
    "abbr": {"title"},
    "img": {"src", "alt", "title", "width", "height"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "details": {"open"},
}
CLASSES: Final[dict[str, set[str]]] = {
    "a": {"footnote-ref", "footnote-backref"},
    "span": {name for name in STANDARD_TYPES.values() if name},
    "div": {"highlight", "admonition", "footnote", *KINDS},
    "details": KINDS,
    "p": {"admonition-title"},
    "ul": {"task-list"},
    "li": {"task-list-item"},
    "sup": {"footnote-ref"},
}

_NUMBER = re.compile(r"[0-9]{1,4}\Z")
_FOOTNOTE_ID = re.compile(r"fn(ref)?[0-9]*:[\w-]{1,80}\Z")
_OWN_ID = re.compile(rf"({re.escape(PREFIX)}|fn)[\w:-]{{1,120}}\Z")
_SCHEME = re.compile(r"([^/?#:]*):")
_IGNORED = re.compile(r"[\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]")
"""Characters that programs drop from addresses before they read them."""
_ADDRESSES = {"href", "src"}
_NUMBERS = {"colspan", "rowspan", "start", "width", "height"}


def _first_filter(_tag: str, name: str, value: str) -> str | None:
    """Attribute values that the first pass lets through."""
    if name in _NUMBERS:
        return value if _NUMBER.match(value) else None
    if name == "id":
        return value if _FOOTNOTE_ID.match(value) else None
    return _address(value) if name in _ADDRESSES else value


def _last_filter(_tag: str, name: str, value: str) -> str | None:
    """Attribute values that the last pass lets through."""
    if name == "id":
        return value if _OWN_ID.match(value) else None
    if name == "tabindex":
        return value if value == "0" else None
    return _address(value) if name in _ADDRESSES else value


def _address(value: str) -> str | None:
    """An address with a scheme of ours or none, however it is spelt. nh3 checks this as well; the
    spellings that only some browsers would take for a scheme are refused here."""
    match = _SCHEME.match(_IGNORED.sub("", value))
    return value if match is None or match[1].lower() in SCHEMES else None


_FIRST = nh3.Cleaner(
    tags=TAGS | {"input"},
    attributes={
        **ATTRIBUTES,
        "li": {"id"},
        "sup": {"id"},
        "input": {"checked"},
        "td": {"colspan", "rowspan", "align"},
        "th": {"colspan", "rowspan", "align"},
    },
    tag_attribute_values={"input": {"type": {"checkbox"}}},
    attribute_filter=_first_filter,
    allowed_classes=CLASSES,
    url_schemes=SCHEMES,
    link_rel=None,
)
_LAST = nh3.Cleaner(
    tags=TAGS,
    attributes={
        **ATTRIBUTES,
        **{f"h{level}": {"id"} for level in range(2, 7)},
        "a": {"href", "title", "rel"},
        "img": ATTRIBUTES["img"] | {"loading", "decoding"},
        "li": {"id"},
        "sup": {"id"},
        "pre": {"tabindex"},
        "div": {"tabindex", "role", "aria-label"},
        "span": {"role", "aria-label"},
    },
    attribute_filter=_last_filter,
    allowed_classes={
        **CLASSES,
        "a": CLASSES["a"] | {"external"},
        "div": CLASSES["div"] | {"table-box"},
        "span": CLASSES["span"] | {"task", "task-done"},
        "td": {"align-left", "align-center", "align-right"},
        "th": {"align-left", "align-center", "align-right"},
    },
    url_schemes=SCHEMES,
    link_rel=None,
)


class _Headings(HashHeaderProcessor):
    """Headings with a space behind their marks."""

    RE = re.compile(r"(?:^|\n)(?P<level>#{1,6})(?=[ \n]|$)(?P<header>(?:\\.|[^\\])*?)#*(?:\n|$)")


def _built() -> markdown.Markdown:
    """Python-Markdown with our extensions, and closer to CommonMark in two points that texts of
    companies are full of: `#channel` is no heading, and a backslash takes the meaning of any mark."""
    converter = markdown.Markdown(extensions=list(EXTENSIONS), extension_configs=CONFIG)
    converter.ESCAPED_CHARS = list(string.punctuation)
    converter.parser.blockprocessors.register(_Headings(converter.parser), "hashheader", 70)
    return converter


class _Converter:
    """Keeps what `_built` makes, as that takes longer than a short text."""

    def __init__(self) -> None:
        self._markdown: markdown.Markdown | None = None

    def convert(self, text: str) -> str:
        ready = self._markdown or _built()
        self._markdown = None  # after an error its state is unknown: build a new one
        html = ready.convert(normalise(text))
        self._markdown = ready.reset()
        return html


_converter = _Converter()


def convert(text: str) -> dict[str, Any]:
    """`text` as {"html", "sections": [{"anchor", "level", "heading", "text"}], "words"}.

    Takes as long as it takes: only for the helper process and for tests.
    """
    page = arrange(_FIRST.clean(_converter.convert(text)))
    return {"html": _LAST.clean(page.html), "sections": page.sections, "words": page.words}


def answer(line: bytes) -> bytes:
    """The reply line to one request line: a text as JSON in, a JSON object out.

    The object is what `convert` gives, or {"refused"} for a text that nests too deeply, or
    {"failed"} with the error when a library has a fault that this text brings out.
    """
    try:
        reply = convert(json.loads(line))
    except (RecursionError, MemoryError) as error:
        reply = {"refused": type(error).__name__}
    except Exception as error:  # noqa: BLE001  told to the caller, who logs it
        reply = {"failed": repr(error)}
    return json.dumps(reply).encode() + b"\n"


def serve(requests: IO[bytes], replies: IO[bytes]) -> None:
    """Answer requests until there are no more, each in a child of its own with limits on it.

    The child starts with all libraries loaded, leaves nothing behind for the next text, and can
    be ended by the kernel at any point, even within one regular expression.
    """
    for line in requests:
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            _work(line, write_end)
        os.close(write_end)
        with os.fdopen(read_end, "rb") as pipe:
            reply = pipe.read()
        os.waitpid(child, 0)
        replies.write(reply if reply.endswith(b"\n") else REFUSED)
        replies.flush()


def _work(line: bytes, write_end: int) -> NoReturn:
    """The life of a child: limits, one answer, the end."""
    try:
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        signal.setitimer(signal.ITIMER_REAL, WALL_SECONDS)
        with os.fdopen(write_end, "wb") as pipe:
            pipe.write(answer(line))
    finally:
        os._exit(0)


def main() -> None:
    """The helper process: limits on itself first, then the loop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent; we end with our input
    for ending in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(ending, signal.SIG_DFL)
    _limit(resource.RLIMIT_AS, MEMORY_BYTES)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    convert(WARM_UP)
    gc.freeze()  # pages that children share are not written to
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    serve(sys.stdin.buffer, sys.stdout.buffer)


def _limit(kind: int, value: int) -> None:
    """Lower a limit of this process; one that is lower already, or that a system lacks, is left."""
    _, hard = resource.getrlimit(kind)
    wanted = value if hard == resource.RLIM_INFINITY else min(value, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (wanted, wanted))


if __name__ == "__main__":
    main()
