"""Priority rights: confirmed, used at the sale, waived."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.ascending import NoPriorityRight
from techauction.core.bidding import LotClosed
from techauction.core.consigning import Instrument
from techauction.core.lot import Format
from techauction.core.offer import Source
from techauction.core.priority import NoRightAtLicence, PriorityRankWrong, PriorityWaived
from techauction.core.record import Kind
from techauction.core.refusal import NoSuch, Refusal
from techauction.core.round import PhaseForbids
from techauction.core.seen import marks_of
from techauction.core.violation import Fault
from techauction.custody import KeyRing
from techauction.reports.record_of_sale import verify_round
from techauction.services import hammer, opening, priority
from techauction.services.bidding import Asked, Taken, take_bids
from techauction.store.auction import AdmissionRow, OfferRow, OutcomeRow, PaddleRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow
from techauction.store.notices import NoticeRow
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


def confirm(session: Session, played: Played, paddle: int, rank: int | None = 1, market: str | None = None) -> None:
    lot = played.lots[0]
    by_id = a_user(session).id
    now_held = (
        select(AdmissionRow.priority_rank)
        .join(PaddleRow, AdmissionRow.paddle_id == PaddleRow.id)
        .where(AdmissionRow.lot_id == lot.id, PaddleRow.number == paddle)
    )
    seen = marks_of({f"rank_{lot.id}": session.scalar(now_held)})
    priority.confirm(
        session, lot_id=lot.id, paddle=paddle, market_key=market or lot.market_key, rank=rank, seen=seen, by_id=by_id, now=OPENS
    )
    session.flush()


def waive(session: Session, played: Played, paddle: int, at: datetime = NOW) -> None:
    priority.waive(
        session,
        lot_id=played.lots[0].id,
        organisation_id=played.paddles[paddle].organisation_id,
        by_id=played.users[paddle],
        read_clock=lambda: at,
    )
    session.flush()


def an_offer(played: Played, paddle: int, amount: int, **more: object) -> Asked:
    asked = Asked(
        lot_id=played.lots[0].id,
        organisation_id=played.paddles[paddle].organisation_id,
        user_id=played.users[paddle],
        session_id=None,
        amount=wan(amount),
        key=f"key-{paddle}-{amount}-{sorted(more)}",
        confirmed=True,
    )
    return replace(asked, **more)  # type: ignore[arg-type]


def answer(session: Session, offer: Asked) -> Taken | Refusal:
    [said] = take_bids(session, [offer], read_clock=lambda: NOW)
    session.expire_all()
    return said


def ranks(session: Session) -> list[int | None]:
    return list(session.scalars(select(AdmissionRow.priority_rank).order_by(AdmissionRow.id)))


def test_an_organizer_confirms_a_holder_who_is_told(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        confirm(session, played, 102, 2)

        assert ranks(session) == [None, 2, None]
        assert session.scalars(select(NoticeRow.what)).all() == ["priority_confirmed"]
        assert session.scalars(select(AuditRow.detail).where(AuditRow.what == "priority.confirmed")).one() == "rank 2"


def test_a_confirmation_is_taken_back(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        confirm(session, played, 102)
        confirm(session, played, 102, None)

        assert ranks(session) == [None, None, None]


def test_another_markets_lot_is_not_found(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session, pytest.raises(NoSuch):
        confirm(session, played, 102, market="anhui")


def test_a_paddle_that_is_not_admitted_is_not_found(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session, pytest.raises(NoSuch):
        confirm(session, played, 999)


def test_a_rank_is_a_number_from_one(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session, pytest.raises(PriorityRankWrong):
        confirm(session, played, 102, 0)


def test_after_the_opening_nobody_becomes_a_holder(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        with pytest.raises(PhaseForbids):
            confirm(session, played, 102)


def test_a_waiver_stands(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        confirm(session, played, 102)
        waive(session, played, 1)
        with pytest.raises(PriorityWaived):
            confirm(session, played, 102)
        with pytest.raises(NoPriorityRight):
            waive(session, played, 1)


def test_who_holds_nothing_waives_nothing(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session, pytest.raises(NoPriorityRight):
        waive(session, played, 1)


def test_at_the_close_it_is_too_late_to_waive(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        confirm(session, played, 102)
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        with pytest.raises(LotClosed):
            waive(session, played, 1, CLOSES)


def test_a_match_stands_on_record_with_its_rank_and_verifies(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        confirm(session, played, 102)
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        assert isinstance(answer(session, an_offer(played, 0, 200)), Taken)
        assert isinstance(answer(session, an_offer(played, 1, 200, matching=True)), Taken)

        row = session.scalars(select(RecordRow).where(RecordRow.kind == Kind.MATCHED)).one()
        assert (row.paddle, row.amount, row.data) == (102, wan(200), {"confirmed": True, "rank": 1})
        assert session.execute(select(LotRow.standing_paddle, LotRow.standing_rank)).one() == (102, 1)
        assert verify_round(session, played.row.slug) == []


def test_without_the_right_or_after_waiving_it_nobody_matches(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        confirm(session, played, 102)
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        answer(session, an_offer(played, 0, 200))
        waive(session, played, 1)

        assert isinstance(answer(session, an_offer(played, 1, 200, matching=True)), NoPriorityRight)
        assert isinstance(answer(session, an_offer(played, 2, 200, matching=True)), NoPriorityRight)


@pytest.mark.parametrize("changed", [{"priority_rank": None}, {"priority_rank": 2}, {"priority_waived_at": OPENS}])
def test_a_match_by_a_right_that_was_not_held_is_found(sessions: Sessions, played: Played, changed: dict[str, object]) -> None:
    with sessions.begin() as session:
        confirm(session, played, 102)
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        answer(session, an_offer(played, 0, 200))
        answer(session, an_offer(played, 1, 200, matching=True))
        session.execute(update(AdmissionRow).where(AdmissionRow.priority_rank.is_not(None)).values(**changed))

        assert {each.code for each in verify_round(session, played.row.slug)} == {Fault.NOT_ADMITTED}


def test_a_floor_bid_names_its_clerk_on_record(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        clerk = a_user(session).id
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        answer(session, an_offer(played, 0, 200, source=Source.FLOOR, user_id=clerk))

        row = session.scalars(select(RecordRow).where(RecordRow.kind == Kind.BID)).one()
        assert row.data == {"confirmed": True, "source": "floor", "clerk": clerk}
        assert verify_round(session, played.row.slug) == []


@pytest.mark.parametrize("changed", [{"source": Source.ONLINE}, {"user_id": 1}])
def test_a_floor_bid_of_another_source_or_clerk_is_found(
    sessions: Sessions, played: Played, changed: dict[str, object]
) -> None:
    with sessions.begin() as session:
        clerk = a_user(session).id
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        answer(session, an_offer(played, 0, 200, source=Source.FLOOR, user_id=clerk))
        session.execute(update(OfferRow).values(**changed))

        assert {each.code for each in verify_round(session, played.row.slug)} == {Fault.OFFER_DIFFERS}


@pytest.mark.parametrize("waives", [False, True])
def test_a_right_counts_when_sealed_offers_are_opened(sessions: Sessions, custody: KeyRing, waives: bool) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {"format": Format.SEALED})
        confirm(session, played, 102)
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        asked = [an_offer(played, 0, 230), an_offer(played, 1, 230)]
        assert [type(each) for each in take_bids(session, asked, read_clock=lambda: NOW, custody=custody)] == [Taken, Taken]
        session.expire_all()
        if waives:
            waive(session, played, 1, NOW + timedelta(minutes=1))
        hammer.fall(session, [played.lots[0].id], now=CLOSES, custody=custody)
        session.expire_all()

        assert session.scalars(select(OutcomeRow.paddle)).one() == (101 if waives else 102)
        assert verify_round(session, played.row.slug) == []


def test_a_sealed_offer_from_the_floor_names_its_clerk_and_not_its_bidder(sessions: Sessions, custody: KeyRing) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {"format": Format.SEALED})
        clerk = a_user(session).id
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        asked = [an_offer(played, 0, 230, source=Source.FLOOR, user_id=clerk)]
        take_bids(session, asked, read_clock=lambda: NOW, custody=custody)
        session.expire_all()
        row = session.scalars(select(RecordRow).where(RecordRow.kind == Kind.SEALED)).one()
        hammer.fall(session, [played.lots[0].id], now=CLOSES, custody=custody)
        session.expire_all()

        assert (row.paddle, row.amount, row.data["source"], row.data["clerk"]) == (None, None, "floor", clerk)
        assert verify_round(session, played.row.slug) == []


def test_there_is_no_right_at_a_licence_and_one_from_before_can_be_taken_back(sessions: Sessions, played: Played) -> None:
    with sessions.begin() as session:
        lot = session.get_one(LotRow, played.lots[0].id)
        lot.result.instrument = Instrument.EXCLUSIVE_LICENCE
        session.flush()

        with pytest.raises(NoRightAtLicence):
            confirm(session, played, 101)
        session.scalars(select(AdmissionRow)).first().priority_rank = 1  # type: ignore[union-attr]
        session.flush()
        confirm(session, played, 101, rank=None)

        assert set(session.scalars(select(AdmissionRow.priority_rank))) == {None}
