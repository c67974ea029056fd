"""How the process does, for the organizers' desk: who watches, and when the scheduler last ticked."""

from collections import deque
from datetime import datetime, timedelta

_MINUTE = timedelta(minutes=1)
_MOST = 10_000


class Vitals:
    """Kept by one process of itself. Written by the event loop and the scheduler, read by pages."""

    def __init__(self) -> None:
        self.watching = 0
        self.ticked_at: datetime | None = None
        self._joined: deque[datetime] = deque(maxlen=_MOST)
        self._dropped: deque[datetime] = deque(maxlen=_MOST)

    def joined(self, watching: int, at: datetime) -> None:
        """Note that a stream was opened, anew or after it was lost."""
        self.watching = watching
        self._joined.append(at)

    def parted(self, watching: int) -> None:
        """Note that a stream has ended."""
        self.watching = watching

    def dropped(self, at: datetime) -> None:
        """Note that a reader was dropped because it did not keep up."""
        self._dropped.append(at)

    def joined_of_late(self, now: datetime) -> int:
        """Return how many streams were opened in the last minute; many more than watch says that connections break."""
        return sum(at > now - _MINUTE for at in list(self._joined))

    def dropped_of_late(self, now: datetime) -> int:
        """Return how many readers were dropped in the last minute."""
        return sum(at > now - _MINUTE for at in list(self._dropped))
