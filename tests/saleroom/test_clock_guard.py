"""The wall clock is stepped while lots are open: nobody wins or loses time by it.

Planted by hand, each seen to fail here: `stepped` always false; `set_right` without `anchor`; a resume that says nothing of a
clock set back, or that leaves the opening where the old clock had it.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, select

from techauction.clock import SystemClock
from techauction.core.bidding import LotPaused
from techauction.core.lot import Stage
from techauction.core.outcome import Ending
from techauction.core.record import Kind
from techauction.reports.record_of_sale import verify_round
from techauction.services import pausing
from techauction.store.audit import AuditRow
from techauction.store.notices import NoticeRow
from tests.builders import wan
from tests.rounds import resumed
from tests.saleroom.conftest import PATIENCE_S, Sale

HOUR = timedelta(hours=1)
NS = 1_000_000_000


class Hands:
    """The two clocks of a machine, and hands to move the one on the wall."""

    def __init__(self) -> None:
        self.moved_ns = 0
        self.clock = SystemClock(wall_ns=lambda: time.time_ns() + self.moved_ns)

    def move(self, by: timedelta) -> None:
        """Step the wall clock."""
        self.moved_ns += by // timedelta(microseconds=1) * 1_000

    @property
    def wall(self) -> datetime:
        """Return what the wall clock shows."""
        return datetime.fromtimestamp((time.time_ns() + self.moved_ns) / NS, UTC)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def sale(engine: Engine, hands: Hands) -> Iterator[Sale]:
    """Yield an open sale of two lots by the system's clock, with one organizer."""
    now = hands.clock()
    made = Sale(engine, hands.clock, lots=2, opens_at=now - HOUR, closes_at=now + HOUR)
    made.open()
    yield made
    made.auctioneer.stop()


def resume(sale: Sale) -> None:
    sale.auctioneer.act(partial(resumed, lot_ids=sale.lots)).result(PATIENCE_S)


@pytest.mark.parametrize("step", [HOUR, -HOUR, timedelta(seconds=0.7), timedelta(seconds=-0.7)], ids=str)
def test_a_step_pauses_every_open_lot_before_another_offer_is_taken(sale: Sale, hands: Hands, step: timedelta) -> None:
    sale.bid(101, wan(200))

    hands.move(step)
    with pytest.raises(LotPaused):
        sale.bid(102, wan(210))

    with sale.sessions() as session:
        stepped = session.scalars(select(AuditRow).where(AuditRow.what == "clock.stepped")).one()
        notices = session.scalars(select(NoticeRow).where(NoticeRow.what == "clock_stepped")).all()
    assert [(sale.lot(each).stage, sale.lot(each).stop_reason) for each in sale.lots] == [(Stage.PAUSED, pausing.CLOCK)] * 2
    assert stepped.by_id is None
    assert [notice.user_id for notice in notices] == [sale.organizer]
    assert notices[0].facts["lots"] == 2
    assert abs(int(notices[0].facts["moved_ms"] or 0) - step // timedelta(milliseconds=1)) < 500


@pytest.mark.parametrize("step", [HOUR, -HOUR], ids=["forward", "back"])
def test_after_an_organizer_has_looked_the_sale_goes_on_by_the_wall_clock(sale: Sale, hands: Hands, step: timedelta) -> None:
    sale.bid(101, wan(200))
    left = (sale.lot().closes_at or hands.clock()) - hands.clock()
    hands.move(step)
    sale.nudge()

    resume(sale)
    taken = sale.bid(102, wan(210))

    assert abs(taken.placed_at - hands.wall) < timedelta(seconds=5)
    assert abs(taken.closes_at - taken.placed_at - left) < timedelta(seconds=5)
    assert sale.lot().opens_at is not None
    with sale.sessions() as session:
        assert verify_round(session, sale.slug) == []


def test_a_step_back_does_not_open_a_lot_again_whose_close_had_come(sale: Sale, hands: Hands) -> None:
    sale.bid(101, wan(200))
    with sale.sessions.begin() as session:
        row = session.merge(sale.lot())
        row.closes_at = hands.clock() + timedelta(seconds=1)
    while hands.clock() < (sale.lot().closes_at or hands.clock()):
        time.sleep(0.05)

    hands.move(-HOUR)
    sale.nudge()

    outcome = sale.outcome()
    assert outcome is not None
    assert outcome.ending is Ending.SOLD
    assert sale.lot(sale.lots[1]).stage is Stage.PAUSED


def test_a_small_drift_stops_nothing(sale: Sale, hands: Hands) -> None:
    hands.move(timedelta(seconds=0.3))

    sale.bid(101, wan(200))

    assert [row.kind for row in sale.record()] == [Kind.OPENED, Kind.BID]


def test_a_step_is_noticed_though_nobody_offers(sale: Sale, hands: Hands) -> None:
    hands.move(HOUR)

    until = time.monotonic() + PATIENCE_S
    while sale.lot().stage is Stage.OPEN and time.monotonic() < until:
        time.sleep(0.05)

    assert sale.lot().stage is Stage.PAUSED


def test_a_lot_opened_after_a_step_is_not_paused_by_it(sale: Sale, hands: Hands) -> None:
    hands.move(HOUR)
    sale.nudge()
    resume(sale)

    time.sleep(1.2)

    assert sale.lot().stage is Stage.OPEN


def test_the_clock_reads_the_monotonic_clock_and_not_the_wall() -> None:
    wall, monotonic = 1_000 * NS, 5 * NS
    clock = SystemClock(wall_ns=lambda: wall, monotonic_ns=lambda: monotonic)
    began = clock()

    wall, monotonic = 5_000 * NS, 6 * NS
    assert clock() - began == timedelta(seconds=1)
    assert clock.drift() == timedelta(seconds=3_999)

    clock.anchor()
    assert clock.drift() == timedelta(0)
    assert clock() == datetime.fromtimestamp(5_000, UTC)
