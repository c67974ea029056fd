"""The show: live rounds one after another, each with simulated rivals, for as long as the demonstration is served."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event, Thread

import structlog
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import Clock
from techauction.core.custody import Custody
from techauction.db import writing
from techauction.demo import live, people
from techauction.demo.live import Loaded
from techauction.saleroom.auctioneer import Auctioneer, QueueFull
from techauction.saleroom.simulated import SimulatedBidders

log = structlog.get_logger()

PAUSE = timedelta(seconds=60)
"""How long the results of a live round stand before the next one is announced."""
LOOK_EVERY_S = 1.0
_PATIENCE_S = 5.0


class Show:
    """A thread: everybody but the visitors looks at the lots, as slowly as people do; when all have ended it begins anew."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        auctioneer: Auctioneer,
        clock: Clock,
        *,
        custody: Custody,
        first: Loaded,
        tell: Callable[[Loaded], None] = lambda _loaded: None,
    ) -> None:
        self._sessions = sessions
        self._auctioneer = auctioneer
        self._clock = clock
        self._custody = custody
        self._tell = tell
        self._over_since: datetime | None = None
        self._rivals = self._of(first)
        self._end = Event()
        self._thread = Thread(target=self._run, name="show", daemon=True)

    def start(self) -> None:
        """Begin to look at the lots."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and wait until the last look is over."""
        self._end.set()
        self._thread.join(_PATIENCE_S)

    def look_once(self) -> None:
        """Have the rivals look at their lots; when all have ended for a while, load the next round."""
        if self._rivals.look_once():
            self._over_since = None
        elif self._over_since is None:
            self._over_since = self._clock()
        elif self._clock() - self._over_since >= PAUSE:
            with self._sessions() as session, writing(session):
                loaded = live.load(session, custody=self._custody, now=self._clock())
            self._rivals, self._over_since = self._of(loaded), None
            self._tell(loaded)

    def _of(self, loaded: Loaded) -> SimulatedBidders:
        return SimulatedBidders(
            self._sessions,
            self._auctioneer,
            self._clock,
            round_id=loaded.round_id,
            visitors=people.VISITORS,
            seed=loaded.round_id,
        )

    def _run(self) -> None:
        while not self._end.wait(LOOK_EVERY_S):
            try:
                self.look_once()
            except QueueFull:  # the auctioneer stops
                return
            except Exception:  # the show goes on
                log.exception("show_stumbled")
