"""Markdown to safe HTML: the only producer of markup from a person's text.

The conversion itself (`portal.markdown.engine`) runs in a helper process, each text in a child of
its own that the kernel ends when it takes too long: the converter's regular expressions need
minutes for some short texts, and a thread cannot be stopped. Why and what it costs:
docs/adr/0008-markdown-rendering.md.
"""

import atexit
import contextlib
import functools
import json
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup

from portal.errors import Invalid

log = logging.getLogger(__name__)

RENDERER: Final = "1"
"""Version of the output. Raise it whenever the HTML or the sections of some text change."""

MAX_CHARS: Final = 102_400
"""Longest text that is rendered."""

WALL_SECONDS: Final = 5.0
"""A backstop: a helper that has not answered by then is killed. Its own limits are far shorter."""

START_SECONDS: Final = 30.0
"""Time for a helper to load its libraries; about 0.3 s when the machine is idle."""

TOO_LONG: Final = "Shorten the text: at most 100,000 characters fit on one page."
TOO_COMPLEX: Final = (
    "This text takes too long to show. Look for the same mark repeated many times, for example "
    "brackets, stars or lists within lists, and remove what is not needed."
)
UNKNOWN: Final = (
    "This text cannot be shown. Remove the part you changed last and add it again in small steps."
)
BUSY: Final = "Many texts are being prepared at this moment. Try again in a minute."

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ROOT = Path(__file__).resolve().parents[2]
_LINK = re.compile(r'(<a\b[^>]*? ?href=")([^"]*)(")')


@dataclass(frozen=True, slots=True)
class Section:
    """The plain text under one heading. `anchor` is the heading's id on the page, "" before the first."""

    anchor: str
    level: int
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """Safe HTML, its sections (level 2 and 3 headings, the first has no heading) and its word count."""

    html: Markup
    sections: tuple[Section, ...]
    words: int


def render(text: str, *, resolve: Callable[[str], str | None] | None = None) -> Rendered:
    """`text` as safe HTML.

    `resolve(address)` is asked once for each address that links of the text lead to and that begins
    with `/`; it gives the address to use instead, or None to keep it. Raises Invalid (field `body`)
    when the text is too long or takes longer than the limit.
    """
    if len(text) > MAX_CHARS:
        raise Invalid(TOO_LONG, body=TOO_LONG)
    reply = _reply(_clean(text))
    sections = tuple(Section(**section) for section in reply["sections"])
    html = _resolved(reply["html"], resolve) if resolve else reply["html"]
    safe = Markup(html)  # noqa: S704  sanitised by the engine
    return Rendered(html=safe, sections=sections, words=reply["words"])


@functools.lru_cache(maxsize=4)  # saving checks a text and then renders it; an editor previews it first
def _reply(text: str) -> dict[str, Any]:
    return _helper.ask(text)


def plain(text: str) -> Rendered:
    """`text` as it stands, for one that cannot be rendered: nothing in it has a meaning."""
    text = _clean(text)
    html = Markup('<pre tabindex="0">{}</pre>').format(text)
    words = text.split()
    return Rendered(html=html, sections=(Section("", 0, "", " ".join(words)),), words=len(words))


def trusted(html: str) -> Markup:
    """HTML that `render` made earlier and that was stored, marked as safe again."""
    return Markup(html)  # noqa: S704  sanitised by the engine


def _clean(text: str) -> str:
    """`text` without what has no place in a text: lone surrogates and control characters."""
    return _CONTROL.sub("", text.encode("utf-8", "replace").decode())


def _resolved(html: str, resolve: Callable[[str], str | None]) -> str:
    """`html` with its internal links replaced. In sanitised HTML, `<a ` is nowhere but in a link."""
    known: dict[str, str | None] = {}

    def replace(match: re.Match[str]) -> str:
        address = unescape(match[2])
        if not address.startswith("/") or address.startswith("//"):
            return match[0]
        if address not in known:
            known[address] = resolve(address)
        target = known[address]
        return match[0] if target is None else f"{match[1]}{escape(target)}{match[3]}"

    return _LINK.sub(replace, html)


class _Helper:
    """The helper process of this process: started when first needed, replaced when it died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, text: str) -> dict[str, Any]:
        """The helper's reply to one text. Raises Invalid when it refused or is taken."""
        if not self._lock.acquire(timeout=2 * WALL_SECONDS):
            raise Invalid(BUSY, body=BUSY)
        try:
            reply = self._exchange(json.dumps(text).encode() + b"\n")
        finally:
            self._lock.release()
        if "refused" in reply:
            raise Invalid(TOO_COMPLEX, body=TOO_COMPLEX)
        if "failed" in reply:
            log.error("Markdown could not be rendered: %s", reply["failed"])
            raise Invalid(UNKNOWN, body=UNKNOWN)
        return reply

    def _exchange(self, request: bytes) -> dict[str, Any]:
        process = self._ready()
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died; reading tells
            process.stdin.write(request)
            process.stdin.flush()
        reply = _line(process, WALL_SECONDS)
        if reply is None:
            self.stop()
            log.error("the Markdown helper ended with status %s", process.returncode)
            return {"refused": "the helper died"}
        return reply

    def _ready(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self.stop()
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "portal.markdown.engine"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={"PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1"},  # none of our secrets
            )
            if _line(self._process, START_SECONDS) is None:
                self.stop()
                raise RuntimeError("The Markdown helper does not start; its own message stands above.")
        return self._process

    def stop(self) -> None:
        """End the helper, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            _close(process)

    def forget(self) -> None:
        """In a forked child: the helper is the parent's; two users would mix up its replies."""
        process, self._process = self._process, None
        self._lock = threading.Lock()
        if process is not None:
            process.returncode = 0  # not ours to wait for
            _close(process)


def _line(process: subprocess.Popen[bytes], seconds: float) -> dict[str, Any] | None:
    """What a helper says next; None when it ends, or is killed after `seconds`, without a word."""
    assert process.stdout is not None
    watchdog = threading.Timer(seconds, process.kill)
    watchdog.start()
    try:
        line = process.stdout.readline()
    finally:
        watchdog.cancel()
    if not line.endswith(b"\n"):
        return None
    reply: dict[str, Any] = json.loads(line)
    return reply


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):  # what was buffered for a dead helper is of no use
                pipe.close()


_helper = _Helper()
atexit.register(_helper.stop)
os.register_at_fork(after_in_child=_helper.forget)
