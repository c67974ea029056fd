"""The accounts that money moves between, and what a sale posts to them."""

from dataclasses import dataclass

from techauction.core.money import Money
from techauction.core.settlement import Statement

BANK = "bank"
"""Money at the exchange's bank."""

COMMISSION = "commission"
"""Passes through: charged to both sides, shared out to the markets, and empty again."""

SURPLUS_RETURNED = "surplus_returned"
"""What a posting is called by which money that no deposit needed goes back."""


SALE_POSTINGS = (
    "price_charged",
    "buyer_commission_charged",
    "seller_commission_charged",
    "listing_share",
    "buyer_share",
    "deposit_applied",
)
"""What the postings of a sale are called, in their order."""

VOIDED = "void_"
"""With this begins the name of a posting that takes another back."""


def deposits_account(paddle_id: int | str) -> str:
    """Return the account of what the exchange holds as deposit of a paddle's bidder."""
    return f"deposits:{paddle_id}"


def buyer_account(paddle_id: int) -> str:
    """Return the account of what a paddle's bidder owes for lots bought."""
    return f"buyer:{paddle_id}"


def institute_account(organisation_id: int) -> str:
    """Return the account of what is owed to an institute."""
    return f"institute:{organisation_id}"


def market_account(key: str) -> str:
    """Return the account of what is owed to a market."""
    return f"market:{key}"


@dataclass(frozen=True, slots=True)
class Posting:
    """`amount` leaves the `credit` account and enters the `debit` account."""

    what: str
    debit: str
    credit: str
    amount: Money


def of_deposit_received(amount: Money, *, paddle_id: int) -> Posting:
    """Return what a deposit posts when the bank has received it."""
    return Posting("deposit_received", BANK, deposits_account(paddle_id), amount)


def of_deposit_released(amount: Money, *, paddle_id: int) -> Posting:
    """Return what a deposit posts when it goes back."""
    return Posting("deposit_released", deposits_account(paddle_id), BANK, amount)


def of_surplus_returned(amount: Money, *, paddle_id: int) -> Posting:
    """Return what money that no deposit needed posts when it goes back."""
    return Posting(SURPLUS_RETURNED, deposits_account(paddle_id), BANK, amount)


def of_sale(statement: Statement, *, paddle_id: int, institute: str, listing_market: str, buyer_market: str) -> list[Posting]:
    """Return what a sale posts; afterwards the buyer's account holds what is due, and the institute's the proceeds."""
    buyer = buyer_account(paddle_id)
    moves = (
        (buyer, institute, statement.hammer_price),
        (buyer, COMMISSION, statement.buyer_commission),
        (institute, COMMISSION, statement.seller_commission),
        (COMMISSION, listing_market, statement.listing_market_share),
        (COMMISSION, buyer_market, statement.buyer_market_share),
        (deposits_account(paddle_id), buyer, statement.deposit_applied),
    )
    postings = [Posting(what, *move) for what, move in zip(SALE_POSTINGS, moves, strict=True)]
    return [posting for posting in postings if posting.amount.minor]


def reversed_(posting: Posting) -> Posting:
    """Return what takes a posting back, when a sale is voided: the same sum the other way."""
    return Posting(f"{VOIDED}{posting.what}", posting.credit, posting.debit, posting.amount)
