"""Copies live by themselves: simulated bidders bid to the hammer, nobody is told, and what is over goes."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import ManualClock
from techauction.core.lot import Format, Stage
from techauction.core.rehearsal import SIMULATED
from techauction.core.round import Phase
from techauction.custody import KeyRing
from techauction.jobs import ticks
from techauction.jobs.rehearsing import Rehearsing
from techauction.saleroom.auctioneer import Auctioneer
from techauction.services import discarding
from techauction.services.practising import practise
from techauction.services.rehearsing import rehearse
from techauction.store.aftersale import CaseRow
from techauction.store.auction import OfferRow, OutcomeRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.notices import NoticeRow
from techauction.store.people import OrganisationRow, Role
from tests.builders import OPENS, a_lot, a_paddle, a_round, a_user

Sessions = sessionmaker[Session]
SECOND = timedelta(seconds=1)
FAR = OPENS + timedelta(days=30)


@pytest.fixture
def auctioneer(sessions: Sessions, clock: ManualClock, custody: KeyRing) -> Iterator[Auctioneer]:
    """Yield an auctioneer at work."""
    made = Auctioneer(sessions, clock, custody=custody)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def copies(sessions: Sessions, auctioneer: Auctioneer, clock: ManualClock) -> Rehearsing:
    """Return the ticks of the copies."""
    return Rehearsing(sessions, auctioneer, clock)


def a_rehearsal(sessions: Sessions, clock: ManualClock, *formats: Format, speed: int = 60) -> int:
    with sessions.begin() as session:
        by_id = a_user(session, Role.ORGANIZER).id
        a_user(session, Role.MANAGER)
        row = a_round(session, opens_at=FAR, closes_at=FAR + timedelta(hours=2), phase=Phase.DRAFT, published_at=None)
        for number, format_ in enumerate(formats, 1):
            a_lot(session, row, number=number, format=format_, reserve_announced=number == 1)
        copy = rehearse(session, round_id=row.id, market_key="zhejiang", speed=speed, by_id=by_id, read_clock=clock)
        return copy.id


def a_practice(sessions: Sessions, clock: ManualClock) -> int:
    with sessions.begin() as session:
        row = a_round(session)
        paddle = a_paddle(session, 102, a_lot(session, row, number=1))
        agent = a_user(session, Role.ENTERPRISE, organisation=paddle.organisation)
        copy = practise(session, round_id=row.id, organisation_id=paddle.organisation_id, by_id=agent.id, read_clock=clock)
        return copy.id


def phase(sessions: Sessions, round_id: int) -> Phase | None:
    with sessions() as session:
        return session.scalar(select(RoundRow.phase).where(RoundRow.id == round_id))


def play(
    sessions: Sessions, auctioneer: Auctioneer, copies: Rehearsing, clock: ManualClock, round_id: int, *, most: int = 600
) -> None:
    """Let the seconds pass, with the ticks that the scheduler runs, until the copy is closed."""
    for _ in range(most):
        clock.set(clock() + SECOND)
        ticks.open_due_rounds(sessions, auctioneer, now=clock())
        copies.bid()
        auctioneer.nudge().result(20)
        if phase(sessions, round_id) is Phase.CLOSED:
            return
    pytest.fail("the copy did not end")


def test_a_rehearsal_is_bid_for_and_sold_by_itself(
    sessions: Sessions, auctioneer: Auctioneer, copies: Rehearsing, clock: ManualClock
) -> None:
    round_id = a_rehearsal(sessions, clock, Format.ASCENDING, Format.ASCENDING, Format.SEALED)

    play(sessions, auctioneer, copies, clock, round_id)

    with sessions() as session:
        lots = session.scalars(select(LotRow).where(LotRow.round_id == round_id).order_by(LotRow.number)).all()
        assert [each.stage for each in lots] == [Stage.ENDED] * 3
        assert all(each.bids >= 2 for each in lots)
        outcomes = session.scalars(select(OutcomeRow).join(OutcomeRow.lot).where(LotRow.round_id == round_id)).all()
        assert len(outcomes) == 3


def test_nobody_is_told_of_what_happens_in_a_copy(
    sessions: Sessions, auctioneer: Auctioneer, copies: Rehearsing, clock: ManualClock
) -> None:
    round_id = a_rehearsal(sessions, clock, Format.ASCENDING, Format.ASCENDING)

    play(sessions, auctioneer, copies, clock, round_id)

    with sessions() as session:
        assert session.scalars(select(NoticeRow.what)).all() == []
        assert set(session.scalars(select(CaseRow.manager_id))) == {None}


def test_the_rivals_of_a_practice_bid_and_its_bidder_is_left_to_itself(
    sessions: Sessions, auctioneer: Auctioneer, copies: Rehearsing, clock: ManualClock
) -> None:
    round_id = a_practice(sessions, clock)

    play(sessions, auctioneer, copies, clock, round_id)

    with sessions() as session:
        codes = set(
            session.scalars(select(OrganisationRow.credit_code).join(OfferRow, OfferRow.organisation_id == OrganisationRow.id))
        )
        assert codes
        assert all(code.startswith(SIMULATED) for code in codes)


def test_a_paused_rehearsal_waits_and_goes_after_a_day(
    sessions: Sessions, auctioneer: Auctioneer, copies: Rehearsing, clock: ManualClock
) -> None:
    round_id = a_rehearsal(sessions, clock, Format.ASCENDING)
    clock.set(clock() + timedelta(seconds=30))
    ticks.open_due_rounds(sessions, auctioneer, now=clock())
    with sessions.begin() as session:
        session.execute(LotRow.__table__.update().where(LotRow.round_id == round_id).values(stage=Stage.PAUSED))
    copies.bid()
    copies.discard()
    assert phase(sessions, round_id) is Phase.OPEN

    clock.set(clock() + discarding.LONGEST)
    copies.discard()

    assert phase(sessions, round_id) is None


def test_a_copy_in_the_midst_of_its_sale_is_thrown_away_when_it_was_stopped(
    sessions: Sessions, auctioneer: Auctioneer, copies: Rehearsing, clock: ManualClock
) -> None:
    round_id = a_rehearsal(sessions, clock, Format.ASCENDING, Format.SEALED)
    for _ in range(60):
        clock.set(clock() + SECOND)
        ticks.open_due_rounds(sessions, auctioneer, now=clock())
        copies.bid()
    with sessions.begin() as session:
        assert session.scalar(select(func.count()).select_from(OfferRow))
        discarding.stop(session, round_id=round_id, read_clock=clock)

    for _ in range(2):
        copies.discard()
    copies.bid()

    assert phase(sessions, round_id) is None
    with sessions() as session:
        assert session.scalars(select(OrganisationRow.id).where(OrganisationRow.credit_code.startswith(SIMULATED))).all() == []
