"""What the applications of one test process share, so that not every test compiles it anew: address rules,
templates, SQL statements. All of it follows from the code alone, whatever a test does."""

from collections.abc import Callable
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule


class Rules(Rule):
    """Address rules of which those with the same text share what puts arguments into an address."""

    _shared: dict[tuple[str, ...], Callable[..., tuple[str, str]]] = {}  # noqa: RUF012

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (self.rule, str(self._trace), str(self.defaults), str(append_unknown))
        if key not in self._shared:
            self._shared[key] = super()._compile_builder(append_unknown)
        return self._shared[key]


class Templates(BytecodeCache):
    """Templates in memory, by name and the checksum of their text."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code


class Compiled:
    """Templates and SQL of this process. In production one engine keeps its statements as long as a
    process lives; here all engines of a process do so together."""

    def __init__(self) -> None:
        self.templates = Templates()
        self._statements: LRUCache[Any, Any] = LRUCache(2000)
        self._dialect: Dialect | None = None

    def learn(self, engine: Engine) -> None:
        """Take the dialect of an engine that has been connected, and so knows its server."""
        self._dialect = engine.dialect

    def serve(self, engine: Engine) -> None:
        """Let an engine use the statements of all. They belong to one dialect, so it uses that too."""
        assert self._dialect is not None
        engine.dialect = self._dialect
        engine.update_execution_options(compiled_cache=self._statements)
