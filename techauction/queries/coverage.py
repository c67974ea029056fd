"""What a paddle's lots need as deposit, what was received, and what is missing."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.admission import DepositState, is_covered, over, taken_up
from techauction.core.ledger import SURPLUS_RETURNED
from techauction.core.lot import Stage
from techauction.core.money import ZERO, Money, total
from techauction.core.names import Name
from techauction.store.auction import AdmissionRow
from techauction.store.consigning import LotRow, ResultRow
from techauction.store.money import DepositRow, PostingRow, ReceiptRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """One deposit: what it needs, and what became of it."""

    required: Money
    held: Money
    state: DepositState

    @property
    def is_covered(self) -> bool:
        """Return whether it holds what it needs."""
        return is_covered(self.held, self.required)

    @property
    def missing(self) -> Money:
        """Return what it still needs."""
        return max(self.taken_up - self.held, ZERO)

    @property
    def taken_up(self) -> Money:
        """Return how much of the money received it lays claim to."""
        return taken_up(self.state, required=self.required, held=self.held)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedLot:
    """A lot that the paddle asked for. It has no deposit of its own where the round's is one fixed sum."""

    number: int
    title: Name
    start: Money
    stage: Stage
    deposit: Deposit | None
    is_covered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Money that the bank received."""

    amount: Money
    value_at: datetime
    reference: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """A paddle's lots, deposits and receipts. `fixed` is the round's one deposit, if any; `returned` of what was over."""

    lots: tuple[NamedLot, ...]
    fixed: Deposit | None
    receipts: tuple[Receipt, ...]
    returned: Money

    @property
    def deposits(self) -> tuple[Deposit, ...]:
        """Return the deposits that are needed."""
        return (self.fixed,) if self.fixed else tuple(lot.deposit for lot in self.lots if lot.deposit)

    @property
    def required(self) -> Money:
        """Return what all the deposits need."""
        return total(each.required for each in self.deposits)

    @property
    def received(self) -> Money:
        """Return what the bank received."""
        return total(each.amount for each in self.receipts)

    @property
    def missing(self) -> Money:
        """Return what is still to be paid."""
        return total(each.missing for each in self.deposits)

    @property
    def over(self) -> Money:
        """Return what was received beyond all that is needed, and has not gone back."""
        return over(received=self.received, required=total(each.taken_up for each in self.deposits), returned=self.returned)

    @property
    def covered(self) -> int:
        """Return how many lots are covered."""
        return sum(lot.is_covered for lot in self.lots)


def coverage(session: Session, paddle_id: int) -> Coverage:
    """Return what a paddle's lots need and hold, in lot order."""
    deposits = {
        row.lot_id: _deposit(row) for row in session.scalars(select(DepositRow).where(DepositRow.paddle_id == paddle_id))
    }
    fixed = deposits.get(None)
    lots = session.execute(
        select(LotRow.id, LotRow.number, LotRow.start, LotRow.stage, ResultRow.title_zh, ResultRow.title_en)
        .join(AdmissionRow, AdmissionRow.lot_id == LotRow.id)
        .join(ResultRow, LotRow.result_id == ResultRow.id)
        .where(AdmissionRow.paddle_id == paddle_id)
        .order_by(LotRow.number)
    )
    receipts = session.scalars(
        select(ReceiptRow).where(ReceiptRow.paddle_id == paddle_id).order_by(ReceiptRow.value_at, ReceiptRow.id)
    )
    returned = session.scalars(
        select(PostingRow.amount).where(PostingRow.paddle_id == paddle_id, PostingRow.what == SURPLUS_RETURNED)
    )
    return Coverage(
        lots=tuple(
            NamedLot(
                number=lot.number,
                title=Name(lot.title_zh, lot.title_en),
                start=lot.start,
                stage=lot.stage,
                deposit=deposits.get(lot.id),
                is_covered=any(each is not None and each.is_covered for each in (deposits.get(lot.id), fixed)),
            )
            for lot in lots
        ),
        fixed=fixed,
        receipts=tuple(
            Receipt(amount=row.amount, value_at=row.value_at, reference=row.reference, recorded_at=row.recorded_at)
            for row in receipts
        ),
        returned=total(returned),
    )


def _deposit(row: DepositRow) -> Deposit:
    return Deposit(required=row.required, held=row.held, state=row.state)
