"""Simulated rivals of the live round: a thread that has them look at its lots, as slowly as people do."""

from threading import Event, Thread
from typing import Any

import structlog

from techauction.saleroom.auctioneer import QueueFull
from techauction.saleroom.simulated import SimulatedBidders

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
_PATIENCE_S = 5.0


class Rivals(SimulatedBidders):
    """Everybody in a live round but the visitors."""

    def __init__(self, *args: Any, **said: Any) -> None:
        super().__init__(*args, **said)
        self._end = Event()
        self._thread = Thread(target=self._run, name="rivals", daemon=True)

    def start(self) -> None:
        """Begin to look at the lots."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and wait until the last look is over."""
        self._end.set()
        self._thread.join(_PATIENCE_S)

    def _run(self) -> None:
        while not self._end.wait(LOOK_EVERY_S):
            try:
                if not self.look_once():
                    return
            except QueueFull:  # the auctioneer stops
                return
            except Exception:  # the show goes on
                log.exception("rivals_stumbled")
