"""The only reader of the time."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock

from techauction.core.days import SHANGHAI

__all__ = ["SHANGHAI", "Clock", "ManualClock", "SystemClock"]

Clock = Callable[[], datetime]
"""Returns the present instant, aware and in UTC."""

_EPOCH = datetime.fromtimestamp(0, UTC)
_LOOKS = 5


class SystemClock:
    """Wall time anchored to the monotonic clock, so that a step of the wall clock moves no close.

    The monotonic clock is the machine's: processes that are given one clock read the same time from it, to the nanosecond.
    """

    def __init__(
        self, *, wall_ns: Callable[[], int] = time.time_ns, monotonic_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self.anchor()

    def __call__(self) -> datetime:
        """Return the present instant in UTC."""
        return _EPOCH + timedelta(microseconds=(self._anchor + self._monotonic_ns()) // 1_000)

    def drift(self) -> timedelta:
        """Return how far the wall clock has moved away from this one."""
        return timedelta(microseconds=(self._apart() - self._anchor) // 1_000)

    def anchor(self) -> None:
        """Believe the wall clock again."""
        self._anchor = self._apart()

    def _apart(self) -> int:
        """Return how far the two clocks are apart, by the look that took the least time: others were interrupted."""
        looks = []
        for _ in range(_LOOKS):
            before, wall, after = self._monotonic_ns(), self._wall_ns(), self._monotonic_ns()
            looks.append((after - before, wall - (before + after) // 2))
        return min(looks)[1]


class ManualClock:
    """A clock that stands until it is moved: for the demonstration's driver and for tests."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._lock = Lock()

    def __call__(self) -> datetime:
        """Return the instant it was set to."""
        with self._lock:
            return self._at

    def advance(self, by: timedelta) -> datetime:
        """Move on, and return the new instant."""
        with self._lock:
            self._at += by
            return self._at

    def set(self, at: datetime) -> None:
        """Move to an instant."""
        with self._lock:
            self._at = at
