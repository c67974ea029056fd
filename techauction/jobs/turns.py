"""Whose turn it is: of several processes one holds each tick."""

import zlib
from threading import Lock

import structlog
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from techauction import postgresql

log = structlog.get_logger()

_NAMESPACE = zlib.crc32(b"techauction ticks") >> 1
_ASK = text("SELECT pg_try_advisory_lock(:namespace, :tick)")
_LIMITS = {"statement_timeout": "5s", "idle_session_timeout": "20s"}
"""A holder that was stopped, not ended, asks nothing any more: the server ends its session, and another takes its ticks."""


class Turns:
    """One process's hold on the ticks, by PostgreSQL's advisory locks on a connection of their own.

    The locks go with the connection: those of a process that dies are free at once. Ticks would do no harm in two places; this
    spares the work. A SQLite installation has one process, whose turn it always is.
    """

    def __init__(self, database_url: str) -> None:
        url = make_url(database_url)
        self._engine = None
        if url.get_backend_name() == "postgresql":
            arguments = postgresql.connecting(url, _LIMITS, "ticks")
            self._engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=arguments)
        self._lock = Lock()
        self._connection: Connection | None = None
        self._held: set[str] = set()

    def mine(self, tick: str) -> bool:
        """Return whether this process is the one that runs the tick, now and until it ends."""
        if self._engine is None:
            return True
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._engine.connect()
                if tick in self._held:
                    self._connection.execute(text("SELECT 1"))
                elif self._connection.scalar(_ASK, {"namespace": _NAMESPACE, "tick": zlib.crc32(tick.encode()) >> 1}):
                    self._held.add(tick)
            except SQLAlchemyError as error:
                log.warning("turns_lost", error=type(error).__name__)
                self._let_go()
            return tick in self._held

    def close(self) -> None:
        """Let every tick go."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        self._held.clear()
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
