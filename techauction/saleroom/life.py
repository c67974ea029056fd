"""What proves that a process can take bids, and the times for which it has no proof."""

import asyncio
import time
from datetime import datetime

from techauction.clock import Clock, SystemClock
from techauction.core.absence import LEAST, Gap

ANSWERS_WITHIN_S = 1.0
"""An event loop that takes longer takes no bid: what is committed then proves nothing."""
_LOOK_S = 0.25


class Life:
    """The proofs of one process: the ends of its auctioneer's commits that wrote, while its event loop answers.

    Kept by the auctioneer's own thread; only `attend` runs on the event loop. Gaps between proofs are kept until they are noted
    in the database. A manual clock jumps on purpose: there is no gap while it runs.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._jumps = not isinstance(clock, SystemClock)
        self._last = clock()
        self._gaps: list[Gap] = []
        self._answered_s: float | None = None
        self._wrote_s: float | None = None

    async def attend(self) -> None:
        """Show, as long as it runs, that the event loop answers."""
        while True:
            self._answered_s = time.monotonic()
            await asyncio.sleep(_LOOK_S)

    @property
    def answers(self) -> bool:
        """Return whether the event loop answers; an auctioneer without one is asked by threads alone."""
        return self._answered_s is None or time.monotonic() - self._answered_s <= ANSWERS_WITHIN_S + _LOOK_S

    def begin(self, since: datetime | None) -> None:
        """Begin anew, after what was last known of any process."""
        self._gaps.clear()
        self._last = self._clock() if since is None else since

    def wrote_within(self, seconds: float) -> bool:
        """Return whether it was proved so lately, by a commit that wrote."""
        return self._wrote_s is not None and time.monotonic() - self._wrote_s <= seconds

    def rest(self) -> None:
        """Take the present moment as a proof though nothing was written: nothing is for sale, and nobody is missed."""
        self._prove()

    def prove(self) -> None:
        """Take the present moment as a proof: a commit that wrote has just ended."""
        if self._prove():
            self._wrote_s = time.monotonic()

    def _prove(self) -> bool:
        if not self.answers:
            return False
        now = self._clock()
        if not self._jumps and now - self._last >= LEAST:
            self._gaps.append(Gap(self._last, now))
        self._last = now
        return True

    def gaps(self, now: datetime) -> list[Gap]:
        """Return what is not noted yet, with the time since the last proof."""
        if self._jumps or now - self._last < LEAST:
            return list(self._gaps)
        return [*self._gaps, Gap(self._last, now)]

    def noted(self, gaps: list[Gap]) -> None:
        """Forget the gaps that are noted now."""
        self._gaps = [each for each in self._gaps if each not in gaps]
