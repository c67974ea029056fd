"""The bus between processes: PostgreSQL tells the others which lots have changed, together with the commit."""

from collections.abc import Callable, Iterable
from threading import Event, Thread
from typing import Any

import psycopg
import structlog
from sqlalchemy import URL, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from techauction import postgresql

log = structlog.get_logger()

CHANNEL = "techauction"
AT_ONCE = 500
"""So many lots go into one message, which PostgreSQL holds to 8,000 bytes."""
LISTENING_S = 0.5
BACKOFF_S = (0.1, 0.2, 0.5, 1.0)


class Bus:
    """One process's place on the bus: what it announces the others hear, and it hears what they announce.

    `heard` is told the lots that other processes changed; `missed` is called where messages may have been lost: while there is
    no connection, and when there is one again.
    """

    def __init__(self, url: URL, heard: Callable[[set[int]], None], missed: Callable[[], None]) -> None:
        self._engine = create_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args=postgresql.connecting(url, {}, "bus"),
        )
        self._heard = heard
        self._missed = missed
        self._own: int | None = None
        self._stopping = Event()
        self._listening = Event()
        self._thread = Thread(target=self._run, name="bus", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(2 * LISTENING_S)

    @property
    def listening(self) -> bool:
        """Return whether messages arrive."""
        return self._listening.is_set()

    def announce(self, session: Session, lot_ids: Iterable[int]) -> None:
        """Say with the session's commit, and only then, that the lots have changed; for the auctioneer's thread."""
        driver: Any = session.connection().connection.driver_connection
        self._own = driver.info.backend_pid
        names = [str(lot_id) for lot_id in sorted(lot_ids)]
        for start in range(0, len(names), AT_ONCE):
            driver.execute("SELECT pg_notify(%s, %s)", (CHANNEL, ",".join(names[start : start + AT_ONCE])))

    def _run(self) -> None:
        tries = 0
        while not self._stopping.is_set():
            try:
                with self._engine.connect() as connection:
                    driver: Any = connection.connection.driver_connection
                    driver.execute(f"LISTEN {CHANNEL}")
                    tries = 0
                    self._missed()
                    self._listening.set()
                    self._listen(driver)
            except (psycopg.Error, SQLAlchemyError) as error:
                self._listening.clear()
                log.warning("bus_lost", error=str(error).splitlines()[0] if str(error) else type(error).__name__)
                self._missed()
                self._stopping.wait(BACKOFF_S[min(tries, len(BACKOFF_S) - 1)])
                tries += 1
        self._listening.clear()

    def _listen(self, driver: "psycopg.Connection[Any]") -> None:
        while not self._stopping.is_set():
            for message in driver.notifies(timeout=LISTENING_S):
                # The process's own changes were told before the message came back.
                if message.pid != self._own:
                    self._heard({int(name) for name in message.payload.split(",") if name.isdecimal()})


def bus_of(database_url: str, heard: Callable[[set[int]], None], missed: Callable[[], None]) -> Bus | None:
    """Return the bus of an installation whose database has one."""
    url = make_url(database_url)
    return Bus(url, heard, missed) if url.get_backend_name() == "postgresql" else None
