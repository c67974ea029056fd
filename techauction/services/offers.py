"""What is asked of the auctioneer, and what it answers."""

from dataclasses import dataclass
from datetime import datetime

from techauction.core.money import Money
from techauction.core.offer import Source
from techauction.core.refusal import Refusal

Body = tuple[int, Money, bool, bool]
"""What an offer asks: lot, amount, whether it is confirmed, whether it matches."""


@dataclass(slots=True, kw_only=True)
class Asked:
    """An offer as it arrived. `key` names it among its bidder's.

    `received_at` is its stamp: the house's clock when it was here whole. None counts as the moment of the decision.

    `session_id` is the sign-in it came by, `token_id` the token; an offer of the house's own (the demonstration's rivals) has
    neither. `matching`: a priority holder takes the standing bid's amount. On the floor `user_id` is the clerk.
    """

    lot_id: int
    organisation_id: int
    user_id: int
    session_id: int | None
    token_id: int | None = None
    amount: Money
    key: str
    confirmed: bool
    matching: bool = False
    source: Source = Source.ONLINE
    received_at: datetime | None = None

    def stamp(self, now: datetime) -> datetime:
        """Return when the offer was here, as it counts at its decision `now`."""
        return now if self.received_at is None or self.received_at > now else self.received_at

    @property
    def body(self) -> Body:
        """Return what the same key must ask for again."""
        return (self.lot_id, self.amount, self.confirmed, self.matching)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The answer to an offer that was taken: its place in the record. A sealed one's amount is told only while it is asked."""

    lot_id: int
    seq: int
    paddle: int
    amount: Money | None
    placed_at: datetime
    closes_at: datetime
    hash: str


Answer = Taken | Refusal
