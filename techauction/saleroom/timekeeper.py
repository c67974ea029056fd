"""The timekeeper: keeps the pulse of the selling process, and watches the wall clock; for the auctioneer's own thread."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy.orm import Session

from techauction.clock import Clock, SystemClock
from techauction.saleroom.tickets import Tickets
from techauction.services import pausing, pulse

log = structlog.get_logger()

BEAT = timedelta(seconds=2)
DRIFT = timedelta(seconds=0.5)
"""The wall clock may move so far away from the time that lots are sold by; over that, nobody knows what the time is."""


class Timekeeper:
    """Says that the process is alive, and stops the sale when the clock cannot be trusted.

    `perform` runs a use case in a write transaction of the auctioneer's. `tickets` hold stamps of the clock that is set right.
    """

    def __init__(self, clock: Clock, perform: Callable[[Callable[..., Any]], Any], tickets: Tickets) -> None:
        self._clock = clock
        self._perform = perform
        self._tickets = tickets
        self._beaten: datetime | None = None
        self._awake: datetime | None = None

    def begin(self) -> None:
        """Interrupt the lots whose last period fell into an absence of every process, and begin to beat."""
        now = self._clock()
        self._perform(partial(_wake, alive_at=None, now=now))
        self._beaten = self._awake = now

    def beat(self, *, selling: bool) -> bool:
        """Say from time to time, while lots are open, that the process is alive; return whether it was said.

        Where the process itself was stopped, and no other sold meanwhile, what was lost is interrupted.
        """
        now = self._clock()
        # A manual clock jumps on purpose; that is no absence.
        awake, self._awake = self._awake if isinstance(self._clock, SystemClock) else now, now
        assert self._beaten is not None
        if not selling or timedelta(0) <= now - self._beaten < BEAT:
            return False
        self._perform(partial(_wake, alive_at=awake, now=now))
        self._beaten = now
        return True

    def stepped(self) -> bool:
        """Return whether the wall clock has moved away."""
        return isinstance(self._clock, SystemClock) and abs(self._clock.drift()) > DRIFT

    def set_right(self) -> None:
        """Pause every open lot, and then believe the wall clock. Hammers that were due have fallen by the time that held."""
        clock = self._clock
        assert isinstance(clock, SystemClock)
        drift = clock.drift()
        left = self._perform(partial(_distrust, drift=drift))
        if left:  # by a clock that was set back it would be open again
            log.error("clock_not_set", lots=left)
            return
        self._tickets.set_right(clock.anchor)
        self._beaten = self._awake = clock()
        log.warning("clock_stepped", moved_ms=drift // timedelta(milliseconds=1))


def _wake(session: Session, *, read_clock: Clock, alive_at: datetime | None, now: datetime) -> None:
    del read_clock  # an absence ends when the process wakes, not when it gets the lock
    pulse.wake(session, alive_at=alive_at, now=now)


def _distrust(session: Session, *, read_clock: Clock, drift: timedelta) -> int:
    pulse.last_pulse(session)  # the pulse is locked before lots, here as when it beats
    left = pausing.distrust(session, drift=drift, read_clock=read_clock)
    pulse.beat(session, now=read_clock() + drift)
    return left
