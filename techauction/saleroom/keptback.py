"""What is kept back because somebody outside holds what it needs: it waits in its own order, and the others go on."""

import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

AGAIN_S = 0.25
"""So often one of those kept back is tried; each try has a moment's patience, so what is sold meanwhile loses little."""


class KeptBack(Generic[T]):
    """What waits, by what it waits for: a lot, or an act by itself. For the auctioneer's own thread."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._waiting: dict[Hashable, list[T]] = {}
        self._next_s = 0.0

    def __contains__(self, what: Hashable) -> bool:
        return what in self._waiting

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def __iter__(self) -> Iterator[T]:
        return (each for waiting in self._waiting.values() for each in waiting)

    def add(self, what: Hashable, waiting: Iterable[T]) -> None:
        """Have these wait, behind what waits already."""
        if not self._waiting:
            self._next_s = self._monotonic() + AGAIN_S
        self._waiting.setdefault(what, []).extend(waiting)

    def patience_s(self) -> float:
        """Return in how many seconds one is to be tried."""
        return max(self._next_s - self._monotonic(), 0.0)

    def tried(self, work: Callable[[list[T]], None]) -> None:
        """Have those that are due worked on, one after the other, until one must wait again: the next time another is first."""
        while self._waiting and not self.patience_s():
            self.try_next(work)

    def try_next(self, work: Callable[[list[T]], None]) -> None:
        """Have what waits longest untried worked on; where it must wait again, nothing is tried for a while."""
        what = next(iter(self._waiting))
        work(self._waiting.pop(what))
        if what in self._waiting:
            self._next_s = self._monotonic() + AGAIN_S
