"""The timekeeper: proves that the house can take bids, and watches the wall clock; for the auctioneer's own thread."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy.orm import Session

from techauction.clock import Clock, SystemClock
from techauction.core.absence import LEAST, Decided, Gap
from techauction.saleroom.life import Life
from techauction.saleroom.tickets import Tickets
from techauction.services import absence, pausing, processes
from techauction.services.processes import Heard

log = structlog.get_logger()

BEAT = timedelta(seconds=2)
QUICK_BEAT = timedelta(seconds=0.25)
"""So often the house proves that it lives while a close is near: only so it can know that nobody was missed at it."""
NEAR = timedelta(seconds=2)
AGAIN = timedelta(seconds=0.02)
DRIFT = timedelta(seconds=0.5)
"""The wall clock may move so far away from the time that lots are sold by; over that, nobody knows what the time is."""


class Timekeeper:
    """Says what the process has proved and decided, sees what an absence has touched, and stops the sale by a wrong clock.

    `perform` runs a use case in a write transaction of the auctioneer's. `tickets` say until when every offer that was here is
    decided, and hold stamps of the clock that is set right.
    """

    def __init__(self, clock: Clock, perform: Callable[[Callable[..., Any]], Any], tickets: Tickets) -> None:
        self.life = Life(clock)
        self._clock = clock
        self._perform = perform
        self._tickets = tickets
        self._process_id = 0
        self._beaten: datetime | None = None
        self._said_through: datetime | None = None
        self._pace = QUICK_BEAT

    def begin(self) -> None:
        """Take a place among the processes, and see what was lost since one of them last proved that it lived."""
        self._process_id, since = self._perform(_begin)
        self.life.begin(since)
        self.life.prove()

    def end(self) -> None:
        """Leave in good order."""
        self._perform(partial(_end, process_id=self._process_id, decided=self._tickets.decided()))

    def beat(self, next_close: datetime | None) -> bool:
        """Prove from time to time, while lots are open, that the house can take bids; return whether it was done.

        Whoever waits for what this process has decided before a close is told as soon as the close has come. What an absence
        touched is interrupted, but for lots whose close has come: those are the hammer's.
        """
        if next_close is None:
            self.life.rest()
            return False
        if not self._is_due(next_close):
            return False
        now, decided, gaps = self._perform(self._beat)
        self.life.prove()
        self.life.noted(gaps)
        self._beaten, self._said_through = now, decided.of_all
        return True

    def write(self, session: Session, *, read_clock: Clock) -> None:
        """Write something small, to see that it can be done. What was missed before is not noted by it, so it is no proof."""
        del read_clock
        processes.beat(session, self._process_id, proven_at=None, decided=self._tickets.decided())

    def hear(self, session: Session, *, now: datetime) -> Heard:
        """Return what the other processes have decided, and keep the absence that has just ended or lasts, for the hammer."""
        absence.note(session, self.life.gaps(now), process_id=self._process_id, now=now)
        return processes.heard(session, own=self._process_id, now=now)

    def _is_due(self, next_close: datetime) -> bool:
        now = self._clock()
        if self._beaten is None or now < self._beaten:
            return True
        since = now - self._beaten
        if next_close <= now and (self._said_through is None or self._said_through < next_close):
            return since >= AGAIN or self._beaten < next_close
        return since.total_seconds() >= self.pace_s(next_close)

    def pace_s(self, next_close: datetime) -> float:
        """Return how often the house proves that it lives, in seconds."""
        return (QUICK_BEAT if next_close - self._clock() < NEAR else self._pace).total_seconds()

    def _beat(self, session: Session, *, read_clock: Clock) -> tuple[datetime, Decided, list[Gap]]:
        decided, now = self._tickets.decided(), read_clock()
        gaps = self.life.gaps(now)
        proven_at = now if self.life.answers else None
        gap_s = processes.beat(session, self._process_id, proven_at=proven_at, decided=decided)
        if gap_s is not None:  # the shortest absence that interrupts must not hide between two beats
            self._pace = min(BEAT, max(timedelta(seconds=gap_s), LEAST) / 4)
        if gaps:
            absence.note(session, gaps, process_id=self._process_id, now=now)
            absence.look(session, now=now)
        return now, decided, gaps

    def stepped(self) -> bool:
        """Return whether the wall clock has moved away."""
        return isinstance(self._clock, SystemClock) and abs(self._clock.drift()) > DRIFT

    def set_right(self) -> None:
        """Pause every open lot, and then believe the wall clock. Hammers that were due have fallen by the time that held."""
        clock = self._clock
        assert isinstance(clock, SystemClock)
        drift = clock.drift()
        left = self._perform(partial(_distrust, process_id=self._process_id, drift=drift))
        if left:  # by a clock that was set back it would be open again
            log.error("clock_not_set", lots=left)
            return
        self._tickets.set_right(clock.anchor)
        self.life.begin(None)
        self._beaten = self._said_through = None
        log.warning("clock_stepped", moved_ms=drift // timedelta(milliseconds=1))


def _begin(session: Session, *, read_clock: Clock) -> tuple[int, datetime | None]:
    now = read_clock()
    since = processes.last_proof(session, now=now)
    process_id = processes.begin(session, now=now)
    if since is not None:
        absence.note(session, [Gap(since, now)], process_id=process_id, now=now)
        absence.look(session, now=now)
    return process_id, since


def _end(session: Session, *, read_clock: Clock, process_id: int, decided: Decided) -> None:
    processes.end(session, process_id, now=read_clock(), decided=decided)


def _distrust(session: Session, *, read_clock: Clock, process_id: int, drift: timedelta) -> int:
    left = pausing.distrust(session, drift=drift, read_clock=read_clock)
    if left:  # the clock is not believed yet, and their hammers still look for absences by the time that holds
        return left
    moved = read_clock() + drift
    processes.beat(session, process_id, proven_at=moved, decided=Decided(moved))
    absence.set_back(session, now=moved)
    return left
