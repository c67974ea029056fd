"""A house that sells one lot by the real clock, and what keeps it from taking bids."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import psycopg
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker
from structlog.testing import capture_logs

from techauction.clock import SystemClock
from techauction.core.record import Kind
from techauction.db import make_engine, make_sale_engine, snapshot
from techauction.reports.record_of_sale import verify_round
from techauction.saleroom.auctioneer import Auctioneer
from tests.saleroom.conftest import PATIENCE_S, Sale

SECOND = timedelta(seconds=1)
PERIOD = 3 * SECOND

Cause = Callable[["House"], AbstractContextManager[datetime]]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Place(Protocol[T_co]):
    """A house on a database, and what a test reads there when nobody can move it: the close of its lot."""

    url: str

    def close_at(self) -> T_co: ...


class House:
    """A lot that closes after one period, and the auctioneers that sell it."""

    def __init__(self, url: str, *, gap_s: int, processes: int) -> None:
        self.url = url
        self._quiet = ExitStack()
        self.logged = self._quiet.enter_context(capture_logs())  # to print tracebacks takes seconds from the auctioneer
        self.clock = SystemClock()
        now = self.clock()
        terms = {"opens_at": now, "closes_at": now + PERIOD, "extension_length_s": 3, "extension_trigger_s": 1}
        self.engines = [make_engine(url), *(make_sale_engine(url) for _ in range(processes))]
        self.sale = Sale(self.engines[0], self.clock, gap_s=gap_s, **terms)
        for engine in self.engines[1:]:
            event.listen(engine, "connect", _impatient)
        self.auctioneers = [Auctioneer(sessionmaker(each, expire_on_commit=False), self.clock) for each in self.engines[1:]]
        self.sale.auctioneer = self.auctioneers[0]
        for each in self.auctioneers[1:]:
            each.start()
        self.sale.open()

    def close_at(self) -> datetime:
        """Return the lot's close."""
        found = self.sale.lot().closes_at
        assert found is not None
        return found

    def wait_until(self, at: datetime) -> None:
        """Wait by the house's clock."""
        time.sleep(max(0.0, (at - self.clock()).total_seconds()))

    def wait_for(self, *kinds: Kind) -> None:
        """Wait until one of these is on the record."""
        until = time.monotonic() + 2 * PATIENCE_S
        while not self.kinds() & set(kinds):
            assert time.monotonic() < until, self.kinds()
            time.sleep(0.05)

    def kinds(self) -> set[Kind]:
        """Return what has happened to the lot."""
        return {row.kind for row in self.sale.record()}

    def is_sound(self) -> None:
        """Assert that the record says what happened."""
        with self.sale.sessions() as session:
            found = verify_round(snapshot(session), self.sale.slug)
        assert not found, found

    def stop(self) -> None:
        """End."""
        for each in self.auctioneers:
            each.stop(PATIENCE_S)
        for engine in self.engines:
            engine.dispose()
        self._quiet.close()


def _impatient(connection: Any, _record: object) -> None:
    """Have SQLite say soon that it is locked, as it would after five seconds: a beat must be seen to fail."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA busy_timeout = 50")


@contextmanager
def locked(house: Place[T]) -> Iterator[T]:
    """Hold what every writer needs, from outside."""
    engine = create_engine(house.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as stranger:
        if engine.dialect.name == "sqlite":
            stranger.execute(text("PRAGMA busy_timeout = 20000"))
            stranger.execute(text("BEGIN IMMEDIATE"))
        else:
            stranger.execute(text("BEGIN"))
            stranger.execute(text("LOCK TABLE processes, lots IN EXCLUSIVE MODE"))
        yield house.close_at()
        stranger.execute(text("ROLLBACK"))
    engine.dispose()


@contextmanager
def gone(house: Place[T]) -> Iterator[T]:
    """Have PostgreSQL throw everybody out, and let nobody in."""
    url = make_url(house.url)
    address = url.set(database="postgres", drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as server:
        close = house.close_at()
        server.execute(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS false".encode())
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (url.database,))
        yield close
        server.execute(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS true".encode())


@contextmanager
def busy(house: House) -> Iterator[datetime]:
    """Have every auctioneer do something that takes long."""
    begun, done = threading.Barrier(len(house.auctioneers) + 1), threading.Event()

    def long_act(session: Session, *, read_clock: Callable[[], datetime]) -> None:
        del read_clock
        session.rollback()  # what takes long here is the turn, not a lock
        begun.wait(PATIENCE_S)
        done.wait(2 * PATIENCE_S)

    acts = [each.act(long_act) for each in house.auctioneers]
    begun.wait(PATIENCE_S)
    yield house.close_at()
    done.set()
    for act in acts:
        act.exception(PATIENCE_S)


@contextmanager
def deaf(house: House) -> Iterator[datetime]:
    """Have the event loop of every process stand still, while its auctioneer works on."""
    loop, done, stands = asyncio.new_event_loop(), threading.Event(), threading.Event()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    attending = [asyncio.run_coroutine_threadsafe(each.life.attend(), loop) for each in house.auctioneers]
    loop.call_soon_threadsafe(lambda: loop.call_soon(stands.set))  # all attend before that
    assert stands.wait(PATIENCE_S)
    loop.call_soon_threadsafe(done.wait, 2 * PATIENCE_S)
    yield house.close_at()
    done.set()
    for each in attending:
        each.cancel()
    loop.call_soon_threadsafe(loop.stop)
    thread.join(PATIENCE_S)
    loop.close()


CAUSES: dict[str, Cause] = {"locked": locked, "gone": gone, "busy": busy, "deaf": deaf}
