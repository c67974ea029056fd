"""Somebody outside holds a row that one lot needs, on PostgreSQL: that lot waits, and nothing else does.

Every test here has a second connection that holds a row until the test lets go: none of what is asserted meanwhile can be
answered by it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from techauction.clock import ManualClock
from techauction.core.absence import Gap
from techauction.core.lot import Stage
from techauction.core.record import instant
from techauction.db import writing
from techauction.saleroom.answering import FateUnknown
from techauction.saleroom.auctioneer import Taken
from techauction.services import absence, instructions, pausing
from techauction.store.auction import PaddleRow
from techauction.store.consigning import LotRow
from tests import builders
from tests.builders import CLOSES, wan
from tests.saleroom.conftest import PATIENCE_S, Sale
from tests.saleroom.test_in_time import violations
from tests.saleroom.test_several import answered, engine, hold, kept_back, sale, stranger, together, until, url

__all__ = ["engine", "sale", "url"]
pytestmark = pytest.mark.slow

SECOND = timedelta(seconds=1)
PERIOD = timedelta(seconds=300)


@pytest.fixture
def limits() -> str:
    """Return how long the auctioneer waits for a lock, the first time."""
    return "-c lock_timeout=100ms"


@contextmanager
def held(url: str, lot_id: int) -> Iterator[None]:
    """Hold a lot's row from outside."""
    with stranger(url) as holder:
        hold(holder, lot_id)
        yield
        holder.rollback()


def test_who_holds_one_lot_over_the_close_holds_up_no_other(sale: Sale, url: str, clock: ManualClock) -> None:
    held_lot, other, third = sale.lots[:3]
    for lot in (held_lot, other):
        sale.bid(101, wan(200), lot=lot)
    clock.set(CLOSES - 2 * SECOND)
    sale.nudge()
    with held(url, held_lot), capture_logs() as logs:
        first, other_first = together(sale, (102, wan(210), held_lot), (103, wan(210), other))
        assert isinstance(other_first.result(PATIENCE_S), Taken), "it stood in one group with those of the lot that is held"
        sale.submit(103, wan(220), lot=held_lot)
        behind = sale.submit(101, wan(230), lot=held_lot)
        assert sale.bid(103, wan(200), lot=third).seq == 2
        clock.set(CLOSES)
        sale.nudge()  # here lots fall, and those with a bid in the last moment do not
        clock.set(CLOSES - 2 * SECOND + PERIOD)
        sale.nudge()
        ended = [sale.outcome(lot) is not None for lot in sale.lots]
        assert ended == [False, *[True] * 19], "all other hammers fall while one lot is held over its close"
        assert not first.done()
        assert kept_back(logs) == [held_lot]

    assert first.result(PATIENCE_S).placed_at == CLOSES - 2 * SECOND
    assert behind.result(PATIENCE_S).amount == wan(230)
    bids = [(row.paddle, row.at) for row in sale.bids(held_lot)][1:]
    assert bids == [(paddle, CLOSES - 2 * SECOND) for paddle in (102, 103, 101)], "in the queue's order"
    assert sale.lot(held_lot).closes_at == CLOSES - 2 * SECOND + 2 * PERIOD
    assert sale.outcome(held_lot) is None
    assert violations(sale) == []


def test_what_waits_for_a_held_lot_is_unknown_in_the_end_and_keeps_its_place(sale: Sale, url: str, clock: ManualClock) -> None:
    clock.set(CLOSES - 2 * SECOND)
    with held(url, sale.lots[0]):
        first = sale.submit(101, wan(200))
        clock.set(CLOSES)
        assert isinstance(first.exception(PATIENCE_S), FateUnknown)

    until(lambda: sale.bids() != [])
    assert [(row.paddle, row.at) for row in sale.bids()] == [(101, CLOSES - 2 * SECOND)]
    assert sale.record()[1].data["decided_at"] == instant(CLOSES)
    assert violations(sale) == []


def test_an_instruction_waits_in_its_place_for_the_lot_that_is_held(sale: Sale, url: str, clock: ManualClock) -> None:
    clock.set(CLOSES - 2 * SECOND)
    organisation_id, user_id = sale.bidders[102]
    left = {"lot_id": sale.lots[0], "organisation_id": organisation_id, "user_id": user_id, "ceiling": wan(300)}
    with held(url, sale.lots[0]):
        first = sale.submit(101, wan(200))
        act = sale.auctioneer.act_in_time(partial(instructions.place, **left), sale.lots[0])
        behind = sale.submit(103, wan(210))
        assert sale.bid(101, wan(200), lot=sale.lots[1]).seq == 2
        clock.set(CLOSES + SECOND)
        assert not act.done()

    assert answered([act]) == [None]
    assert first.result(PATIENCE_S).seq == 2
    assert getattr(behind.exception(PATIENCE_S), "code", "") == "too_low"
    assert [(row.paddle, row.amount) for row in sale.bids()] == [(101, wan(200)), (102, wan(210))]
    assert violations(sale) == []


def test_an_organizer_s_act_waits_for_the_lot_that_is_held_and_holds_up_no_other(sale: Sale, url: str) -> None:
    pause = partial(pausing.pause, lot_ids=sale.lots[:1], reason="Why.", by_id=sale.organizer)
    elsewhere = partial(pausing.pause, lot_ids=sale.lots[1:2], reason="Why.", by_id=sale.organizer)
    with held(url, sale.lots[0]):
        waits = sale.auctioneer.act(pause)
        sale.auctioneer.act(elsewhere).result(PATIENCE_S)
        assert sale.bid(101, wan(200), lot=sale.lots[2]).seq == 2
        assert not waits.done()

    waits.result(PATIENCE_S)
    assert sale.lot().stage is Stage.PAUSED


def test_an_absence_is_dealt_with_at_the_other_lots_while_one_is_held(sale: Sale, url: str) -> None:
    late = CLOSES - 60 * SECOND

    def look(session: Session, read_clock: object) -> set[int]:
        del read_clock
        absence.keep(session, Gap(late, late + 20 * SECOND))
        return absence.look(session, now=late + 20 * SECOND)

    with held(url, sale.lots[0]):
        assert sale.auctioneer.act(look).result(PATIENCE_S) == set(sale.lots[1:])
    with sale.sessions() as session, writing(session):
        assert absence.look(session, now=late + 21 * SECOND) == {sale.lots[0]}


@pytest.mark.parametrize("sqlstate", ["23505", "57014", "40001", "22000"])
def test_an_offer_that_the_database_refuses_for_ever_is_unknown_and_holds_up_no_hammer(
    sale: Sale, engine: Engine, clock: ManualClock, sqlstate: str
) -> None:
    poison(engine, wan(210).minor, sqlstate)
    clock.set(CLOSES - PERIOD - SECOND)
    first, poisoned, last = together(
        sale, (101, wan(200), sale.lots[0]), (102, wan(210), sale.lots[0]), (103, wan(220), sale.lots[0])
    )

    assert isinstance(poisoned.exception(PATIENCE_S), FateUnknown)
    assert [each.result(PATIENCE_S).seq for each in (first, last)] == [2, 3]
    assert sale.auctioneer.tickets.count == 0
    clock.set(CLOSES)
    sale.nudge()
    outcome = sale.outcome()
    assert outcome is not None
    assert (outcome.paddle, outcome.price) == (103, wan(220))
    assert violations(sale) == []


def poison(engine: Engine, amount_fen: int, sqlstate: str) -> None:
    """Have the database refuse every bid of an amount."""
    with engine.begin() as connection:
        connection.execute(
            text(
                f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.amount = {amount_fen}"
                f" THEN RAISE EXCEPTION 'no' USING ERRCODE = '{sqlstate}'; END IF; RETURN NEW; END $$"
            )
        )
        connection.execute(text("CREATE TRIGGER refuse BEFORE INSERT ON offers FOR EACH ROW EXECUTE FUNCTION refuse()"))


def test_the_other_hammers_fall_while_somebody_holds_a_deposit_that_one_would_give_back(
    sale: Sale, url: str, clock: ManualClock
) -> None:
    with sale.sessions() as session, writing(session):
        paddle = session.scalars(select(PaddleRow).where(PaddleRow.number == 101)).one()
        for lot_id in sale.lots[:2]:
            builders.a_deposit(session, paddle, session.get_one(LotRow, lot_id), wan(20))
    with stranger(url) as holder, capture_logs():  # to draw the tracebacks of its tries takes seconds
        holder.execute(text("SELECT id FROM deposits WHERE lot_id = :lot FOR UPDATE"), {"lot": sale.lots[0]})
        clock.set(CLOSES)
        sale.auctioneer.nudge()
        until(lambda: [sale.outcome(lot) is not None for lot in sale.lots] == [False, *[True] * 19])
        holder.rollback()

    until(lambda: sale.outcome() is not None)
