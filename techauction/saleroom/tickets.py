"""Tickets: when an offer was here, and which offers that were here in time are not decided yet."""

import re
import time
from collections.abc import Callable, Iterable, MutableMapping
from datetime import datetime
from threading import Lock
from typing import Any

from techauction.clock import Clock
from techauction.core.absence import Decided

TICKET = "techauction.ticket"
"""Where an ASGI scope holds the request's ticket, once its last byte was read."""
UNQUEUED_S = 3.0
"""So long a ticket lives until its offer is queued: what takes longer keeps no hammer waiting."""
_MANY = 20_000
_NAMED = 100
"""So many lots are named as behind the others; where more are, the rest keep all."""
_TO_A_LOT = re.compile(
    r"/(?:saleroom|api/v1)/lots/([0-9]{1,9})/bids"
    r"|/bidder/rounds/[^/]+/lots/[0-9]+(?:/instruction)?"
    r"|/organizer/rounds/[^/]+/floor/lots/[0-9]+"
)
"""What bidders, and clerks for them, send to a lot. Pages name it by its number: which lot that is, is looked up later."""


class Ticket:
    """An offer's place in time. `stamp` is the house's clock when its last byte was read; `lot_id` is none while not known."""

    __slots__ = ("epoch", "lot_id", "stamp", "until_s")

    def __init__(self, lot_id: int | None, stamp: datetime, epoch: int, until_s: float | None) -> None:
        self.lot_id = lot_id
        self.stamp = stamp
        self.epoch = epoch
        self.until_s = until_s
        """Until when it lives, in seconds of the monotonic clock; none while its offer is queued."""


class Tickets:
    """Issues tickets, and knows those that are open.

    Stamp and ticket are made under one lock: who reads the tickets at a moment after a close sees every stamp before it. A
    ticket ends when its offer is decided or refused, or its caller is gone. Any thread may call any of this.
    """

    def __init__(self, clock: Clock, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._lock = Lock()
        self._open: set[Ticket] = set()
        self._epoch = 0
        self._many = _MANY

    @property
    def count(self) -> int:
        """Return how many are open."""
        return len(self._open)

    def issue(self, lot_id: int | None) -> Ticket:
        """Stamp an offer whose last byte was just read; the ticket lives a little while, or as long as its offer is queued."""
        until_s = self._monotonic() + UNQUEUED_S
        with self._lock:
            ticket = Ticket(lot_id, self._clock(), self._epoch, until_s)
            self._open.add(ticket)
            if len(self._open) > self._many:  # some callers were gone before anybody looked at what they sent
                self._forget_expired()
                self._many = max(_MANY, 2 * len(self._open))
        return ticket

    def issue_to(self, scope: MutableMapping[str, Any]) -> None:
        """Put a ticket into the scope of a request that was read whole, if it is one to a lot."""
        if scope["method"] == "POST" and (found := _TO_A_LOT.fullmatch(scope["path"])) is not None:
            scope[TICKET] = self.issue(None if found[1] is None else int(found[1]))

    def queue(self, ticket: Ticket, lot_id: int) -> None:
        """Keep the ticket until it ends: its offer is queued."""
        with self._lock:
            ticket.lot_id, ticket.until_s = lot_id, None
            self._open.add(ticket)

    def end(self, tickets: Iterable[Ticket]) -> None:
        """Forget tickets: their offers are decided, or never will be."""
        with self._lock:
            self._open.difference_update(tickets)

    def leave(self, ticket: Ticket) -> None:
        """Forget a ticket whose caller is gone or answered, unless its offer is queued."""
        with self._lock:
            if ticket.until_s is not None:
                self._open.discard(ticket)

    def arrived_at(self, ticket: Ticket) -> datetime | None:
        """Return the stamp; none where the clock was set since, and it counts as the moment of the decision."""
        return ticket.stamp if ticket.epoch == self._epoch else None

    def decided(self) -> Decided:
        """Return the instant before which every stamp's offer has ended: the present, or for a lot its oldest open ticket's.

        What is to a lot that is not known yet may be to any, and keeps all of them.
        """
        with self._lock:
            now = self._clock()
            oldest = self._oldest()
        of_any = oldest.pop(None, now)
        behind = sorted((stamp, lot_id) for lot_id, stamp in oldest.items() if lot_id is not None)
        rest = (stamp for stamp, _ in behind[_NAMED:])
        return Decided(min(now, of_any, *rest), {lot_id: stamp for stamp, lot_id in behind[:_NAMED]})

    def open_before(self, lot_id: int, close: datetime) -> bool:
        """Return whether an offer is open that may be the lot's and was here before the close; to ask at the close or later."""
        return self.awaited()(lot_id, close)

    def awaited(self) -> Callable[[int, datetime], bool]:
        """Return `open_before` as it is now, for many lots: the tickets are looked through once."""
        with self._lock:
            oldest = self._oldest()
        of_any = oldest.get(None)

        def awaits(lot_id: int, close: datetime) -> bool:
            return oldest.get(lot_id, close) < close or (of_any is not None and of_any < close)

        return awaits

    def set_right(self, anchor: Callable[[], None]) -> None:
        """Have the clock set; stamps of before say nothing any more."""
        with self._lock:
            anchor()
            self._epoch += 1

    def _oldest(self) -> dict[int | None, datetime]:
        """Return the oldest stamp of each lot's open tickets."""
        oldest: dict[int | None, datetime] = {}
        for each in self._living():
            oldest[each.lot_id] = min(each.stamp, oldest.get(each.lot_id, each.stamp))
        return oldest

    def _living(self) -> list[Ticket]:
        self._forget_expired()
        return [each for each in self._open if each.epoch == self._epoch]

    def _forget_expired(self) -> None:
        moment = self._monotonic()
        self._open = {each for each in self._open if each.until_s is None or each.until_s > moment}
