"""Standing instructions: what the house bids for bidders, and who hears of it."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.instruction import InstructionTooLow, NoInstruction
from techauction.core.lot import Format
from techauction.core.offer import Source
from techauction.core.record import Kind
from techauction.core.refusal import Refusal
from techauction.core.violation import Fault
from techauction.reports.record_of_sale import verify_round
from techauction.services import instructions, opening, pausing
from techauction.services.bidding import Asked, Taken, take_bids
from techauction.store.auction import InstructionRow, OfferRow, PaddleRow
from techauction.store.consigning import LotRow
from techauction.store.money import DepositRow
from techauction.store.people import OrganisationRow, Role, UserRow
from techauction.store.record import RecordRow
from tests.builders import CLOSES, OPENS, a_user, wan
from tests.rounds import Played, a_round_to_play

NOW = OPENS + timedelta(minutes=1)
Sessions = sessionmaker[Session]


@pytest.fixture
def played(sessions: Sessions) -> Played:
    """Return a round of one lot, from 200万 by 10万, that has not opened; its paddles are 101, 102 and 103."""
    with sessions.begin() as session:
        return a_round_to_play(session, {})


def open_it(session: Session, played: Played) -> None:
    opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)


def leave(session: Session, played: Played, paddle: int, ceiling: int, at: datetime = NOW) -> None:
    instructions.place(
        session,
        lot_id=played.lots[0].id,
        organisation_id=played.paddles[paddle].organisation_id,
        user_id=played.users[paddle],
        ceiling=wan(ceiling),
        read_clock=lambda: at,
    )


def bid(session: Session, played: Played, paddle: int, amount: int, at: datetime) -> None:
    asked = Asked(
        lot_id=played.lots[0].id,
        organisation_id=played.paddles[paddle].organisation_id,
        user_id=played.users[paddle],
        session_id=None,
        amount=wan(amount),
        key=f"key-{paddle}-{amount}",
        confirmed=False,
        received_at=at,
    )
    [answer] = take_bids(session, [asked], read_clock=lambda: at)
    assert isinstance(answer, Taken)


def withdraw(session: Session, played: Played, paddle: int) -> None:
    organisation_id = played.paddles[paddle].organisation_id
    instructions.withdraw(session, lot_id=played.lots[0].id, organisation_id=organisation_id, read_clock=lambda: NOW)
    session.flush()


def bids(session: Session) -> list[tuple[int | None, int]]:
    """Return the bids on record: (paddle, 万元)."""
    session.expire_all()
    rows = session.scalars(select(RecordRow).where(RecordRow.kind == Kind.BID).order_by(RecordRow.seq))
    return [(row.paddle, row.amount.minor // 1_000_000) for row in rows if row.amount is not None]


def test_an_instruction_answers_a_bid_at_once(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        open_it(session, played)
        bid(session, played, 0, 200, NOW)
        leave(session, played, 1, 250)
        bid(session, played, 0, 220, NOW)
        bid(session, played, 2, 250, NOW)

        assert bids(session) == [(101, 200), (102, 210), (101, 220), (102, 230), (103, 250)]


def test_two_instructions_duel_to_the_ceiling_of_the_earlier(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        open_it(session, played)
        leave(session, played, 0, 300)
        leave(session, played, 1, 300)

        assert bids(session)[-1] == (101, 300)


def test_one_step_under_its_ceiling_the_earlier_comes_to_it_and_that_verifies(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        open_it(session, played)
        leave(session, played, 0, 300)
        bid(session, played, 2, 280, NOW)
        leave(session, played, 1, 300)

        assert bids(session) == [(101, 200), (103, 280), (101, 290), (101, 300)]
        last = session.scalars(select(RecordRow).where(RecordRow.kind == Kind.BID).order_by(RecordRow.seq.desc())).first()
        assert last is not None
        assert last.data == {"confirmed": False, "defended": True}
        assert verify_round(session, played.row.slug) == []


@pytest.mark.parametrize("change", [{"ceiling": wan(290)}, {"placed_at": NOW + timedelta(minutes=1)}, {"ended_at": OPENS}])
def test_a_rise_of_the_own_bid_that_no_other_instruction_called_for_is_found(
    sessions: Sessions, played: Played, change: dict[str, object]
) -> None:
    with sessions.begin() as session:
        open_it(session, played)
        leave(session, played, 0, 300)
        bid(session, played, 2, 280, NOW)
        leave(session, played, 1, 300)
        session.execute(update(InstructionRow).where(InstructionRow.paddle_id == played.paddles[1].id).values(**change))

    with sessions.begin() as session:
        assert [each.code for each in verify_round(session, played.row.slug)] == [Fault.OFFER_DIFFERS]


def test_an_instruction_left_before_the_opening_bids_when_the_lot_opens(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        leave(session, played, 0, 250, OPENS - timedelta(hours=1))
        assert bids(session) == []
        open_it(session, played)
        lot_ids = instructions.unanswered(session, most=9)
        assert lot_ids == [played.lots[0].id]

        for _ in range(2):
            instructions.answer_opened(session, lot_ids, read_clock=lambda: NOW)

        assert bids(session) == [(101, 200)]
        assert instructions.unanswered(session, most=9) == []


def test_an_instruction_left_before_the_opening_comes_before_an_offer_made_after_it(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        leave(session, played, 0, 200, OPENS - timedelta(hours=1))
        leave(session, played, 2, 250, OPENS - timedelta(hours=1))
        open_it(session, played)

        bid(session, played, 1, 220, NOW)

        assert bids(session) == [(103, 200), (102, 220), (103, 230)]
        assert verify_round(session, played.row.slug) == []


@pytest.mark.parametrize("late", [timedelta(), timedelta(days=1)])
def test_past_the_close_no_instruction_is_answered(sessions: Sessions, played: Played, late: timedelta) -> None:
    with sessions.begin() as session:
        leave(session, played, 0, 250, OPENS - timedelta(hours=1))
        open_it(session, played)

        instructions.answer_opened(session, [played.lots[0].id], read_clock=lambda: CLOSES + late)

        assert bids(session) == []


def test_an_instruction_left_during_a_pause_bids_after_the_resume(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        open_it(session, played)
        bid(session, played, 0, 200, NOW)
        lot_ids, by_id = [played.lots[0].id], a_user(session).id
        pausing.pause(session, lot_ids=lot_ids, reason="Why.", by_id=by_id, read_clock=lambda: NOW)
        session.flush()
        leave(session, played, 1, 250)
        assert bids(session) == [(101, 200)]
        pausing.resume(session, lot_ids=lot_ids, reason="So.", by_id=by_id, read_clock=lambda: NOW)

        assert bids(session) == [(101, 200), (102, 210)]


def test_what_an_instruction_bids_moves_the_close_and_verifies(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        open_it(session, played)
        leave(session, played, 1, 250)
        late = CLOSES - timedelta(seconds=1)
        bid(session, played, 0, 210, late)

        assert bids(session) == [(102, 200), (101, 210), (102, 220)]
        assert session.scalars(select(LotRow.closes_at)).one() == late + timedelta(seconds=300)
        assert verify_round(session, played.row.slug) == []


def test_nothing_tells_a_bid_by_instruction_from_one_by_hand_but_the_bidders_own_offer(
    sessions: Sessions, played: Played
) -> None:
    with sessions.begin() as session:
        open_it(session, played)
        leave(session, played, 0, 250)

        assert [row.data for row in session.scalars(select(RecordRow).where(RecordRow.kind == Kind.BID))] == [
            {"confirmed": False}
        ]
        offer = session.scalars(select(OfferRow)).one()
        assert (offer.source, offer.organisation_id, offer.user_id) == (
            Source.INSTRUCTION,
            played.paddles[0].organisation_id,
            played.users[0],
        )


def test_a_voided_paddles_instruction_bids_no_more(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        open_it(session, played)
        bid(session, played, 0, 200, NOW)
        leave(session, played, 1, 300)
        bid(session, played, 0, 220, NOW)
        bid(session, played, 2, 240, NOW)
        session.execute(update(PaddleRow).where(PaddleRow.number == 102).values(voided_at=NOW))
        bid(session, played, 0, 260, NOW)

        assert bids(session)[-1] == (101, 260)


def test_an_instruction_without_its_deposit_does_not_bid(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        open_it(session, played)
        bid(session, played, 0, 200, NOW)
        leave(session, played, 1, 300)
        session.execute(update(DepositRow).where(DepositRow.paddle_id == played.paddles[1].id).values(held=wan(1)))
        bid(session, played, 2, 220, NOW)

        assert bids(session)[-1] == (103, 220)


def test_an_instruction_bids_no_more_once_its_user_is_disabled(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        open_it(session, played)
        bid(session, played, 0, 200, NOW)
        leave(session, played, 1, 300)
        session.execute(update(UserRow).where(UserRow.id == played.users[1]).values(disabled_at=NOW))
        bid(session, played, 2, 220, NOW)

        assert bids(session)[-1] == (103, 220)


def test_a_colleague_takes_up_the_instruction_of_a_disabled_user(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        open_it(session, played)
        bid(session, played, 0, 200, NOW)
        leave(session, played, 1, 300)
        session.execute(update(UserRow).where(UserRow.id == played.users[1]).values(disabled_at=NOW))
        bid(session, played, 2, 220, NOW)
        enterprise = session.get_one(OrganisationRow, played.paddles[1].organisation_id)
        played.users[1] = a_user(session, Role.ENTERPRISE, organisation=enterprise).id

        leave(session, played, 1, 300)

        assert bids(session)[-1] == (102, 230)


def test_an_instruction_withdrawn_bids_no_more_and_what_it_bid_stands(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        open_it(session, played)
        leave(session, played, 0, 300)
        withdraw(session, played, 0)
        bid(session, played, 1, 210, NOW)

        assert bids(session) == [(101, 200), (102, 210)]
        with pytest.raises(NoInstruction):
            withdraw(session, played, 0)


def test_another_ceiling_takes_the_place_of_the_first_and_the_same_one_keeps_its_time(
    sessions: Sessions, played: Played
) -> None:
    with sessions.begin() as session:
        open_it(session, played)
        leave(session, played, 0, 300)
        leave(session, played, 0, 300, NOW + timedelta(minutes=1))
        leave(session, played, 0, 320, NOW + timedelta(minutes=2))
        rows = session.scalars(select(InstructionRow).order_by(InstructionRow.id)).all()

        assert [(row.ceiling, row.placed_at, row.ended_at is None) for row in rows] == [
            (wan(300), NOW, False),
            (wan(320), NOW + timedelta(minutes=2), True),
        ]


def test_a_refused_instruction_leaves_the_one_before_it(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        open_it(session, played)
        leave(session, played, 0, 300)
        with pytest.raises(InstructionTooLow):
            leave(session, played, 0, 200)

        assert session.scalars(select(InstructionRow.ceiling).where(InstructionRow.ended_at.is_(None))).one() == wan(300)


def test_a_sealed_lot_takes_no_instruction(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        session.execute(update(LotRow).values(format=Format.SEALED))
        with pytest.raises(Refusal) as refused:
            leave(session, played, 0, 300)

        assert refused.value.code == "instruction_not_here"
