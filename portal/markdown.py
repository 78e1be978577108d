"""Markdown to safe HTML: the only producer of markup from a person's text.

The conversion itself (`portal.markdown_engine`) runs in a helper process that is kept warm and
can be killed: the converter's regular expressions take minutes for some short texts, and a thread
cannot be stopped. Why and what it costs: docs/adr/0008-markdown-rendering.md.
"""

import atexit
import json
import os
import re
import signal
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

RENDERER: Final = "1"
"""Version of the output. Raise it whenever the HTML or the sections of some text change."""

MAX_CHARS: Final = 102_400
"""Longest text that is rendered."""

WALL_SECONDS: Final = 4.0
"""Time after which a helper is killed whatever it waits for; its CPU limit is far shorter."""

KILLED: Final = {-signal.SIGPROF, -signal.SIGKILL, -signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS}
"""How a helper ends when a text takes it too long, needs too much memory or nests too deeply."""

TOO_LONG: Final = "Shorten the text: at most 100,000 characters fit on one page."
TOO_COMPLEX: Final = (
    "This text takes too long to show. Look for the same mark repeated many times, for example "
    "brackets, stars or lists within lists, and remove what is not needed."
)
BUSY: Final = "Many texts are being prepared at this moment. Try again in a minute."

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ROOT = Path(__file__).resolve().parent.parent
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

    `resolve(address)` is asked once for each link of the text that begins with `/` and gives the address to use
    instead, or None to keep it. Raises Invalid (field `body`) when the text is too long or takes
    longer than the helper's limit.
    """
    if len(text) > MAX_CHARS:
        raise Invalid(TOO_LONG, body=TOO_LONG)
    reply = _helper.ask(_clean(text))
    sections = tuple(Section(**section) for section in reply["sections"])
    html = _resolved(reply["html"], resolve) if resolve else reply["html"]
    return Rendered(html=Markup(html), sections=sections, words=reply["words"])


def plain(text: str) -> Rendered:
    """`text` as it stands, for one that cannot be rendered: nothing in it has a meaning."""
    words = text.split()
    html = Markup("<pre tabindex=\"0\">{}</pre>").format(_clean(text))
    return Rendered(html=html, sections=(Section("", 0, "", " ".join(words)),), words=len(words))


def trusted(html: str) -> Markup:
    """HTML that `render` made earlier and that was stored, marked as safe again."""
    return Markup(html)


def _clean(text: str) -> str:
    """`text` without what has no place in a text: lone surrogates and control characters."""
    return _CONTROL.sub("", text.encode("utf-8", "replace").decode())


def _resolved(html: str, resolve: Callable[[str], str | None]) -> str:
    """`html` with its internal links replaced. Sanitised HTML has `<` and a quote only where they are markup."""
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
        """The helper's reply to one text. Raises Invalid when it refused, was killed or is taken."""
        if not self._lock.acquire(timeout=3 * WALL_SECONDS):
            raise Invalid(BUSY, body=BUSY)
        try:
            reply = self._exchange(text)
        finally:
            self._lock.release()
        if reply is None or "refused" in reply:
            raise Invalid(TOO_COMPLEX, body=TOO_COMPLEX)
        return reply

    def _exchange(self, text: str) -> dict[str, Any] | None:
        """The reply, or None when the helper died over this text."""
        process = self._ready()
        assert process.stdin is not None
        assert process.stdout is not None
        watchdog = threading.Timer(WALL_SECONDS, process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            process.stdin.write(json.dumps(text).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            pass  # it is dead already; the empty line read next says so
        try:
            line = process.stdout.readline()
            if line.endswith(b"\n"):
                reply: dict[str, Any] = json.loads(line)
                return reply
            status = process.wait()
        finally:
            watchdog.cancel()
        self.stop()
        if status not in KILLED:
            raise RuntimeError(f"The Markdown helper ended with status {status}.")
        self._ready()  # the next text finds the new helper started
        return None

    def _ready(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self.stop()
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "portal.markdown_engine"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={"PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1"},  # none of our secrets
            )
        return self._process

    def stop(self) -> None:
        """End the helper, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                _close_quietly(pipe)

    def forget(self) -> None:
        """In a forked child: the helper is the parent's; two users would mix up its replies."""
        process, self._process = self._process, None
        self._lock = threading.Lock()
        if process is not None:
            process.returncode = 0  # not ours to wait for
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    _close_quietly(pipe)


def _close_quietly(pipe: Any) -> None:
    try:
        pipe.close()
    except OSError:
        pass  # what was buffered for a dead helper is of no use


_helper = _Helper()
atexit.register(_helper.stop)
os.register_at_fork(after_in_child=_helper.forget)
