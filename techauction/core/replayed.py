"""A lot's record as it is played again, event after event."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from techauction.core.lot import Bid, Lot
from techauction.core.money import Money
from techauction.core.outcome import Ending
from techauction.core.record import GENESIS, Event
from techauction.core.violation import Fault, Violation
from techauction.core.voiding import Holding

Entry = tuple[Event, str, str]
"""An event as it was kept, with its `prev_hash` and its `hash`."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A reserve and its salt, as its institute sealed them."""

    reserve: Money
    salt: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """A sealed offer before it is opened: its event, and what was committed."""

    seq: int
    commitment: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How the record says that the lot ended. `voided` is how it had ended before its outcome was voided."""

    ending: Ending
    at: datetime
    reason: str = ""
    paddle: int | None = None
    price: Money | None = None
    reserve_met: bool | None = None
    voided: "Ended | None" = None
    voided_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Where a lot stands after its record, and what was wrong on the way. `lot` is empty until it opens.

    `envelopes` are the sealed offers that wait to be opened.
    `moves_to` is the close that the soft close owes: the next event must be the extension. `holding` are the bids that were not
    voided, `run` counts the voids. `head_at_close` is the head before what happened after the round had closed.
    """

    name: str
    sealed: Sealed | None = None
    lot: Lot | None = None
    commitment: str | None = None
    sealed_as: str = ""
    envelopes: tuple[Envelope, ...] = ()
    described: str | None = None
    market: str | None = None
    seq: int = 0
    head: str = GENESIS
    at: datetime | None = None
    bids: int = 0
    moves_to: datetime | None = None
    stopped_at: datetime | None = None
    stop_reason: str = ""
    ended: Ended | None = None
    run: int = 0
    holding: Holding | None = field(default=None, repr=False)
    head_at_close: str | None = None
    violations: tuple[Violation, ...] = ()

    def but(self, fault: Fault, detail: str) -> "Replay":
        """Return the same with a violation found at the present event."""
        return replace(self, violations=(*self.violations, Violation(fault, self.name, self.seq, detail)))

    def holds(self, seq: int, bid: Bid) -> "Replay":
        """Return the same with a bid that holds."""
        return replace(self, holding=Holding(seq, bid, self.holding))
