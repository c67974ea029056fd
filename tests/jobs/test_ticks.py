"""Ticks: what is due is done, again and again, late, or not at all."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import ManualClock
from techauction.core.lot import Stage
from techauction.core.outcome import Ending
from techauction.core.round import Phase
from techauction.jobs import ticks
from techauction.saleroom.auctioneer import Asked, Auctioneer
from techauction.services import opening
from techauction.store.aftersale import CaseRow
from techauction.store.auction import OutcomeRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import Role, UserRow
from techauction.store.record import RecordRow
from tests.builders import CLOSES, OPENS, a_lot, a_paddle, a_round, a_user, wan

PATIENCE_S = 20
_BIDDERS = select(UserRow.id, UserRow.organisation_id).where(UserRow.role == Role.ENTERPRISE).order_by(UserRow.id)


@pytest.fixture
def auctioneer(sessions: sessionmaker[Session], clock: ManualClock) -> Iterator[Auctioneer]:
    """Yield an auctioneer at work."""
    made = Auctioneer(sessions, clock)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def published(sessions: sessionmaker[Session]) -> Callable[..., int]:
    """Return a maker of published rounds of two lots, for which paddles 101 and 102 may bid."""

    def make(**more: object) -> int:
        with sessions.begin() as session:
            round_ = a_round(session, **more)
            lots = [a_lot(session, round_, number=number) for number in (1, 2)]
            for number in (101, 102):
                paddle = a_paddle(session, number, *lots)
                a_user(session, Role.ENTERPRISE, organisation=paddle.organisation)
            return round_.id

    return make


def phase(sessions: sessionmaker[Session], round_id: int) -> Phase:
    with sessions() as session:
        return session.get_one(RoundRow, round_id).phase


def test_a_round_opens_at_its_time_and_not_before(
    sessions: sessionmaker[Session], auctioneer: Auctioneer, published: Callable[..., int], clock: ManualClock
) -> None:
    round_id = published()
    clock.set(OPENS - timedelta(microseconds=1))
    ticks.open_due_rounds(sessions, auctioneer, now=clock())
    assert phase(sessions, round_id) is Phase.PUBLISHED

    clock.set(OPENS)
    ticks.open_due_rounds(sessions, auctioneer, now=clock())

    assert phase(sessions, round_id) is Phase.OPEN


def test_a_tick_that_runs_twice_opens_a_round_once(
    sessions: sessionmaker[Session], auctioneer: Auctioneer, published: Callable[..., int], clock: ManualClock
) -> None:
    published()
    clock.set(OPENS)

    for _ in range(3):
        ticks.open_due_rounds(sessions, auctioneer, now=clock())

    with sessions() as session:
        assert session.scalars(select(RecordRow.kind)).all() == ["opened", "opened"]


def test_one_broken_lot_keeps_no_other_from_opening(
    sessions: sessionmaker[Session], auctioneer: Auctioneer, published: Callable[..., int], clock: ManualClock
) -> None:
    broken, sound = published(), published()
    with sessions.begin() as session:
        session.execute(LotRow.__table__.update().where(LotRow.round_id == broken).values(start=None))
    clock.set(OPENS)

    ticks.open_due_rounds(sessions, auctioneer, now=clock())

    with sessions() as session:
        stages = session.execute(select(LotRow.stage).where(LotRow.round_id.in_((broken, sound))).order_by(LotRow.id)).scalars()
        assert list(stages) == [*[Stage.LISTED] * 2, *[Stage.OPEN] * 2]


def test_a_round_whose_every_lot_was_withheld_is_closed(
    sessions: sessionmaker[Session], auctioneer: Auctioneer, published: Callable[..., int], clock: ManualClock
) -> None:
    round_id = published(min_admitted=3)
    clock.set(OPENS)

    ticks.open_due_rounds(sessions, auctioneer, now=clock())
    ticks.close_finished_rounds(sessions, auctioneer)

    assert phase(sessions, round_id) is Phase.CLOSED


def test_an_open_round_with_a_lot_on_sale_stays_open(
    sessions: sessionmaker[Session], auctioneer: Auctioneer, published: Callable[..., int], clock: ManualClock
) -> None:
    round_id = published()
    clock.set(OPENS)
    ticks.open_due_rounds(sessions, auctioneer, now=clock())

    ticks.close_finished_rounds(sessions, auctioneer)

    assert phase(sessions, round_id) is Phase.OPEN


def bid(sessions: sessionmaker[Session], auctioneer: Auctioneer, clock: ManualClock, lot_id: int, *, of: int) -> None:
    """Have one of the round's two bidders bid: the first the start price, the second an increment more."""
    with sessions() as session:
        lot = session.get_one(LotRow, lot_id)
        user_id, organisation_id = session.execute(_BIDDERS).all()[of]
    assert organisation_id is not None
    auctioneer.submit(
        Asked(
            lot_id=lot.id,
            organisation_id=organisation_id,
            user_id=user_id,
            session_id=None,
            amount=wan(200 + 10 * of),
            key=f"key-{lot_id}-{of}",
            confirmed=False,
            received_at=clock(),
        )
    ).result(PATIENCE_S)


def outcomes(sessions: sessionmaker[Session]) -> list[tuple[int, Ending, int | None, object]]:
    with sessions() as session:
        rows = session.scalars(select(OutcomeRow).order_by(OutcomeRow.lot_id))
        return [(row.lot_id, row.ending, row.paddle, row.price) for row in rows]


@pytest.mark.parametrize("ticking", [True, False], ids=["with ticks", "without a tick"])
def test_hours_without_any_tick_changes_no_outcome(
    sessions: sessionmaker[Session],
    auctioneer: Auctioneer,
    published: Callable[..., int],
    clock: ManualClock,
    *,
    ticking: bool,
) -> None:
    round_id = published()
    clock.set(OPENS)
    auctioneer.act(partial(opening.open_round, round_id=round_id)).result(PATIENCE_S)
    with sessions() as session:
        first, second = session.scalars(select(LotRow.id).order_by(LotRow.id)).all()
    bid(sessions, auctioneer, clock, first, of=0)
    bid(sessions, auctioneer, clock, first, of=1)

    for minute in range(1, 3 * 60 + 1):
        clock.set(OPENS + timedelta(minutes=minute))
        if ticking:
            ticks.open_due_rounds(sessions, auctioneer, now=clock())
            auctioneer.nudge()
            ticks.close_finished_rounds(sessions, auctioneer)
    auctioneer.nudge().result(PATIENCE_S)

    assert clock() > CLOSES
    assert outcomes(sessions) == [
        (first, Ending.SOLD, 102, wan(210)),
        (second, Ending.PASSED_IN, None, None),
    ]
    assert phase(sessions, round_id) is Phase.CLOSED
    with sessions() as session:
        assert session.scalars(select(CaseRow.lot_id)).all() == [first]


def test_ticks_of_two_processes_open_a_round_once(
    engine: Engine, sessions: sessionmaker[Session], published: Callable[..., int], clock: ManualClock
) -> None:
    assert engine.url
    round_id = published()
    clock.set(OPENS)
    both = [Auctioneer(sessions, clock) for _ in range(2)]
    for each in both:
        each.start()
    futures = [each.act(partial(opening.open_round, round_id=round_id)) for each in both]
    answers = [future.exception(PATIENCE_S) for future in futures]
    for each in both:
        each.stop()

    assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", "PhaseForbids"]
    with sessions() as session:
        assert len(session.scalars(select(RecordRow.id)).all()) == 2
