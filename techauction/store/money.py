"""Deposits, their receipts, settlements, and the postings behind them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from techauction.core.admission import DepositState
from techauction.core.money import Money
from techauction.store.auction import PaddleRow
from techauction.store.base import Row, enum_column
from techauction.store.consigning import LotRow


class DepositRow(Row):
    """A deposit (保证金) that a paddle needs: for one lot, or for the whole round where `lot_id` is empty."""

    __tablename__ = "deposits"
    __table_args__ = (
        CheckConstraint("required >= 0 AND held >= 0 AND applied >= 0 AND released >= 0", name="sums"),
        Index(
            "uq_deposits_lot",
            "paddle_id",
            "lot_id",
            unique=True,
            sqlite_where=text("lot_id IS NOT NULL"),
            postgresql_where=text("lot_id IS NOT NULL"),
        ),
        Index(
            "uq_deposits_round",
            "paddle_id",
            unique=True,
            sqlite_where=text("lot_id IS NULL"),
            postgresql_where=text("lot_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    paddle_id: Mapped[int] = mapped_column(ForeignKey("paddles.id"))
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lots.id"), index=True)
    required: Mapped[Money]
    held: Mapped[Money]
    applied: Mapped[Money]
    released: Mapped[Money]
    state: Mapped[DepositState] = mapped_column(enum_column(DepositState, "state"), default=DepositState.DUE)

    paddle: Mapped[PaddleRow] = relationship()
    lot: Mapped[LotRow | None] = relationship()


class ReceiptRow(Row):
    """Money that the bank received as deposit. `value_at` is the bank's value time; its reference is recorded once."""

    __tablename__ = "deposit_receipts"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    paddle_id: Mapped[int] = mapped_column(ForeignKey("paddles.id"), index=True)
    amount: Mapped[Money]
    value_at: Mapped[datetime]
    reference: Mapped[str] = mapped_column(String(80), unique=True)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[datetime]

    paddle: Mapped[PaddleRow] = relationship()


class SettlementRow(Row):
    """What a sold lot came to (结算)."""

    __tablename__ = "settlements"
    __table_args__ = (
        CheckConstraint("due >= 0 AND deposit_applied >= 0 AND proceeds >= 0", name="sums"),
        CheckConstraint("hammer_price + buyer_commission = deposit_applied + due", name="payable"),
        CheckConstraint("listing_market_share + buyer_market_share = buyer_commission + seller_commission", name="shares"),
        CheckConstraint("proceeds = hammer_price - seller_commission", name="proceeds"),
    )

    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"), primary_key=True)
    paddle_id: Mapped[int] = mapped_column(ForeignKey("paddles.id"), index=True)
    hammer_price: Mapped[Money]
    buyer_commission: Mapped[Money]
    seller_commission: Mapped[Money]
    deposit_applied: Mapped[Money]
    due: Mapped[Money]
    proceeds: Mapped[Money]
    listing_market_share: Mapped[Money]
    buyer_market_share: Mapped[Money]
    settled_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]

    lot: Mapped[LotRow] = relationship()
    paddle: Mapped[PaddleRow] = relationship()


class PostingRow(Row):
    """One double entry: `amount` leaves the `credit` account and enters the `debit` account. Only ever added."""

    __tablename__ = "postings"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("debit <> credit", name="two_accounts"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    what: Mapped[str] = mapped_column(String(40))
    paddle_id: Mapped[int] = mapped_column(ForeignKey("paddles.id"), index=True)
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lots.id"), index=True)
    debit: Mapped[str] = mapped_column(String(80))
    credit: Mapped[str] = mapped_column(String(80))
    amount: Mapped[Money]

    paddle: Mapped[PaddleRow] = relationship()
    lot: Mapped[LotRow | None] = relationship()
