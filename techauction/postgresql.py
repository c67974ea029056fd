"""What PostgreSQL is held to, and how its answers are understood."""

import sqlite3
from collections.abc import Mapping
from functools import partial
from typing import Any

import psycopg
from psycopg.errors import Diagnostic
from sqlalchemy import URL, Engine, event
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

WARNED = "warnings"
"""Where a connection keeps the warnings that came over it."""

PAGES = {"statement_timeout": "30s", "lock_timeout": "3s", "idle_in_transaction_session_timeout": "30s"}
SALE = {"statement_timeout": "5s", "lock_timeout": "500ms", "idle_in_transaction_session_timeout": "5s"}
"""The auctioneer's limits are short: whoever holds a lot's lock and has stopped must not stop the others' sale."""
HURRY_MS = 20
"""So long the auctioneer waits at the locks of what it could not have before."""
COMMAND: dict[str, str] = {}
"""A report or a migration takes the time that it takes."""

_NETWORK = {
    "connect_timeout": 3,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
_UNDONE = frozenset({"40001", "40P01", "55P03"})
_PASSING = frozenset({"23505", "25P03", "57P05"})
_RACED = frozenset({"23505", "40001", "40P01", "57014"})
_HELD = "55P03"


class CommitUnknown(Exception):
    """The database committed, and warned: what was committed may not have reached where it would outlive this server."""


def connecting(url: URL, limits: Mapping[str, str], name: str) -> dict[str, Any]:
    """Return the arguments of a connection that holds itself to the limits; what the URL says goes before them."""
    said = url.query.get("options", "")
    ours = [f"-c {setting}={value}" for setting, value in limits.items()]
    wanted: dict[str, Any] = {**_NETWORK, "application_name": f"techauction {name}"}
    wanted = {each: value for each, value in wanted.items() if each not in url.query}
    return {**wanted, "options": " ".join([*ours, *([said] if isinstance(said, str) else said)])}


def keep_warnings(engine: Engine) -> None:
    """Have every connection of the engine keep the warnings that come over it."""

    def connected(connection: psycopg.Connection[Any], record: Any) -> None:
        warned: list[str] = []
        record.info[WARNED] = warned
        connection.add_notice_handler(partial(_noticed, warned))

    event.listen(engine, "connect", connected)


def _noticed(warned: list[str], notice: Diagnostic) -> None:
    # The text comes in the server's language; the severity's other name never does.
    if notice.severity_nonlocalized == "WARNING":
        warned.append(f"{notice.sqlstate} {notice.message_primary}")


def commit(session: Session) -> None:
    """Commit, and take no warning for a yes.

    A commit whose wait for the standby was canceled returns like any other: it is done here, and may be nowhere else.

    :raises CommitUnknown: the server warned
    """
    session.flush()
    warned: list[str] = session.connection().info.setdefault(WARNED, [])
    warned.clear()
    session.commit()
    if warned:
        raise CommitUnknown(warned[-1])


def weigh(session: Session) -> None:
    """Make the transaction's commit wait for the standby though nothing was written.

    What is only read may be an answer whose commit never was replicated. The standby has everything that stands before this.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection().exec_driver_sql("SELECT pg_logical_emit_message(true, 'techauction', '')")


def is_replicated(session: Session) -> bool:
    """Return whether commits wait for a second server."""
    if session.get_bind().dialect.name != "postgresql":
        return False
    return bool(session.connection().exec_driver_sql("SHOW synchronous_standby_names").scalar())


def cause(error: BaseException) -> BaseException:
    """Return what the driver raised, where it stands in an exception of SQLAlchemy's."""
    return getattr(error, "orig", None) or error


def is_passing(error: BaseException) -> bool:
    """Return whether another try may go better: after a deadlock, a time-out, a lost connection, or a race for one key."""
    return is_away(error) or getattr(cause(error), "sqlstate", None) in _PASSING


def is_away(error: BaseException) -> bool:
    """Return whether the database itself does not answer, or not in time: nothing is wrong with what was asked."""
    raised = cause(error)
    if getattr(raised, "sqlite_errorname", None) == "SQLITE_ERROR":  # it answers, and what was asked is wrong
        return False
    return (
        isinstance(raised, (psycopg.OperationalError, psycopg.InterfaceError, sqlite3.OperationalError, PoolTimeout))
        or getattr(error, "connection_invalidated", False) is True
    )


def is_raced(error: BaseException) -> bool:
    """Return whether another try may go better, though the database is well: what fails so each time is itself to blame."""
    return getattr(cause(error), "sqlstate", None) in _RACED


def is_held(error: BaseException) -> bool:
    """Return whether somebody else held, for too long, what was to be locked."""
    return getattr(cause(error), "sqlstate", None) == _HELD


def hurry(session: Session) -> None:
    """Have the transaction wait but a moment for locks."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().exec_driver_sql(f"SET LOCAL lock_timeout = '{HURRY_MS}ms'")


def is_undone(error: BaseException) -> bool:
    """Return whether the transaction was certainly rolled back, and may simply be tried again."""
    return getattr(cause(error), "sqlstate", None) in _UNDONE
