"""A lot with which something is wrong keeps no other from going on, and its organizers are told."""

from collections.abc import Iterator
from functools import partial

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from techauction.clock import ManualClock
from techauction.core.lot import Stage
from techauction.core.outcome import Ending
from techauction.core.round import Phase
from techauction.core.stuck import Duty
from techauction.db import writing
from techauction.queries import stuck as queries
from techauction.queries.stuck import Stuck
from techauction.services import hammer, opening
from techauction.store.auction import OutcomeRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.notices import NoticeRow
from tests.builders import CLOSES, OPENS, wan
from tests.saleroom.conftest import PATIENCE_S, Sale

DAMAGED = 1
"""The place of the lot with which something is wrong, among four."""
CANNOT_CLOSE = {
    "sqlite": (
        (
            "CREATE TRIGGER damaged BEFORE UPDATE ON rounds WHEN NEW.id = {id} AND NEW.phase = 'closed' "
            "BEGIN SELECT RAISE(ABORT, 'damaged'); END"
        ),
        "DROP TRIGGER damaged",
    ),
    "postgresql": (
        "ALTER TABLE rounds ADD CONSTRAINT damaged CHECK (id <> {id} OR phase <> 'closed')",
        "ALTER TABLE rounds DROP CONSTRAINT damaged",
    ),
}
"""What damages one round, and what mends it."""


@pytest.fixture
def sale(engine: Engine, clock: ManualClock) -> Iterator[Sale]:
    """Yield a sale of four lots that has not opened."""
    clock.set(OPENS)
    made = Sale(engine, clock, lots=4)
    with capture_logs():  # to print tracebacks takes seconds from the auctioneer
        yield made
        made.auctioneer.stop(PATIENCE_S)


def told(session: Session) -> list[tuple[int, str, object]]:
    """Return who was told of which lot, and what."""
    found = session.execute(select(NoticeRow.user_id, NoticeRow.facts).where(NoticeRow.what == "lot_stuck"))
    return [(user_id, facts["duty"], facts["number"]) for user_id, facts in found]


def stages(sale: Sale) -> list[Stage]:
    """Return where the lots stand."""
    return [sale.lot(each).stage for each in sale.lots]


def test_of_a_lot_that_cannot_be_opened_organizers_are_told_once_and_the_others_open(sale: Sale, clock: ManualClock) -> None:
    with sale.sessions.begin() as session:
        session.execute(update(LotRow).where(LotRow.id == sale.lots[DAMAGED]).values(start=None))

    sale.begin()
    for _ in range(3):
        sale.nudge()

    assert stages(sale) == [Stage.OPEN, Stage.LISTED, Stage.OPEN, Stage.OPEN]
    with sale.sessions() as session:
        assert told(session) == [(sale.organizer, "opening", 2)]
        assert queries.of_round(session, sale.round_id, now=clock()) == (Stuck(2, Duty.OPENING, OPENS),)


def test_of_a_lot_whose_hammer_cannot_fall_organizers_are_told_once_and_the_others_end(sale: Sale, clock: ManualClock) -> None:
    sale.open()
    with sale.sessions.begin() as session:
        lot_id = sale.lots[DAMAGED]
        session.add(OutcomeRow(lot_id=lot_id, ending=Ending.WITHDRAWN, reason="By mistake.", ended_at=OPENS))

    clock.set(CLOSES)
    for _ in range(3):
        sale.nudge()

    assert stages(sale) == [Stage.ENDED, Stage.OPEN, Stage.ENDED, Stage.ENDED]
    with sale.sessions() as session:
        assert told(session) == [(sale.organizer, "hammer", 2)]
        assert queries.of_round(session, sale.round_id, now=CLOSES) == (Stuck(2, Duty.HAMMER, CLOSES),)


def test_of_a_sale_that_cannot_be_settled_the_organizers_are_told_once(sale: Sale, clock: ManualClock) -> None:
    sale.open()
    for lot in sale.lots:
        sale.bid(101, wan(200), lot=lot)
    sale.auctioneer.stop(PATIENCE_S)
    clock.set(CLOSES)
    with sale.sessions() as session, writing(session):
        hammer.fall(session, sale.lots, now=CLOSES)
        session.execute(update(OutcomeRow).where(OutcomeRow.lot_id == sale.lots[DAMAGED]).values(paddle=999))

    again = sale.restarted()
    for _ in range(3):
        again.nudge().result(PATIENCE_S)

    with sale.sessions() as session:
        assert told(session) == [(sale.organizer, "settling", 2)]
        assert queries.of_round(session, sale.round_id, now=CLOSES) == (Stuck(2, Duty.SETTLING, CLOSES),)


def test_what_went_well_at_last_is_not_shown_any_more(sale: Sale, clock: ManualClock) -> None:
    with sale.sessions.begin() as session:
        session.execute(update(LotRow).where(LotRow.id == sale.lots[DAMAGED]).values(start=None))
    sale.begin()
    sale.nudge()
    with sale.sessions.begin() as session:
        session.execute(update(LotRow).where(LotRow.id == sale.lots[DAMAGED]).values(start=wan(200)))

    sale.nudge()

    assert stages(sale) == [Stage.OPEN] * 4
    with sale.sessions() as session:
        assert queries.of_round(session, sale.round_id, now=clock()) == ()


def test_a_round_that_cannot_be_closed_keeps_no_other_from_closing(sale: Sale, engine: Engine, clock: ManualClock) -> None:
    other = Sale(engine, clock)
    sale.open()
    sale.auctioneer.act(partial(opening.open_round, round_id=other.round_id)).result(PATIENCE_S)
    damaging, mending = CANNOT_CLOSE[engine.dialect.name]
    with sale.sessions.begin() as session:
        session.execute(text(damaging.format(id=sale.round_id)))

    clock.set(CLOSES)
    sale.nudge()

    with sale.sessions() as session:
        phases = session.scalars(select(RoundRow.phase).order_by(RoundRow.id)).all()
    assert phases == [Phase.OPEN, Phase.CLOSED]
    with sale.sessions.begin() as session:
        session.execute(text(mending))

    sale.nudge()

    with sale.sessions() as session:
        assert session.get_one(RoundRow, sale.round_id).phase is Phase.CLOSED
