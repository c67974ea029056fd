"""Deposits: what a paddle needs, the money received for it, and the postings behind both."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from techauction.core import admission
from techauction.core.admission import DepositKind, DepositRule, DepositState
from techauction.core.ledger import SURPLUS_RETURNED, of_deposit_received, of_surplus_returned
from techauction.core.money import ZERO, Money, total
from techauction.core.paddle import PaddleTakenBack
from techauction.services.settlement import post
from techauction.store.auction import AdmissionRow, PaddleRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.money import DepositRow, PostingRow, ReceiptRow


def required_for(rule: DepositRule, lots: Iterable[tuple[int, Money]]) -> dict[int | None, Money]:
    """Return the deposits that a paddle needs by lot id; one without a lot, where the sum is fixed for the round."""
    if rule.kind is DepositKind.FIXED:
        return {None: rule.of(ZERO)}
    return {lot_id: rule.of(start) for lot_id, start in lots}


def hold_in_full(
    session: Session,
    *,
    round_id: int,
    lots_by_paddle: Mapping[int, Sequence[int]],
    reference: str,
    value_at: datetime,
    now: datetime,
) -> None:
    """Admit many paddles to many lots at once, with every deposit received in full: for rounds that are loaded.

    `lots_by_paddle` says by the ids of issued paddles' rows the ids of their lots' rows, both flushed. Each paddle has one
    receipt, its reference `<reference>-<paddle id>`.
    """
    rule = session.get_one(RoundRow, round_id).deposit_rule()
    lots = session.execute(select(LotRow.id, LotRow.start).where(LotRow.round_id == round_id))
    start_of = {lot_id: start or ZERO for lot_id, start in lots}
    needs = {
        paddle_id: required_for(rule, [(lot_id, start_of[lot_id]) for lot_id in lot_ids])
        for paddle_id, lot_ids in lots_by_paddle.items()
        if lot_ids
    }
    admissions = [{"paddle_id": paddle_id, "lot_id": lot_id} for paddle_id in needs for lot_id in lots_by_paddle[paddle_id]]
    deposits = [
        {
            "paddle_id": paddle_id,
            "lot_id": lot_id,
            "required": required,
            "held": required,
            "applied": ZERO,
            "released": ZERO,
            "state": DepositState.HELD,
        }
        for paddle_id, need in needs.items()
        for lot_id, required in need.items()
    ]
    sums = {paddle_id: total(need.values()) for paddle_id, need in needs.items()}
    received: list[dict[str, Any]] = [
        {
            "paddle_id": paddle_id,
            "amount": amount,
            "value_at": value_at,
            "reference": f"{reference}-{paddle_id}",
            "recorded_by_id": None,
            "recorded_at": now,
        }
        for paddle_id, amount in sums.items()
        if amount > ZERO
    ]
    for table, rows in ((AdmissionRow, admissions), (DepositRow, deposits), (ReceiptRow, received)):
        if rows:
            session.execute(insert(table), rows)
    for each in received:
        entry = of_deposit_received(each["amount"], paddle_id=each["paddle_id"])
        post(session, [entry], paddle_id=each["paddle_id"], lot_id=None, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What a bank statement says of money received. `value_at`: the bank's value time. `reference`: its own."""

    amount: Money
    value_at: datetime
    reference: str


def must_be_new(session: Session, reference: str) -> None:
    """Refuse a bank's reference that was recorded. The form asks it too, to say it with everything else.

    :raises ReceiptRecorded: as it says
    """
    if session.scalar(select(ReceiptRow.id).where(ReceiptRow.reference == reference)) is not None:
        raise admission.ReceiptRecorded(reference)


def record_receipt(session: Session, *, paddle: PaddleRow, received: Received, by_id: int, now: datetime) -> ReceiptRow:
    """Record money received for a paddle whose row is locked, and hold it for its deposits in lot order.

    :raises PaddleTakenBack: the paddle was voided
    :raises DepositTooLate, ReceiptInFuture: by the bank's value time
    :raises ReceiptRecorded: the reference stands already
    """
    if paddle.voided_at is not None:
        raise PaddleTakenBack
    admission.must_be_in_time(value_at=received.value_at, registration_closes_at=paddle.round.registration_closes_at, now=now)
    must_be_new(session, received.reference)

    row = ReceiptRow(
        paddle_id=paddle.id,
        amount=received.amount,
        value_at=received.value_at,
        reference=received.reference,
        recorded_by_id=by_id,
        recorded_at=now,
    )
    session.add(row)
    entry = of_deposit_received(received.amount, paddle_id=paddle.id)
    post(session, [entry], paddle_id=paddle.id, lot_id=None, now=now)
    session.add(
        AuditRow(
            at=now,
            by_id=by_id,
            what="deposit.received",
            about=f"paddle row {paddle.id}",
            detail=f"{received.reference}: {received.amount}",
        )
    )
    try:
        session.flush()
    except IntegrityError as error:  # another organizer records the same statement at this moment
        raise admission.ReceiptRecorded(received.reference) from error
    _hold(session, paddle.id)
    return row


def return_surplus(session: Session, *, paddle: PaddleRow, by_id: int, now: datetime) -> Money:
    """Record that what no deposit of a paddle needs went back to its bidder, and return how much; its row is locked.

    :raises NothingOver: there is none
    """
    amount = admission.over(
        received=_received(session, paddle.id),
        required=total(_taken_up(each) for each in deposits_in_order(session, paddle.id)),
        returned=total(
            session.scalars(
                select(PostingRow.amount).where(PostingRow.paddle_id == paddle.id, PostingRow.what == SURPLUS_RETURNED)
            )
        ),
    )
    if not amount.minor:
        raise admission.NothingOver

    post(session, [of_surplus_returned(amount, paddle_id=paddle.id)], paddle_id=paddle.id, lot_id=None, now=now)
    about = f"paddle row {paddle.id}"
    session.add(AuditRow(at=now, by_id=by_id, what="deposit.surplus_returned", about=about, detail=str(amount)))
    return amount


def _hold(session: Session, paddle_id: int) -> None:
    """Spread what was received over the paddle's deposits; those applied or released keep what they held."""
    deposits = deposits_in_order(session, paddle_id)
    covered = admission.cover(_received(session, paddle_id), [_taken_up(each) for each in deposits])
    for deposit, held in zip(deposits, covered, strict=True):
        if deposit.state is DepositState.DUE:
            deposit.held = held
            if admission.is_covered(held, deposit.required):
                deposit.state = DepositState.HELD


def _received(session: Session, paddle_id: int) -> Money:
    return total(session.scalars(select(ReceiptRow.amount).where(ReceiptRow.paddle_id == paddle_id)))


def _taken_up(deposit: DepositRow) -> Money:
    return admission.taken_up(deposit.state, required=deposit.required, held=deposit.held)


def deposits_in_order(session: Session, paddle_id: int) -> list[DepositRow]:
    """Return a paddle's deposits in lot order."""
    return list(
        session.scalars(
            select(DepositRow)
            .outerjoin(LotRow, LotRow.id == DepositRow.lot_id)
            .where(DepositRow.paddle_id == paddle_id)
            .order_by(LotRow.number, DepositRow.id)
        )
    )
