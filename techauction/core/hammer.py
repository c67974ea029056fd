"""How a lot ends."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from techauction.core.lot import Lot, Stage
from techauction.core.money import Money
from techauction.core.refusal import Refusal


class Ending(StrEnum):
    """The outcomes a lot may have."""

    SOLD = "sold"
    PASSED_IN = "passed_in"
    AGREED = "agreed"
    WITHHELD = "withheld"
    WITHDRAWN = "withdrawn"
    VOID = "void"


class PassedInFor(StrEnum):
    """Why a lot that was offered found no buyer."""

    NO_BID = "no_bid"
    RESERVE_NOT_MET = "reserve_not_met"
    TOO_FEW_BIDDERS = "too_few_bidders"


class WithheldFor(StrEnum):
    """Why an announced lot was not offered."""

    TOO_FEW_ADMITTED = "too_few_admitted"
    RESERVE_NOT_SEALED = "reserve_not_sealed"


@dataclass(frozen=True, slots=True)
class Sold:
    """The highest bid at the close bought the lot."""

    paddle: int
    hammer_price: Money


@dataclass(frozen=True, slots=True)
class PassedIn:
    """No bid had effect."""

    reason: PassedInFor


class HammerTooEarly(Refusal):
    """The lot's close has not come, or the lot is not open."""

    code = "hammer_too_early"

    def __init__(self, closes_at: datetime) -> None:
        super().__init__(closes_at=closes_at)


def fall(lot: Lot, reserve: Money | None, now: datetime) -> Sold | PassedIn:
    """Return how the lot ends: a function of its record and its close, whenever the hammer is heard.

    A highest bid under the reserve has no effect (拍卖法 art. 50).

    :raises HammerTooEarly: before the close, or while the lot is not open
    """
    if lot.stage is not Stage.OPEN or now < lot.closes_at:
        raise HammerTooEarly(lot.closes_at)
    if lot.standing is None:
        return PassedIn(PassedInFor.NO_BID)
    if len(lot.bidders) < lot.rules.min_bidding:
        return PassedIn(PassedInFor.TOO_FEW_BIDDERS)
    if reserve is not None and lot.standing.amount < reserve:
        return PassedIn(PassedInFor.RESERVE_NOT_MET)
    return Sold(lot.standing.paddle, lot.standing.amount)


def withhold(*, admitted: int, min_admitted: int, reserve_announced: bool, reserve_sealed: bool) -> WithheldFor | None:
    """Return why a lot may not be offered when its time comes, or nothing."""
    if reserve_announced and not reserve_sealed:
        return WithheldFor.RESERVE_NOT_SEALED
    if admitted < min_admitted:
        return WithheldFor.TOO_FEW_ADMITTED
    return None
