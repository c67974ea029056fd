"""What every test would make anew for its own app and its own database, and none needs to: it is made once a process.

Without this, more than half of what the tests of pages and services do is to compile routes, templates and SQL.
"""

from collections.abc import Callable, MutableMapping
from types import CodeType
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Connection, Engine, event
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from techauction.store.base import Row

_builders: dict[Any, Callable[..., tuple[str, str]]] = {}


class KeptRule(Rule):
    """A route; what builds its addresses is compiled once. That is most of what it takes to make an app."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: FBT002 (Werkzeug's)
        made_of = (self.rule, tuple(self._trace), tuple((self.defaults or {}).items()), append_unknown)
        if made_of not in _builders:
            _builders[made_of] = super()._compile_builder(append_unknown)
        return _builders[made_of]


class KeptTemplates(BytecodeCache):
    """Compiled templates, by their file and its content."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template that was compiled before."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template."""
        assert bucket.code is not None
        self._codes[bucket.key, bucket.checksum] = bucket.code


class KeptStatements(LRUCache[Any, Any]):
    """Compiled statements, by the kind of their database. SQLAlchemy's own are by the engine, which is each test's own."""

    def get(self, key: Any, default: Any = None) -> Any:
        """Give a statement that was compiled before."""
        return super().get(_of_the_kind(key), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__(_of_the_kind(key), compiled)


def _of_the_kind(key: tuple[Any, ...]) -> tuple[Any, ...]:
    dialect, *rest = key
    return dialect.name, dialect.driver, *rest


def keep() -> None:
    """Have every app and every engine of this process use what was made for those before it."""
    Flask.url_rule_class = KeptRule
    Flask.jinja_options = {"bytecode_cache": KeptTemplates()}
    statements: MutableMapping[Any, Any] = KeptStatements(5_000)

    def connected(connection: Connection) -> None:
        connection.execution_options(compiled_cache=statements)

    event.listen(Engine, "engine_connect", connected)
    Row.registry.configure()
    for mapper in Row.registry.mappers:
        mapper._compiled_cache = KeptStatements(200)  # noqa: SLF001 (rows are written by statements of their own)
