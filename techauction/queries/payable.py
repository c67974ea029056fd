"""What a bid would cost its bidder if it bought the lot, and by when."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, contains_eager

from techauction.core.admission import DepositState
from techauction.core.consigning import Instrument
from techauction.core.days import SpecialDays, day_of, unknown_years
from techauction.core.handoff import STEPS, Step, latest_days
from techauction.core.money import ZERO, Money
from techauction.core.settlement import Commission, Statement, settle
from techauction.queries.sale import PLACE, as_core
from techauction.queries.viewing import LISTED, Viewer, visible_to
from techauction.store.auction import PaddleRow
from techauction.store.consigning import LotRow, ResultRow
from techauction.store.days import special_days
from techauction.store.money import DepositRow, SettlementRow

_SHOWN = (Step.SALE_CONFIRMED, Step.CONTRACT_SIGNED, Step.PRICE_PAID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payable:
    """What a price comes to: with commission, less the deposit; and the last days, if the lot closes on `close_on`.

    Of `unknown_years` no special day is known: a last day in one may still move.
    """

    price: Money
    commission: Money
    total: Money
    deposit: Money
    due: Money
    close_on: date
    confirmed_by: date
    signed_by: date
    paid_by: date
    unknown_years: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a bidder's payment for a lot goes by. `deposit` is what its deposit still holds."""

    commission: Commission
    deposit: Money
    instrument: Instrument
    close_on: date
    special: SpecialDays

    def payable(self, price: Money) -> Payable:
        """Return what the price comes to."""
        statement = settle(price, self.deposit, self.commission)
        return _payable(statement, self.instrument, self.close_on, self.special)


def terms_of(session: Session, *, lot_id: int, organisation_id: int) -> Terms | None:
    """Return the terms of a public lot for a bidder, admitted or not."""
    found = session.execute(
        select(LotRow, PLACE, ResultRow.instrument)
        .join(LotRow.round)
        .join(LotRow.result)
        .where(LotRow.id == lot_id, LISTED, visible_to(Viewer(organisation_id=organisation_id)))
        .options(contains_eager(LotRow.round))
    ).one_or_none()
    if found is None:
        return None
    lot, place, instrument = found
    deposit = session.scalars(
        select(DepositRow)
        .join(PaddleRow, DepositRow.paddle_id == PaddleRow.id)
        .where(
            PaddleRow.organisation_id == organisation_id,
            PaddleRow.round_id == lot.round_id,
            or_(DepositRow.lot_id == lot_id, DepositRow.lot_id.is_(None)),
            DepositRow.state.in_((DepositState.DUE, DepositState.HELD)),
        )
        .order_by(DepositRow.lot_id.is_(None))
        .limit(1)
    ).first()
    close_on = day_of(as_core(lot, place).closes_at)
    return Terms(
        commission=lot.round.commission(),
        deposit=ZERO if deposit is None else deposit.held - deposit.applied - deposit.released,
        instrument=instrument,
        close_on=close_on,
        special=special_days(session, since=close_on),
    )


def bought(session: Session, *, lot_id: int, organisation_id: int) -> Payable | None:
    """Return what the organisation owes for a lot that it bought, once that is settled."""
    found = session.execute(
        select(SettlementRow, ResultRow.instrument)
        .join(PaddleRow, SettlementRow.paddle_id == PaddleRow.id)
        .join(LotRow, SettlementRow.lot_id == LotRow.id)
        .join(LotRow.result)
        .where(SettlementRow.lot_id == lot_id, PaddleRow.organisation_id == organisation_id)
    ).one_or_none()
    if found is None:
        return None
    row, instrument = found
    close_on = day_of(row.settled_at)
    return _payable(row, instrument, close_on, special_days(session, since=close_on))


def _payable(of: Statement | SettlementRow, instrument: Instrument, close_on: date, special: SpecialDays) -> Payable:
    days = latest_days(STEPS[instrument], special, hammer_on=close_on)
    return Payable(
        price=of.hammer_price,
        commission=of.buyer_commission,
        total=of.hammer_price + of.buyer_commission,
        deposit=of.deposit_applied,
        due=of.due,
        close_on=close_on,
        confirmed_by=days[Step.SALE_CONFIRMED],
        signed_by=days[Step.CONTRACT_SIGNED],
        paid_by=days[Step.PRICE_PAID],
        unknown_years=unknown_years([days[step] for step in _SHOWN], special),
    )
