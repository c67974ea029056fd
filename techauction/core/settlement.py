"""What a sale comes to, for everybody in it, to the fen."""

from dataclasses import dataclass

from techauction.core.money import Money, split
from techauction.core.refusal import Refusal


class BooksDiffer(Refusal):
    """The settlement that was kept for a lot is not what its record comes to; `what` says where."""

    code = "books_differ"

    def __init__(self, lot: str, what: str) -> None:
        super().__init__(lot=lot, what=what)


class SettlementOwed(Refusal):
    """A hammer fell, and what it brings has not come yet: the books do not differ, they wait."""

    code = "settlement_owed"

    def __init__(self, lot: str) -> None:
        super().__init__(lot=lot)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commission:
    """A round's commission, in basis points of the hammer price, and how it is split.

    `listing_share_bps` goes to the market that listed the lot, the rest to the one that brought the buyer.
    The law allows 5 % a side where nothing was agreed (拍卖法 art. 56).
    """

    buyer_bps: int = 0
    seller_bps: int = 0
    listing_share_bps: int = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One sold lot's settlement: `due` is what the buyer still owes, `proceeds` what the institute receives."""

    hammer_price: Money
    buyer_commission: Money
    seller_commission: Money
    deposit_held: Money
    deposit_applied: Money
    deposit_released: Money
    due: Money
    proceeds: Money
    listing_market_share: Money
    buyer_market_share: Money


KEPT = (
    "hammer_price",
    "buyer_commission",
    "seller_commission",
    "deposit_applied",
    "due",
    "proceeds",
    "listing_market_share",
    "buyer_market_share",
)
"""What of a statement is kept, and must be what the record makes it."""


def settle(hammer_price: Money, deposit_held: Money, commission: Commission) -> Statement:
    """Return the statement of a sale; the deposit is applied as far as it is needed, the rest released."""
    buyer_commission = hammer_price.share(commission.buyer_bps)
    seller_commission = hammer_price.share(commission.seller_bps)
    payable = hammer_price + buyer_commission
    applied = min(deposit_held, payable)
    listing, buying = split(
        buyer_commission + seller_commission, [commission.listing_share_bps, 10_000 - commission.listing_share_bps]
    )
    return Statement(
        hammer_price=hammer_price,
        buyer_commission=buyer_commission,
        seller_commission=seller_commission,
        deposit_held=deposit_held,
        deposit_applied=applied,
        deposit_released=deposit_held - applied,
        due=payable - applied,
        proceeds=hammer_price - seller_commission,
        listing_market_share=listing,
        buyer_market_share=buying,
    )
