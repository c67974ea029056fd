"""How a lot may end."""

from dataclasses import dataclass
from enum import StrEnum

from techauction.core.money import Money


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
