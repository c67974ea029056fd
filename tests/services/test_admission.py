"""Paddles are asked for, issued and voided."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from techauction.core import admission
from techauction.core import paddle as rules
from techauction.core.admission import DepositKind, DepositState
from techauction.core.lot import Stage
from techauction.core.money import Money
from techauction.core.refusal import NoSuch, Refusal
from techauction.core.registration import ReasonNeeded
from techauction.core.round import Phase, PhaseForbids
from techauction.db import writing
from techauction.services import admission as admissions
from techauction.services.deposits import Received, deposits_in_order
from techauction.store.auction import AdmissionRow, PaddleRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.money import DepositRow
from techauction.store.notices import NoticeRow
from techauction.store.people import Role, Standing, UserRow
from tests.builders import a_lot, a_result, a_round, a_user, an_organisation, wan
from tests.conftest import TEN


def ask(session: Session, user: UserRow, *lots: LotRow, **more: Any) -> PaddleRow:
    """Ask for a paddle for these lots at ten."""
    said: dict[str, Any] = {
        "round_id": lots[0].round_id if lots else 0,
        "organisation_id": user.organisation_id,
        "lot_ids": [lot.id for lot in lots],
        "rules_accepted": True,
        "by_id": user.id,
        "now": TEN,
    }
    return admissions.ask(session, **said | more)


def receive(session: Session, paddle: PaddleRow, organizer: UserRow, amount: Money, reference: str = "B1") -> None:
    """Record money that came at ten."""
    admissions.receive(
        session,
        paddle_id=paddle.id,
        market_key=organizer.market_key or "",
        received=Received(amount=amount, value_at=TEN, reference=reference),
        by_id=organizer.id,
        now=TEN,
    )


def issue(session: Session, paddle: PaddleRow, organizer: UserRow, wanted: int | None = None) -> int:
    """Issue the paddle at ten."""
    return admissions.issue(
        session, paddle_id=paddle.id, market_key=organizer.market_key or "", wanted=wanted, by_id=organizer.id, now=TEN
    )


def void(
    session: Session,
    paddle: PaddleRow,
    organizer: UserRow,
    reason: str = "Its licence was withdrawn.",
    read_clock: Callable[[], datetime] = lambda: TEN,
) -> None:
    """Void the paddle."""
    admissions.void(
        session,
        paddle_id=paddle.id,
        market_key=organizer.market_key or "",
        reason=reason,
        by_id=organizer.id,
        read_clock=read_clock,
    )


def a_bidder(session: Session) -> UserRow:
    """Keep an approved enterprise's user."""
    return a_user(session, Role.ENTERPRISE)


def test_asking_names_lots_and_says_what_deposit_each_needs(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        round_ = a_round(session)
        lots = [a_lot(session, round_, number=number, start=wan(number * 100)) for number in (3, 1, 2)]

        paddle = ask(session, a_bidder(session), *lots[:2])

        assert paddle.number is None
        assert set(session.scalars(select(AdmissionRow.lot_id))) == {lots[0].id, lots[1].id}
        assert [(each.lot_id, each.required, each.held, each.state) for each in deposits_in_order(session, paddle.id)] == [
            (lots[1].id, wan(10), wan(0), DepositState.DUE),
            (lots[0].id, wan(30), wan(0), DepositState.DUE),
        ]


def test_a_fixed_sum_is_one_deposit_for_all_lots(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        round_ = a_round(session, deposit_kind=DepositKind.FIXED, deposit_fixed=wan(50))

        paddle = ask(session, a_bidder(session), *(a_lot(session, round_) for _ in range(3)))

        assert [(each.lot_id, each.required) for each in deposits_in_order(session, paddle.id)] == [(None, wan(50))]
        assert session.scalar(select(func.count()).select_from(AdmissionRow)) == 3


def test_one_bidder_has_one_paddle_in_a_round(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        bidder, lot = a_bidder(session), a_lot(session)
        ask(session, bidder, lot)
        colleague = a_user(session, Role.ENTERPRISE, organisation=bidder.organisation)

        with pytest.raises(admission.PaddleHeld):
            ask(session, colleague, lot)


def test_nobody_is_admitted_to_a_lot_of_their_own(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        bidder, round_ = a_bidder(session), a_round(session)
        own = a_lot(session, round_, number=7, result=a_result(session, institute=bidder.organisation))
        other = a_lot(session, round_)

        with pytest.raises(admission.OwnLot) as refused:
            ask(session, bidder, other, own)

        assert refused.value.facts == {"lot": 7}
        assert session.scalar(select(func.count()).select_from(PaddleRow)) == 0


@pytest.mark.parametrize("standing", [Standing.REGISTERED, Standing.REFUSED])
def test_an_enterprise_that_was_not_approved_gets_no_paddle(sessions: sessionmaker[Session], standing: Standing) -> None:
    with sessions() as session:
        bidder = a_user(session, Role.ENTERPRISE, organisation=an_organisation(session, standing=standing))

        with pytest.raises(admission.EnterpriseNotApproved):
            ask(session, bidder, a_lot(session))


def test_registration_closes_at_its_instant(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        lot = a_lot(session)
        closes_at = session.get_one(RoundRow, lot.round_id).registration_closes_at

        with pytest.raises(admission.RegistrationClosed):
            ask(session, a_bidder(session), lot, now=closes_at)
        ask(session, a_bidder(session), lot, now=closes_at - timedelta(microseconds=1))


def test_the_rules_must_be_accepted_and_lots_named(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        bidder, lot = a_bidder(session), a_lot(session)

        with pytest.raises(admission.RulesNotAccepted):
            ask(session, bidder, lot, rules_accepted=False)
        with pytest.raises(admission.NoLotNamed):
            ask(session, bidder, round_id=lot.round_id)


@pytest.mark.parametrize("phase", [Phase.DRAFT, Phase.OPEN, Phase.CLOSED, Phase.CALLED_OFF])
def test_paddles_are_asked_for_in_a_published_round_only(sessions: sessionmaker[Session], phase: Phase) -> None:
    with sessions() as session:
        lot = a_lot(session, a_round(session, phase=phase))

        with pytest.raises(PhaseForbids):
            ask(session, a_bidder(session), lot)


def test_lots_that_are_not_listed_in_the_round_are_not_found(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        round_ = a_round(session)
        listed, elsewhere = a_lot(session, round_), a_lot(session)
        submitted = a_lot(session, round_, stage=Stage.SUBMITTED)

        for stranger in (elsewhere, submitted):
            with pytest.raises(NoSuch):
                ask(session, a_bidder(session), listed, stranger)
        with pytest.raises(NoSuch):
            ask(session, a_bidder(session), round_id=999_999)


def test_the_lowest_free_number_is_given_from_101_on(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        lot, organizer = a_lot(session), a_user(session)
        paddles = [paid(session, lot, organizer) for _ in range(3)]

        numbers = [issue(session, paddles[0], organizer), issue(session, paddles[1], organizer, 103)]
        numbers.append(issue(session, paddles[2], organizer))

        assert numbers == [101, 103, 102]
        assert [paddle.issued_at for paddle in paddles] == [TEN] * 3


def paid(session: Session, lot: LotRow, organizer: UserRow) -> PaddleRow:
    """Keep a request for one lot whose deposit came in full."""
    paddle = ask(session, a_bidder(session), lot)
    receive(session, paddle, organizer, wan(20), reference=f"B{paddle.id}")
    return paddle


def test_a_number_is_given_to_one_bidder(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        lot, organizer = a_lot(session), a_user(session)
        first, second = paid(session, lot, organizer), paid(session, lot, organizer)
        issue(session, first, organizer, 260)

        with pytest.raises(rules.PaddleTaken):
            issue(session, second, organizer, 260)
        with pytest.raises(rules.PaddleIssued):
            issue(session, first, organizer)
        with pytest.raises(rules.PaddleNumberWrong):
            issue(session, second, organizer, 100)


def test_without_a_covered_lot_no_paddle_is_issued(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        organizer = a_user(session)
        paddle = ask(session, a_bidder(session), a_lot(session))
        receive(session, paddle, organizer, wan(20) - Money(1))

        with pytest.raises(rules.NothingCovered) as refused:
            issue(session, paddle, organizer)

        assert refused.value.facts == {"held": wan(20) - Money(1), "required": wan(20)}


def test_one_covered_lot_is_enough_and_the_others_may_be_covered_later(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        round_, organizer = a_round(session), a_user(session)
        paddle = ask(session, a_bidder(session), *(a_lot(session, round_) for _ in range(2)))
        receive(session, paddle, organizer, wan(20), "B1")

        issue(session, paddle, organizer)
        receive(session, paddle, organizer, wan(20), "B2")

        assert {each.state for each in deposits_in_order(session, paddle.id)} == {DepositState.HELD}


def test_a_voided_paddle_comes_back_in_no_way(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        organizer = a_user(session)
        paddle = paid(session, a_lot(session), organizer)
        issue(session, paddle, organizer)

        void(session, paddle, organizer)

        assert (paddle.voided_at, paddle.void_reason) == (TEN, "Its licence was withdrawn.")
        for again in (void, issue):
            with pytest.raises(rules.PaddleTakenBack):
                again(session, paddle, organizer)
        with pytest.raises(rules.PaddleTakenBack):
            receive(session, paddle, organizer, wan(20), "B9")


def test_a_request_may_be_refused_with_a_reason(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        organizer, bidder = a_user(session), a_bidder(session)
        paddle = ask(session, bidder, a_lot(session))

        with pytest.raises(ReasonNeeded):
            void(session, paddle, organizer, "")
        void(session, paddle, organizer, "The mandate has expired.")

        told = session.scalars(select(NoticeRow).where(NoticeRow.user_id == bidder.id)).one()
        assert (told.what, told.facts["reason"]) == ("paddle_refused", "The mandate has expired.")


def test_a_paddle_whose_bid_stands_cannot_be_voided(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        organizer = a_user(session)
        lot = a_lot(session, number=4)
        paddle = paid(session, lot, organizer)
        number = issue(session, paddle, organizer)
        lot.stage, lot.standing_paddle, lot.standing_amount, lot.standing_at = Stage.PAUSED, number, wan(200), TEN
        session.flush()

        with pytest.raises(rules.PaddleStands) as refused:
            void(session, paddle, organizer)

        assert refused.value.facts == {"lot": 4}
        lot.stage = Stage.ENDED
        session.flush()
        void(session, paddle, organizer)


@pytest.mark.parametrize("phase", [Phase.CLOSED, Phase.CALLED_OFF])
def test_after_the_round_paddles_stay_as_they_are(sessions: sessionmaker[Session], phase: Phase) -> None:
    with sessions() as session:
        organizer = a_user(session)
        paddle = paid(session, a_lot(session), organizer)
        paddle.round.phase = phase
        session.flush()

        for use_case in (issue, void):
            with pytest.raises(PhaseForbids):
                use_case(session, paddle, organizer)


def test_an_organizer_of_a_market_outside_the_round_finds_nothing(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        paddle = paid(session, a_lot(session), a_user(session))
        stranger = a_user(session, market="anhui")

        for use_case in (issue, void):
            with pytest.raises(NoSuch):
                use_case(session, paddle, stranger)
        with pytest.raises(NoSuch):
            receive(session, paddle, stranger, wan(20), "B9")


def together(sessions: sessionmaker[Session], *use_cases: Callable[[Session], object]) -> list[str]:
    """Run the use cases at once, each in a transaction of its own, and return the refusals' codes and "done"s in order."""
    barrier = Barrier(len(use_cases))

    def run(use_case: Callable[[Session], object]) -> str:
        with sessions() as session:
            barrier.wait()
            try:
                with writing(session):
                    use_case(session)
            except Refusal as refusal:
                return refusal.code
            return "done"

    with ThreadPoolExecutor(len(use_cases)) as pool:
        return sorted(pool.map(run, use_cases))


def test_two_colleagues_asking_at_once_get_one_paddle(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        lot, bidder = a_lot(session), a_bidder(session)
        session.commit()

    answers = together(sessions, *[lambda own: ask(own, bidder, lot)] * 4)

    assert answers == ["done", "paddle_held", "paddle_held", "paddle_held"]
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(DepositRow)) == 1


def test_numbers_given_at_once_all_differ(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        lot, organizer = a_lot(session), a_user(session)
        paddles = [paid(session, lot, organizer) for _ in range(6)]
        session.commit()

    answers = together(sessions, *(lambda own, paddle=paddle: issue(own, paddle, organizer) for paddle in paddles))

    assert answers == ["done"] * 6
    with sessions() as session:
        assert sorted(session.scalars(select(PaddleRow.number))) == [101, 102, 103, 104, 105, 106]


def test_a_statement_recorded_twice_at_once_counts_once(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        lot, organizer = a_lot(session), a_user(session)
        paddle = ask(session, a_bidder(session), lot)
        session.commit()

    answers = together(sessions, *[lambda own: receive(own, paddle, organizer, wan(5), "B1")] * 4)

    assert answers == ["done", "receipt_recorded", "receipt_recorded", "receipt_recorded"]
    with sessions() as session:
        assert session.scalar(select(DepositRow.held)) == wan(5)


def test_two_statements_recorded_at_once_are_both_held(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        lot, organizer = a_lot(session), a_user(session)
        paddle = ask(session, a_bidder(session), lot)
        session.commit()

    together(
        sessions,
        *(lambda own, place=place: receive(own, paddle, organizer, wan(5), f"B{place}") for place in range(4)),
    )

    with sessions() as session:
        assert session.scalar(select(DepositRow.held)) == wan(20)
