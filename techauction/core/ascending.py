"""The ascending format (多次报价): each bid over the last, until nobody bids more before the close."""

from datetime import datetime

from techauction.core.lot import Bid, Lot
from techauction.core.money import Money
from techauction.core.offer import BidTooLow, Eligibility, Offer, must_be_confirmed, must_be_on_grid
from techauction.core.outcome import PassedIn, PassedInFor, Sold
from techauction.core.refusal import Refusal


class OwnBidStands(Refusal):
    """The bidder's own bid stands already."""

    code = "own_bid_stands"

    def __init__(self, standing: Money) -> None:
        super().__init__(standing=standing)


class OnlyFirstMayBidStart(Refusal):
    """The start price was bid already."""

    code = "start_only_first"

    def __init__(self, least: Money) -> None:
        super().__init__(least=least)


class TooManySteps(Refusal):
    """The amount rises by more increments than one bid may."""

    code = "too_many_steps"

    def __init__(self, offered: Money, most: Money) -> None:
        super().__init__(offered=offered, most=most)


class NoPriorityRight(Refusal):
    """Only who holds a priority right at the lot, and has not waived it, may match a bid."""

    code = "no_priority_right"


class NothingToMatch(Refusal):
    """No bid of that amount stands: there is none yet, or another has come."""

    code = "nothing_to_match"

    def __init__(self, offered: Money, standing: Money | None) -> None:
        super().__init__(offered=offered, standing=standing)


class Outranked(Refusal):
    """The bid that stands is that of a holder who comes first: by a better rank, or by time with the same."""

    code = "outranked"

    def __init__(self, standing: Money) -> None:
        super().__init__(standing=standing)


def take(lot: Lot, offer: Offer, bidder: Eligibility, at: datetime, late: datetime | None = None) -> Lot:
    """Return the lot with the offer standing and its close moved where the soft close says so.

    A match (优先购买权) takes the standing bid's place at the same amount, and moves the close as any bid does.

    :raises OwnBidStands, OnlyFirstMayBidStart, BidTooLow, TooManySteps, OffGrid, NeedsConfirmation: the amount may not stand
    :raises NoPriorityRight, NothingToMatch, Outranked: the standing bid may not be matched
    """
    assert bidder.paddle is not None
    if offer.matching:
        _must_match(lot, offer, bidder.paddle, bidder.priority_rank)
    else:
        _must_be_lawful(lot, offer, bidder.paddle)
    closes_at = lot.rules.extension.close_after(lot.closes_at, at, lot.scheduled_closes_at, late)
    return lot.with_standing(Bid(bidder.paddle, offer.amount, at, bidder.priority_rank), closes_at)


def standing(lot: Lot) -> Bid | None:
    """Return the highest bid."""
    return lot.standing


def end(lot: Lot, reserve: Money | None) -> Sold | PassedIn:
    """Return how the lot ends: a highest bid under the reserve has no effect (拍卖法 art. 50)."""
    if lot.standing is None:
        return PassedIn(PassedInFor.NO_BID)
    if len(lot.bidders) < lot.rules.min_bidding:
        return PassedIn(PassedInFor.TOO_FEW_BIDDERS)
    if reserve is not None and lot.standing.amount < reserve:
        return PassedIn(PassedInFor.RESERVE_NOT_MET)
    return Sold(lot.standing.paddle, lot.standing.amount)


def _must_match(lot: Lot, offer: Offer, paddle: int, rank: int | None) -> None:
    """Refuse a match of another bid than the one that stands, or of one that comes first."""
    standing = lot.standing
    if rank is None:
        raise NoPriorityRight
    if standing is None or standing.amount != offer.amount:
        raise NothingToMatch(offer.amount, None if standing is None else standing.amount)
    if standing.paddle == paddle:
        raise OwnBidStands(standing.amount)
    if standing.rank is not None and standing.rank <= rank:
        raise Outranked(standing.amount)


def _must_be_lawful(lot: Lot, offer: Offer, paddle: int) -> None:
    """Refuse an amount that may not stand."""
    standing = lot.standing
    least, increment = lot.least_bid(), lot.increment()
    # An instruction defends its lead by one step, and by no more.
    may_rise = lot.rules.raise_own_bid or (offer.defending and offer.amount == least)
    if standing is not None and standing.paddle == paddle and not may_rise:
        raise OwnBidStands(standing.amount)
    if standing is not None and offer.amount == lot.start:
        raise OnlyFirstMayBidStart(least)
    if offer.amount < least:
        raise BidTooLow(offer.amount, least)
    price = lot.start if standing is None else standing.amount
    most = price + increment.times(lot.rules.max_steps)
    if offer.amount > most:
        raise TooManySteps(offer.amount, most)
    must_be_on_grid(offer.amount, price, increment)
    must_be_confirmed(offer, price, lot.rules.collar)
