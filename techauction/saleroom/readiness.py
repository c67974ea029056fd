"""Whether the house can read and write: it is tried, seldom, however often it is asked."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread

from sqlalchemy import Engine, text

from techauction.saleroom.auctioneer import Auctioneer

EVERY_S = 1.0
"""At most so often something is tried."""
WITHIN_S = 1.5
"""Who asks has an answer within so many seconds, whatever the database does."""


class Trial:
    """Something that is tried at most once a second, and never twice at a time. Any number of threads may ask for it."""

    def __init__(self, begin: Callable[[], "Future[None]"]) -> None:
        self._begin = begin
        self._lock = Lock()
        self._tried: Future[None] | None = None
        self._began_s = 0.0

    def begin(self) -> "Future[None]":
        """Have it tried, unless it was or is being."""
        with self._lock:
            if self._tried is None or (self._tried.done() and time.monotonic() - self._began_s >= EVERY_S):
                self._tried, self._began_s = self._begin(), time.monotonic()
            return self._tried

    def works(self) -> bool:
        """Return whether it worked when it was last tried; what takes longer than anybody waits does not work."""
        tried = self.begin()
        left_s = self._began_s + WITHIN_S - time.monotonic()
        try:
            return tried.exception(max(0.0, left_s)) is None
        except TimeoutError:
            return False


class Readiness:
    """What works of that on which a bid depends. `pages` is the engine that pages read by."""

    def __init__(self, auctioneer: Auctioneer, pages: Engine) -> None:
        self._auctioneer = auctioneer
        self._reads = Trial(lambda: _in_thread(lambda: _read(pages)))
        self._writes = Trial(auctioneer.try_to_write)

    def found(self) -> dict[str, bool]:
        """Return what works.

        While lots are sold, their proofs say that the house writes. Where one is missing, or nothing is for sale, it is tried.
        """
        if not self._auctioneer.alive:
            return {"database": self._reads.works(), "auctioneer": False, "write": False}
        if self._auctioneer.proves:
            return {"database": True, "auctioneer": True, "write": True}
        self._reads.begin()  # where both hang, they are waited for together
        writes = self._writes.works()
        reads = self._reads.works()
        return {"database": writes or reads, "auctioneer": True, "write": writes}


def _read(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))


def _in_thread(do: Callable[[], None]) -> "Future[None]":
    """Do something that may never return."""
    future: Future[None] = Future()

    def run() -> None:
        try:
            do()
        except Exception as error:  # noqa: BLE001 (whatever it was, it does not work)
            future.set_exception(error)
        else:
            future.set_result(None)

    Thread(target=run, name="readiness", daemon=True).start()
    return future
