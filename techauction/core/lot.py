"""A lot while it is sold: its rules, its price, its close."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from techauction.core.increment import Ladder
from techauction.core.money import Money
from techauction.core.refusal import Refusal


class LotNeverOpened(Refusal):
    """The lot has not opened, or ended without: there is nothing to stop, to prolong or to take back."""

    code = "never_opened"


class Stage(StrEnum):
    """Where a lot stands, from its consignment to its outcome."""

    SUBMITTED = "submitted"
    RETURNED = "returned"
    LISTED = "listed"
    OPEN = "open"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    ENDED = "ended"


class Format(StrEnum):
    """How a lot is sold: 多次报价, each bid over the last; or 一次报价, one offer each, opened together at the close."""

    ASCENDING = "ascending"
    SEALED = "sealed"


class ExtensionKind(StrEnum):
    """How a late bid moves the close: A from the bid's time, B from the old close."""

    FROM_BID = "A"
    FROM_CLOSE = "B"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """The soft close: a bid with at most `trigger` left moves the close by `length`, all moves together at most `cap`."""

    kind: ExtensionKind = ExtensionKind.FROM_BID
    trigger: timedelta = timedelta(seconds=300)
    length: timedelta = timedelta(seconds=300)
    cap: timedelta | None = None

    @property
    def last_period(self) -> timedelta:
        """Return how long before its close a lot is about to close."""
        return max(self.trigger, self.length)

    def close_after(
        self, closes_at: datetime, bid_at: datetime, scheduled_closes_at: datetime, late: datetime | None = None
    ) -> datetime:
        """Return the close after a bid at `bid_at`; never earlier than before, never past the cap.

        `late`: when a bid that was made in time was decided, if that was after the close. Nobody could see it before.
        """
        if late is not None:
            moved = late + self.length
        elif closes_at - bid_at > self.trigger:
            return closes_at
        else:
            moved = max(closes_at, bid_at + self.length) if self.kind is ExtensionKind.FROM_BID else closes_at + self.length
        return moved if self.cap is None else max(closes_at, min(moved, scheduled_closes_at + self.cap))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What bidding on every lot of a round goes by.

    `max_steps`: increments that one bid may rise. `collar`: an amount over so many times the standing bid (the start price
    before any) must be confirmed; zero asks nothing. `min_bidding`: paddles that must bid for a sale.
    """

    extension: Extension = field(default_factory=Extension)
    max_steps: int = 10
    raise_own_bid: bool = False
    collar: int = 3
    min_bidding: int = 1


@dataclass(frozen=True, slots=True)
class Bid:
    """An offer that was taken. `rank`: that of its paddle's priority right at the lot, where it has one; the first is 1."""

    paddle: int
    amount: Money
    placed_at: datetime
    rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """A lot that has a place in a round. `closes_at` moves; `scheduled_closes_at` is what it was when the lot opened.

    `bidders` are the paddles that made a bid, or a sealed offer, which does not stand before the close. A lot is `held` when
    its close has come and its hammer waits for a key: it is open to the hammer alone, whatever another clock says.
    `ended_at` is when it ended, if it had opened before.
    """

    stage: Stage
    start: Money
    ladder: Ladder
    rules: Rules
    opens_at: datetime
    closes_at: datetime
    scheduled_closes_at: datetime
    format: Format = Format.ASCENDING
    standing: Bid | None = None
    bidders: frozenset[int] = frozenset()
    held: bool = False
    ended_at: datetime | None = None

    @property
    def waits_for_hammer(self) -> bool:
        """Return whether the lot, if its close has come, is to be ended by nothing but the time."""
        return self.stage is Stage.OPEN and not self.held

    def took_bids_at(self, at: datetime) -> bool:
        """Return whether the lot, which is over, had still taken a bid at that instant."""
        until = self.closes_at if self.ended_at is None else min(self.closes_at, self.ended_at)
        return (self.held or self.ended_at is not None) and self.opens_at <= at < until

    def least_bid(self) -> Money:
        """Return the least lawful amount."""
        return self.start if self.standing is None else self.standing.amount + self.increment()

    def most_bid(self) -> Money:
        """Return the highest lawful amount."""
        base = self.start if self.standing is None else self.standing.amount
        return base + self.increment().times(self.rules.max_steps)

    def with_standing(self, bid: Bid, closes_at: datetime) -> "Lot":
        """Return the lot with another bid standing."""
        # `replace` takes twice as long, and every bid would wait for it.
        return Lot(
            stage=self.stage,
            start=self.start,
            ladder=self.ladder,
            rules=self.rules,
            opens_at=self.opens_at,
            closes_at=closes_at,
            scheduled_closes_at=self.scheduled_closes_at,
            format=self.format,
            standing=bid,
            bidders=self.bidders | {bid.paddle},
        )

    def ended(self) -> "Lot":
        """Return the lot after its hammer."""
        return replace(self, stage=Stage.ENDED)

    def increment(self) -> Money:
        """Return the increment that holds at the present price."""
        return self.ladder.at(self.start if self.standing is None else self.standing.amount)
