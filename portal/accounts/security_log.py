"""The security log: one line per sign-in, refusal, lock-out and change of a password.

Lines go to the logger `portal.security` as `event key=value …`. Values that come from outside are
written as JSON text in ASCII, so that no value can start a line, end a value or colour a terminal.
"""

import json
import logging
import sys
from typing import Final

_log: Final = logging.getLogger("portal.security")
_LONGEST: Final = 120


class _StandardError(logging.Handler):
    """Writes to standard error as long as the deployment has set up no logging of its own: Python by
    itself would drop everything below a warning."""

    def emit(self, record: logging.LogRecord) -> None:
        if not logging.getLogger().handlers:
            sys.stderr.write(self.format(record) + "\n")


def install() -> None:
    """See to it that the lines come out somewhere."""
    _log.setLevel(logging.INFO)
    if not _log.handlers:
        handler = _StandardError()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        _log.addHandler(handler)


def safe(value: object) -> str:
    """`value` as one printable ASCII word: numbers and None bare, anything else quoted, cut at 120."""
    if value is None or isinstance(value, int):
        return str(value)
    text = str(value)
    cut = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    # DEL and what JSON leaves as it is in ASCII: only quotes, backslashes and control characters matter.
    return json.dumps(cut, ensure_ascii=True).replace("\x7f", "\\u007f")


def note(event: str, **details: object) -> None:
    """Log that something went as it should: sign-in, sign-out, password changed."""
    _log.info("%s", _line(event, details))


def warn(event: str, **details: object) -> None:
    """Log something worth watching: a refused sign-in, a lock-out."""
    _log.warning("%s", _line(event, details))


def _line(event: str, details: dict[str, object]) -> str:
    return " ".join([event, *(f"{name}={safe(value)}" for name, value in details.items())])
