"""Engines, their pragmas, and the one way to write."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import structlog
from flask import g
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from techauction import postgresql
from techauction.sqlite_files import OpenFiles, files_of
from techauction.store.base import Row

db = SQLAlchemy(metadata=Row.metadata)
"""Flask-SQLAlchemy, thinly: one session a request. Rows are plain SQLAlchemy; statements are `select()`."""

log = structlog.get_logger()

_PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5_000}
_SOUND_WAL = (3, 51, 3)
_write_locks: dict[str, Lock] = {}
_turns: dict[str, Lock] = {}


ONLY_SHOWN = "only_shown"
"""What `flask.g` says of a request that shows a form again, and does nothing."""


class OnlyShown(Exception):
    """Something was to be written by a request that only shows a form again."""


class PragmaRefused(Exception):
    """SQLite did not take a pragma on which durability or integrity rests."""


def options(url: str) -> dict[str, Any]:
    """Return the engine options of pages that suit the database at `url`."""
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite":
        return _sqlite()
    return _postgresql(parts, postgresql.PAGES, "pages", most=20)


def make_engine(url: str, *, checkpoints: bool = False) -> Engine:
    """Return an engine of its own for a writer that is no page. Only the auctioneer's checkpoints the WAL."""
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite":
        engine = create_engine(url, **_sqlite())
    else:
        engine = create_engine(url, **_postgresql(parts, postgresql.COMMAND, "command", most=20))
    prepare(engine, checkpoints=checkpoints)
    return engine


def make_reading_engine(url: str) -> Engine:
    """Return an engine for a child that only reads: the database refuses everything else."""
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite":
        assert parts.database is not None
        # Its snapshot is a state of the WAL: it writes nothing, and checkpoints nothing when it ends.
        address = f"{Path(parts.database).resolve().as_uri()}?mode=ro"
        connect = partial(sqlite3.connect, address, uri=True, timeout=5.0, isolation_level=None)
        engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
        event.listen(engine, "begin", _begun)
        return engine
    limits = {**postgresql.COMMAND, "default_transaction_read_only": "on"}
    return create_engine(url, **_postgresql(parts, limits, "child", most=1))


def make_sale_engine(url: str) -> Engine:
    """Return the auctioneer's engine.

    On PostgreSQL it has one connection: a path that asks for a second while it holds the first fails at once, where a larger
    pool would fail only when the house is full.
    """
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite":
        engine = create_engine(url, **_sqlite())
    else:
        engine = create_engine(url, **_postgresql(parts, postgresql.SALE, "auctioneer", most=1) | {"pool_timeout": 1})
    prepare(engine, checkpoints=True)
    return engine


def _sqlite() -> dict[str, Any]:
    return {"pool_size": 48, "max_overflow": 16, "connect_args": {"timeout": 5.0, "check_same_thread": False}}


def _postgresql(url: URL, limits: Mapping[str, str], name: str, *, most: int) -> dict[str, Any]:
    """Return a pool of at most `most` connections; who finds none free waits for a page that takes milliseconds."""
    return {
        "pool_size": (most + 1) // 2,
        "max_overflow": most // 2,
        "pool_timeout": 5,
        "pool_pre_ping": True,
        "connect_args": postgresql.connecting(url, limits, name),
    }


def prepare(engine: Engine, *, checkpoints: bool = False) -> None:
    """Have every connection of the engine carry our pragmas, and every transaction begin as it is meant."""
    if engine.dialect.name != "sqlite":
        postgresql.keep_warnings(engine)
        return

    def connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late
        for name, value in _PRAGMAS.items():
            connection.execute(f"PRAGMA {name} = {value}")
        if not checkpoints:
            # Two connections that both reset the WAL can corrupt it before SQLite 3.51.3.
            connection.execute("PRAGMA wal_autocheckpoint = 0")
        if files is not None:
            files.opened(connection)

    def closed(_connection: sqlite3.Connection, _record: object) -> None:
        if files is not None:
            files.closed()

    files = _files_of(engine)
    event.listen(engine, "connect", connected)
    event.listen(engine, "close", closed)
    event.listen(engine, "begin", _begun)


def _begun(connection: Connection) -> None:
    """Begin a transaction as it is meant: the driver would begin none for what only reads."""
    immediate = connection.get_execution_options().get("writing", False)
    cursor = connection.connection.cursor()
    cursor.execute("BEGIN IMMEDIATE" if immediate else "BEGIN")
    cursor.close()


def check(engine: Engine) -> None:
    """Read the pragmas back, and warn of a SQLite whose WAL had a fault.

    :raises PragmaRefused: one did not take
    """
    if engine.dialect.name != "sqlite":
        return
    with engine.connect() as connection:
        for name, value in _PRAGMAS.items():
            found = connection.execute(text(f"PRAGMA {name}")).scalar()
            if found != value:
                raise PragmaRefused(f"{name} is {found}, not {value}")
    if sqlite3.sqlite_version_info < _SOUND_WAL:
        log.warning(
            "sqlite_is_old", version=sqlite3.sqlite_version, wanted="3.51.3", kept_safe_by="one checkpointing connection"
        )


def checkpoint(engine: Engine) -> None:
    """Copy the WAL into the database, as one of the process's writers; for the auctioneer, when idle."""
    if engine.dialect.name == "sqlite":
        with _lock(_write_locks, engine), engine.connect() as connection:
            connection.commit()
            connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(PASSIVE)")  # type: ignore[union-attr]


@contextmanager
def writing(session: Session) -> Iterator[Session]:
    """End the session's read, begin a write transaction, and commit it at the end; anything raised rolls back.

    On SQLite writers of this process go one at a time, and the transaction holds the write lock from its first statement.

    :raises CommitUnknown: the database committed with a warning, or into files that do not stand any more
    :raises DatabaseFilesGone: they did not before
    """
    session.rollback()
    with write_lock(session):
        connection = session.connection(execution_options={"writing": True})
        files = _files_of(connection.engine)
        try:
            if files is not None and not files.stand():
                _save_what_is_committed(connection)
                files.must_stand()
            yield session
            postgresql.commit(session)
            if files is not None:
                files.must_have_stood()
        except BaseException:
            session.rollback()
            raise


def _save_what_is_committed(connection: Connection) -> None:
    """Copy what stands in a WAL without a name into the database: here it can still be read, and nowhere else."""
    connection.exec_driver_sql("ROLLBACK")
    connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")


def _files_of(engine: Engine) -> OpenFiles | None:
    """Return the files of the engine's database, where it has any in this process's care."""
    return files_of(engine.url.database) if engine.dialect.name == "sqlite" and engine.url.database else None


def files_stand(engine: Engine) -> bool:
    """Return whether the files of a SQLite database that this process has open stand under their names still."""
    files = _files_of(engine)
    return files is None or files.stand()


def snapshot(session: Session) -> Session:
    """End the session's read, and have its next statements all read one state of the database."""
    session.rollback()
    if session.get_bind().dialect.name == "postgresql":  # SQLite's transactions do so by themselves
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    return session


@contextmanager
def transaction() -> Iterator[Session]:
    """Write in the request's own session (`writing`).

    Of all pages one at a time waits for the writers' lock: a crowd of them must not stand between the auctioneer and its bids.

    :raises OnlyShown: the request shows a form again, and does nothing
    """
    if g.get(ONLY_SHOWN):
        raise OnlyShown
    session = db.session()
    session.rollback()  # it reads no more while it waits
    with _turn(session), writing(session) as begun:
        yield begun


def _turn(session: Session) -> Any:
    return _lock(_turns, session.get_bind().engine)


def write_lock(session: Session) -> Any:
    """Return the process's lock for writers of the session's database; PostgreSQL needs none."""
    return _lock(_write_locks, session.get_bind().engine)


def _lock(locks: dict[str, Lock], engine: Engine) -> Any:
    return locks.setdefault(str(engine.url.database), Lock()) if engine.dialect.name == "sqlite" else nullcontext()
