"""What is offered, by whom, and what stands against an amount whatever the lot's format."""

from dataclasses import dataclass
from enum import StrEnum

from techauction.core.money import ZERO, Money
from techauction.core.refusal import Refusal


class Source(StrEnum):
    """Where an offer came from: the bidder's own browser or program, a clerk in the hall, or a standing instruction."""

    ONLINE = "online"
    FLOOR = "floor"
    INSTRUCTION = "instruction"


@dataclass(frozen=True, slots=True)
class Eligibility:
    """A bidder's standing at one lot, as the database says it inside the deciding transaction.

    `priority_rank`: where it stands among the holders of a priority right there; nothing if it holds none, or has waived it.
    """

    paddle: int | None
    admitted: bool
    paddle_voided: bool = False
    deposit_held: Money = ZERO
    deposit_required: Money = ZERO
    priority_rank: int | None = None

    @property
    def may_bid(self) -> bool:
        """Return whether nothing stands against a bid of the bidder's; `bidding.must_be_eligible` says what does."""
        return (
            self.paddle is not None and self.admitted and not self.paddle_voided and self.deposit_held >= self.deposit_required
        )


@dataclass(frozen=True, slots=True)
class Offer:
    """What is asked of the auctioneer.

    `confirmed`: the bidder has confirmed an amount over the collar. `matching`: by its priority right the bidder takes the
    standing bid's amount, and bids no more than that. `defending`: whoever leads by a standing instruction comes to the amount
    that an equal ceiling, left later, would else take.
    """

    amount: Money
    confirmed: bool = False
    matching: bool = False
    defending: bool = False


class BidTooLow(Refusal):
    """The amount is under the least lawful bid."""

    code = "too_low"

    def __init__(self, offered: Money, least: Money) -> None:
        super().__init__(offered=offered, least=least)


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


def must_be_on_grid(amount: Money, base: Money, increment: Money) -> None:
    """Refuse an amount that is no whole number of increments away from `base`."""
    over = (amount - base).minor % increment.minor
    if over:
        below = amount - Money(over)
        raise OffGrid(amount, below, below + increment)


def must_be_confirmed(offer: Offer, price: Money, collar: int) -> None:
    """Refuse an amount over so many times the price that was not confirmed; zero asks nothing."""
    if is_over(offer.amount, price, collar) and not offer.confirmed:
        raise NeedsConfirmation(offer.amount, price)


def is_over(amount: Money, price: Money, collar: int) -> bool:
    """Return whether an amount is over the collar."""
    return bool(collar) and amount > price.times(collar)
