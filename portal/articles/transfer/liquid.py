"""Liquid tags of handbook generators (Jekyll, Eleventy) as plain Markdown.

Such a handbook is text for a program that is not here. What its tags show to a reader is written
out where that is known; what is not known goes, and is reported.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from portal.articles.transfer.links import markdown_link
from portal.articles.transfer.regions import Regions

_TOKEN: Final = re.compile(
    r"\{%-?\s*(?P<name>[\w-]+)(?P<rest>[^%]{0,1500}?(?:%(?!\})[^%]{0,500}?){0,20})-?%\}"
    r"""|\{\{-?\s*(?P<value>"[^"]{0,500}"|'[^']{0,500}'|[^{}"'|]{0,200}?)\s*(?:\|[^{}]{0,300})?-?\}\}"""
)
_STRING: Final = re.compile(r'"([^"]*)"|\'([^\']*)\'')
_BASE: Final = re.compile(r"(?:site|base|page)\.(?:base_?url|url|root|path_?prefix)")
_VERBATIM: Final = {"raw": "endraw", "comment": "endcomment", "highlight": "endhighlight"}
_ALERT_KINDS: Final = {
    "info": "info",
    "warning": "warning",
    "error": "danger",
    "emergency": "danger",
    "success": "success",
}


@dataclass(slots=True)
class Found:
    """What became of the tags of one text."""

    text: str
    left_out: list[tuple[int, str]] = field(default_factory=list)
    """(line of the text handed in, the tag) of what could not be shown."""


def to_markdown(text: str, *, title: str) -> Found:
    """`text` without Liquid. Page, link, image and download tags become plain addresses, which the
    caller resolves as it does all others. Text between `raw` and `endraw` stays."""
    if "{%" not in text and "{{" not in text:
        return Found(text)
    return _Conversion(text, title).run()


class _Conversion:
    """One text on its way: tokens are taken in order, blocks that hold others on a stack."""

    def __init__(self, text: str, title: str) -> None:
        self._text = text
        self._title = title
        self._code = Regions(text)
        self._tokens = list(_TOKEN.finditer(text))
        self._everywhere = any(
            token["name"] in _SHOWN and self._code.end(token.start()) is None for token in self._tokens
        )
        """Whether this text went through Liquid, which then showed tags in code as well."""
        self._out: list[str] = []
        self._open: list[tuple[re.Match[str], list[str]]] = []
        self._left_out: list[tuple[int, str]] = []

    def run(self) -> Found:
        position = at = 0
        while at < len(self._tokens):
            token = self._tokens[at]
            self._out.append(self._text[position : token.start()])
            at, position = self._take(at, token)
        self._out.append(self._text[position:])
        while self._open:
            self._close(finished=False)
        return Found("".join(self._out), self._left_out)

    def _take(self, at: int, token: re.Match[str]) -> tuple[int, int]:
        """Write out one token; gives the next token's number and the position to go on from."""
        name, value = token["name"], token["value"]
        in_code = self._code.end(token.start()) is not None
        if name in _VERBATIM and (name == "raw" or not in_code):
            return self._verbatim(at, token)
        if value is not None and value[:1] in "\"'" and value:
            self._out.append(value[1:-1])
        elif in_code and not (self._everywhere and name in _SHOWN):
            self._out.append(token[0])
        elif value is not None:
            self._out.append(self._value(token))
        else:
            self._tag(token)
        return at + 1, token.end()

    def _verbatim(self, at: int, token: re.Match[str]) -> tuple[int, int]:
        end = _VERBATIM[token["name"]]
        after = next((n for n in range(at + 1, len(self._tokens)) if self._tokens[n]["name"] == end), None)
        if after is None:
            self._leave_out(token)
            return at + 1, token.end()
        content = self._text[token.end() : self._tokens[after].start()]
        if token["name"] == "raw":
            self._out.append(content)
        elif token["name"] == "highlight":
            language = (token["rest"].split() or [""])[0]
            inner = content.strip("\n")
            self._out.append(f"```{language}\n{inner}\n```")
        return after + 1, self._tokens[after].end()

    def _value(self, token: re.Match[str]) -> str:
        name = token["value"].strip()
        if name == "page.title":
            return self._title
        if not _BASE.fullmatch(name):
            self._leave_out(token)
        return ""

    def _tag(self, token: re.Match[str]) -> None:
        name = token["name"]
        if name == "alert":
            self._open.append((token, self._out))
            self._out = []
        elif name == "endalert" and self._open:
            self._close(finished=True)
        elif name in _SHOWN:
            self._out.append(_SHOWN[name](_strings(token), token["rest"].split()))
        else:
            self._leave_out(token)

    def _close(self, *, finished: bool) -> None:
        token, outer = self._open.pop()
        body = "".join(self._out)
        self._out = outer
        if finished:
            line = self._text.rfind("\n", 0, token.start()) + 1
            self._out.append(_admonition(_strings(token), body, indent=self._text[line : token.start()]))
        else:
            self._leave_out(token)
            self._out.append(body)

    def _leave_out(self, token: re.Match[str]) -> None:
        line = self._text.count("\n", 0, token.start()) + 1
        self._left_out.append((line, " ".join(token[0].split())))


def _strings(token: re.Match[str]) -> list[str]:
    return [first or second for first, second in _STRING.findall(token["rest"])]


def _address(strings: Sequence[str], words: Sequence[str]) -> str:
    """The address a tag stands for: `{% page "x/y" %}` is the page at `/x/y` of the site."""
    address = (strings or words or [""])[0].strip()
    if "://" in address or address.startswith(("/", "#", "mailto:")):
        return address
    return f"/{address}"


def _picture(strings: Sequence[str], _words: Sequence[str]) -> str:
    address, alt = (strings or [""])[0], strings[-1] if len(strings) > 1 else ""
    return "!" + markdown_link(alt, f"/{address.lstrip('/')}")


def _channel(strings: Sequence[str], _words: Sequence[str]) -> str:
    """A chat channel: its label, or its name with the sign."""
    return strings[-1] if len(strings) > 1 else f"#{(strings or [''])[0]}"


def _admonition(strings: Sequence[str], body: str, *, indent: str) -> str:
    """A box: the first text is its title unless it names a kind, such as `warning`."""
    indent = indent if not indent.strip() else ""
    title = strings[0] if strings and strings[0] not in _ALERT_KINDS else ""
    kind = next((_ALERT_KINDS[word] for word in strings if word in _ALERT_KINDS), "info")
    lines = body.strip("\n").splitlines()
    inner = "\n".join(f"{indent}    {line.removeprefix(indent)}" if line.strip() else "" for line in lines)
    quoted = title.replace('"', "”")
    return f'!!! {kind} "{quoted}"\n{inner.rstrip()}\n'


_SHOWN: Final[dict[str, Callable[[Sequence[str], Sequence[str]], str]]] = {
    "page": _address,
    "link": _address,
    "post_url": _address,
    "download": _address,
    "image": _picture,
    "image_with_class": _picture,
    "slack_channel": _channel,
}
