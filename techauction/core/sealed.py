"""The sealed format (一次报价): one offer each, unreadable until all are opened together at the close."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from techauction.core import ascending, opened
from techauction.core.ascending import NothingToMatch
from techauction.core.lot import Bid, Lot
from techauction.core.money import Money
from techauction.core.offer import (
    BidTooLow,
    Eligibility,
    NeedsConfirmation,
    Offer,
    OffGrid,
    must_be_confirmed,
    must_be_on_grid,
)
from techauction.core.outcome import PassedIn, Sold
from techauction.core.refusal import Refusal

TELLING = (BidTooLow, OffGrid, NeedsConfirmation, NothingToMatch)
"""Refusals that say what was offered: of these nothing is kept, for it is nearly what the bidder will offer next."""


class SealedOnce(Refusal):
    """The paddle has made its one offer."""

    code = "sealed_once"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedOffer:
    """A sealed offer, opened. `rank`: its paddle's place among the holders of a priority right, the first is 1."""

    seq: int
    paddle: int
    amount: Money
    salt: str
    confirmed: bool
    rank: int | None
    placed_at: datetime

    def precedence(self) -> tuple[Money, bool, int, int]:
        """Return what orders offers."""
        return opened.precedence(self.amount, self.rank, self.seq)


def take(lot: Lot, offer: Offer, bidder: Eligibility, at: datetime, late: datetime | None = None) -> Lot:
    """Return the lot with one more paddle that has offered: no price moves, and no close.

    :raises NothingToMatch: no bid stands, whoever holds a priority right
    :raises SealedOnce: the paddle has offered already
    :raises BidTooLow, OffGrid, NeedsConfirmation: the amount may not stand
    """
    del at, late
    assert bidder.paddle is not None
    if offer.matching:
        raise NothingToMatch(offer.amount, None)
    if bidder.paddle in lot.bidders:
        raise SealedOnce
    if offer.amount < lot.start:
        raise BidTooLow(offer.amount, lot.start)
    must_be_on_grid(offer.amount, lot.start, lot.ladder.at(lot.start))
    must_be_confirmed(offer, lot.start, lot.rules.collar)
    return replace(lot, bidders=lot.bidders | {bidder.paddle})


def standing(lot: Lot) -> Bid | None:
    """Return nothing while the offers are sealed; once they are opened, the best of them."""
    return lot.standing


def unseal(lot: Lot, offers: Iterable[SealedOffer]) -> Lot:
    """Return the lot with all its offers opened, and the best of them standing."""
    read = list(offers)
    best = max(read, key=SealedOffer.precedence)
    return replace(
        lot,
        standing=Bid(best.paddle, best.amount, best.placed_at, best.rank),
        bidders=frozenset(each.paddle for each in read),
    )


def end(lot: Lot, reserve: Money | None) -> Sold | PassedIn:
    """Return how the lot ends when its offers stand open: as an ascending one does with the same standing bid."""
    return ascending.end(lot, reserve)
