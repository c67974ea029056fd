"""Whether an offer may be taken, and what stands then."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from techauction.core.lot import Bid, Lot, Stage
from techauction.core.money import Money
from techauction.core.refusal import Refusal


class LotNotOpen(Refusal):
    """The lot has not opened yet."""

    code = "not_open"

    def __init__(self, opens_at: datetime | None = None) -> None:
        super().__init__(opens_at=opens_at)


class LotPaused(Refusal):
    """The lot's bidding is paused or interrupted."""

    code = "paused"

    def __init__(self) -> None:
        super().__init__()


class LotClosed(Refusal):
    """The lot's close has come; a bid at the closing instant is late."""

    code = "closed"

    def __init__(self, closes_at: datetime | None = None) -> None:
        super().__init__(closes_at=closes_at)


class NotAdmitted(Refusal):
    """The bidder has no paddle in the round, or the paddle is not admitted to this lot."""

    code = "not_admitted"

    def __init__(self) -> None:
        super().__init__()


class PaddleVoided(Refusal):
    """The paddle was taken back."""

    code = "paddle_voided"

    def __init__(self, paddle: int) -> None:
        super().__init__(paddle=paddle)


class DepositInsufficient(Refusal):
    """The deposit held does not reach what the lot needs."""

    code = "deposit_insufficient"

    def __init__(self, held: Money, required: Money) -> None:
        super().__init__(held=held, required=required)


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


class BidTooLow(Refusal):
    """The amount is under the least lawful bid."""

    code = "too_low"

    def __init__(self, offered: Money, least: Money) -> None:
        super().__init__(offered=offered, least=least)


class TooManySteps(Refusal):
    """The amount rises by more increments than one bid may."""

    code = "too_many_steps"

    def __init__(self, offered: Money, most: Money) -> None:
        super().__init__(offered=offered, most=most)


class OffGrid(Refusal):
    """The amount lies between two lawful ones."""

    code = "off_grid"

    def __init__(self, offered: Money, below: Money, above: Money) -> None:
        super().__init__(offered=offered, below=below, above=above)


class NeedsConfirmation(Refusal):
    """The amount is so far over the present price that it must be confirmed."""

    code = "needs_confirmation"

    def __init__(self, offered: Money, price: Money) -> None:
        super().__init__(offered=offered, price=price)


class NoSuchLot(Refusal):
    """There is no such lot, or it is not the caller's to see."""

    code = "no_such_lot"

    def __init__(self) -> None:
        super().__init__()


class SignInEnded(Refusal):
    """The bidder's sign-in was revoked or has expired while the offer waited."""

    code = "sign_in_ended"

    def __init__(self) -> None:
        super().__init__()


class KeyReused(Refusal):
    """The key names another offer of the same bidder."""

    code = "key_reused"

    def __init__(self) -> None:
        super().__init__()


class KeyClosed(Refusal):
    """The bidder closed the key before any offer under it was decided: none ever will be."""

    code = "key_closed"

    def __init__(self) -> None:
        super().__init__()


class Source(StrEnum):
    """Where an offer came from: the bidder's own browser or program, a clerk in the hall, or a standing instruction."""

    ONLINE = "online"
    FLOOR = "floor"
    INSTRUCTION = "instruction"


@dataclass(frozen=True, slots=True)
class Eligibility:
    """A bidder's standing at one lot, as the database says it inside the deciding transaction."""

    paddle: int | None
    admitted: bool
    paddle_voided: bool
    deposit_held: Money
    deposit_required: Money


@dataclass(frozen=True, slots=True)
class Offer:
    """What is asked of the auctioneer. `confirmed`: the bidder has confirmed an amount over the collar."""

    amount: Money
    confirmed: bool = False


def take(lot: Lot, offer: Offer, bidder: Eligibility, now: datetime) -> Lot:
    """Return the lot with the offer standing and its close moved where the soft close says so.

    The order is: stage, clock, eligibility, amount.

    :raises LotNotOpen, LotPaused, LotClosed: outside the bidding time
    :raises NotAdmitted, PaddleVoided, DepositInsufficient: the bidder may not bid here
    :raises OwnBidStands, OnlyFirstMayBidStart, BidTooLow, TooManySteps, OffGrid, NeedsConfirmation: the amount may not stand
    """
    must_be_open(lot, now)
    paddle = must_be_eligible(bidder)
    must_be_lawful(lot, offer, paddle)
    closes_at = lot.rules.extension.close_after(lot.closes_at, now, lot.scheduled_closes_at)
    return lot.with_standing(Bid(paddle, offer.amount, now), closes_at)


def must_be_open(lot: Lot, now: datetime) -> None:
    """Refuse outside the bidding time."""
    if lot.stage in (Stage.PAUSED, Stage.INTERRUPTED):
        raise LotPaused
    if lot.stage is Stage.ENDED:
        raise LotClosed(lot.closes_at)
    if lot.stage is not Stage.OPEN or now < lot.opens_at:
        raise LotNotOpen(lot.opens_at)
    if now >= lot.closes_at:
        raise LotClosed(lot.closes_at)


def must_be_eligible(bidder: Eligibility) -> int:
    """Refuse a bidder without admission; return the paddle otherwise."""
    if bidder.paddle is None:
        raise NotAdmitted
    if bidder.paddle_voided:
        raise PaddleVoided(bidder.paddle)
    if not bidder.admitted:
        raise NotAdmitted
    if bidder.deposit_held < bidder.deposit_required:
        raise DepositInsufficient(bidder.deposit_held, bidder.deposit_required)
    return bidder.paddle


def must_be_lawful(lot: Lot, offer: Offer, paddle: int) -> None:
    """Refuse an amount that may not stand."""
    standing = lot.standing
    if standing is not None and standing.paddle == paddle and not lot.rules.raise_own_bid:
        raise OwnBidStands(standing.amount)
    least, increment = lot.least_bid(), lot.increment()
    if standing is not None and offer.amount == lot.start:
        raise OnlyFirstMayBidStart(least)
    if offer.amount < least:
        raise BidTooLow(offer.amount, least)
    price = lot.start if standing is None else standing.amount
    most = price + increment.times(lot.rules.max_steps)
    if offer.amount > most:
        raise TooManySteps(offer.amount, most)
    over = (offer.amount - price).minor % increment.minor
    if over:
        below = offer.amount - Money(over)
        raise OffGrid(offer.amount, below, below + increment)
    if lot.rules.collar and offer.amount > price.times(lot.rules.collar) and not offer.confirmed:
        raise NeedsConfirmation(offer.amount, price)
