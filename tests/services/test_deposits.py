"""Deposits: what is received is held in lot order, and posted twice."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from techauction.core import admission
from techauction.core.admission import DepositKind, DepositState
from techauction.core.money import Money, total
from techauction.queries.coverage import coverage
from techauction.services import deposits, issuing, settlement
from techauction.services.deposits import Received
from techauction.store.auction import AdmissionRow, PaddleRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.money import DepositRow, PostingRow, ReceiptRow
from tests.builders import a_lot, a_round, a_user, an_organisation, wan
from tests.conftest import TEN


def a_request(session: Session, *, lots: int = 3, **round_: object) -> PaddleRow:
    """Keep a request for a paddle to lots that need 20万 each."""
    round_row = a_round(session, **round_)  # type: ignore[arg-type]
    paddle = PaddleRow(round=round_row, organisation=an_organisation(session), asked_at=TEN, rules_accepted_at=TEN)
    session.add(paddle)
    for number in range(lots, 0, -1):  # kept in another order than the lots are numbered in
        lot = a_lot(session, round_row, number=number)
        none = Money(0)
        session.add(DepositRow(paddle=paddle, lot=lot, required=wan(20), held=none, applied=none, released=none))
    session.flush()
    return paddle


def receive(session: Session, paddle: PaddleRow, amount: Money, reference: str = "B1") -> None:
    """Record money that came this minute."""
    received = Received(amount=amount, value_at=TEN, reference=reference)
    deposits.record_receipt(session, paddle=paddle, received=received, by_id=a_user(session).id, now=TEN)


def test_money_received_is_held_lot_by_lot(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        paddle = a_request(session)

        receive(session, paddle, wan(30))

        assert [(each.held, each.state) for each in deposits.deposits_in_order(session, paddle.id)] == [
            (wan(20), DepositState.HELD),
            (wan(10), DepositState.DUE),
            (wan(0), DepositState.DUE),
        ]


def test_a_second_receipt_goes_on_where_the_first_ended(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        paddle = a_request(session)

        receive(session, paddle, wan(30), "B1")
        receive(session, paddle, wan(90), "B2")

        assert [each.held for each in deposits.deposits_in_order(session, paddle.id)] == [wan(20)] * 3


def test_every_receipt_is_posted_from_the_bidder_to_the_bank(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        paddle = a_request(session)

        receive(session, paddle, wan(30))

        posting = session.scalars(select(PostingRow)).one()
        assert posting.paddle_id == paddle.id
        assert (posting.debit, posting.credit, posting.amount) == ("bank", f"deposits:{paddle.id}", wan(30))


def test_a_bank_reference_counts_once(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        paddle = a_request(session)
        receive(session, paddle, wan(30), "B1")

        with pytest.raises(admission.ReceiptRecorded):
            receive(session, paddle, wan(30), "B1")

        assert session.scalar(select(func.count()).select_from(ReceiptRow)) == 1


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=1)])
def test_the_banks_value_time_decides_whether_a_deposit_is_in_time(sessions: sessionmaker[Session], late: timedelta) -> None:
    with sessions() as session:
        paddle = a_request(session)
        closes_at = paddle.round.registration_closes_at
        received = Received(amount=wan(20), value_at=closes_at + late, reference="B1")
        in_time = Received(amount=wan(20), value_at=closes_at - timedelta(microseconds=1), reference="B2")
        by_id = a_user(session).id

        with pytest.raises(admission.DepositTooLate):
            deposits.record_receipt(session, paddle=paddle, received=received, by_id=by_id, now=closes_at + timedelta(days=1))
        deposits.record_receipt(session, paddle=paddle, received=in_time, by_id=by_id, now=closes_at + timedelta(days=1))


def test_a_deposit_that_was_released_takes_no_new_money(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        paddle = a_request(session)
        receive(session, paddle, wan(20), "B1")
        first = deposits.deposits_in_order(session, paddle.id)[0]
        first.state, first.released = DepositState.RELEASED, first.held

        receive(session, paddle, wan(20), "B2")

        assert [each.held for each in deposits.deposits_in_order(session, paddle.id)] == [wan(20), wan(20), wan(0)]
        assert first.state is DepositState.RELEASED


def test_money_that_comes_after_a_lot_was_withdrawn_is_held_for_the_others(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        paddle = a_request(session)
        [first, *_] = deposits.deposits_in_order(session, paddle.id)
        settlement.release(session, lot_ids=[first.lot_id or 0], now=TEN)

        receive(session, paddle, wan(40))

        assert [(each.held, each.state) for each in deposits.deposits_in_order(session, paddle.id)] == [
            (wan(0), DepositState.RELEASED),
            (wan(20), DepositState.HELD),
            (wan(20), DepositState.HELD),
        ]


def test_money_that_comes_after_a_part_went_back_is_held_for_the_other_lots_or_is_over(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        paddle = a_request(session, lots=2)
        session.add_all(AdmissionRow(paddle_id=paddle.id, lot_id=lot_id) for lot_id in session.scalars(select(LotRow.id)))
        receive(session, paddle, wan(5), "B1")
        settlement.release(session, lot_ids=session.scalars(select(LotRow.id).where(LotRow.number == 1)).all(), now=TEN)

        receive(session, paddle, wan(35), "B2")

        assert [(each.held, each.state) for each in deposits.deposits_in_order(session, paddle.id)] == [
            (wan(5), DepositState.RELEASED),
            (wan(20), DepositState.HELD),
        ]
        assert (coverage(session, paddle.id).over, coverage(session, paddle.id).missing) == (wan(15), wan(0))
        assert deposits.return_surplus(session, paddle=paddle, by_id=a_user(session).id, now=TEN) == wan(15)
        assert balance(session, paddle) == wan(20)


def test_what_no_deposit_needs_goes_back_once(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        paddle = a_request(session)
        by_id = a_user(session).id
        receive(session, paddle, wan(65))

        assert deposits.return_surplus(session, paddle=paddle, by_id=by_id, now=TEN) == wan(5)
        with pytest.raises(admission.NothingOver):
            deposits.return_surplus(session, paddle=paddle, by_id=by_id, now=TEN)

        assert balance(session, paddle) == wan(60)
        receive(session, paddle, wan(1), "B2")
        assert deposits.return_surplus(session, paddle=paddle, by_id=by_id, now=TEN) == wan(1)


def test_where_nothing_is_over_nothing_goes_back(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        paddle = a_request(session)
        receive(session, paddle, wan(60))

        with pytest.raises(admission.NothingOver):
            deposits.return_surplus(session, paddle=paddle, by_id=a_user(session).id, now=TEN)


def balance(session: Session, paddle: PaddleRow) -> Money:
    """Return what the paddle's deposit account holds."""
    account = f"deposits:{paddle.id}"
    postings = session.scalars(select(PostingRow)).all()
    came = total([each.amount for each in postings if each.credit == account])
    return came - total([each.amount for each in postings if each.debit == account])


def test_a_loaded_round_has_every_deposit_held_in_full(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        round_ = a_round(session)
        lots = [a_lot(session, round_).id for _ in range(4)]
        paddles = [issued(session, round_, number) for number in (101, 102, 103)]

        deposits.hold_in_full(
            session,
            round_id=round_.id,
            lots_by_paddle={paddles[0]: lots, paddles[1]: lots[:1], paddles[2]: []},
            reference="loaded",
            value_at=TEN,
            now=TEN,
        )

        held = session.scalars(select(DepositRow).order_by(DepositRow.id)).all()
        assert [(each.paddle_id, each.lot_id, each.held) for each in held] == [
            *((paddles[0], lot, wan(20)) for lot in lots),
            (paddles[1], lots[0], wan(20)),
        ]
        assert {each.state for each in held} == {DepositState.HELD}
        assert session.scalar(select(func.count()).select_from(AdmissionRow)) == 5
        assert session.scalars(select(ReceiptRow.amount).order_by(ReceiptRow.id)).all() == [wan(80), wan(20)]
        assert session.scalars(select(PostingRow.amount).order_by(PostingRow.id)).all() == [wan(80), wan(20)]


def test_a_loaded_round_with_a_fixed_sum_has_one_deposit_a_paddle(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        round_ = a_round(session, deposit_kind=DepositKind.FIXED, deposit_fixed=wan(50))
        lots = [a_lot(session, round_).id for _ in range(4)]
        paddle = issued(session, round_, 101)

        deposits.hold_in_full(
            session, round_id=round_.id, lots_by_paddle={paddle: lots}, reference="loaded", value_at=TEN, now=TEN
        )

        deposit = session.scalars(select(DepositRow)).one()
        assert (deposit.lot_id, deposit.held) == (None, wan(50))
        assert session.scalar(select(func.count()).select_from(AdmissionRow)) == 4


def issued(session: Session, round_: RoundRow, number: int) -> int:
    """Keep an issued paddle, and return its id."""
    bidder = an_organisation(session)
    row = PaddleRow(round_id=round_.id, organisation_id=bidder.id, asked_at=TEN, rules_accepted_at=TEN)
    issuing.issue(session, round_, {number: row}, {number: []}, now=TEN)
    return row.id
