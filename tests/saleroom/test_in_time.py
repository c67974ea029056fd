"""Who was here before the close is in time, however slow the house is."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import Any

from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from techauction.clock import ManualClock, SystemClock
from techauction.core.bidding import LotClosed, LotNotOpen, LotPaused, ReceivedInTime
from techauction.core.lot import Format, Stage
from techauction.core.outcome import Ending
from techauction.core.record import instant
from techauction.db import writing
from techauction.queries import unheard
from techauction.reports.record_of_sale import verify_round
from techauction.saleroom.answering import FateUnknown
from techauction.saleroom.tickets import Ticket
from techauction.services import instructions, keys, opening, pausing
from techauction.store.auction import OfferRow
from techauction.store.consigning import LotRow
from tests.builders import CLOSES, OPENS, wan
from tests.saleroom.conftest import PATIENCE_S, Sale
from tests.saleroom.test_several import until

SECOND = timedelta(seconds=1)
PERIOD = timedelta(seconds=300)


@contextmanager
def held(sale: Sale) -> Iterator[None]:
    """Hold what the auctioneer needs, from outside the process: SQLite's one write lock, or the lot's row."""
    with sale.sessions() as session:
        engine = session.get_bind().engine
    with engine.connect() as connection:
        connection.detach()  # its patience is its own
        patient = "PRAGMA busy_timeout = 20000" if engine.dialect.name == "sqlite" else "SET lock_timeout = '20s'"
        connection.exec_driver_sql(patient)
        connection.exec_driver_sql(f"UPDATE lots SET bids = bids WHERE id = {sale.lots[0]}")
        yield
        connection.rollback()


@contextmanager
def busy(sale: Sale) -> Iterator[None]:
    """Keep the auctioneer at something else."""
    begun, done = Event(), Event()

    def act(_session: Session, read_clock: Callable[[], datetime]) -> datetime:
        begun.set()
        done.wait(PATIENCE_S)
        return read_clock()

    sale.auctioneer.act(act)
    assert begun.wait(PATIENCE_S)
    yield
    done.set()


def code(future: "Future[Any]") -> str:
    """Return the code of the refusal that answered."""
    refusal = future.exception(PATIENCE_S)
    assert refusal is not None
    return str(getattr(refusal, "code", refusal))


def arrived(sale: Sale, lot: int | None = None) -> Ticket:
    """Return the ticket of an offer that was just read, and is not queued yet."""
    return sale.auctioneer.tickets.issue(sale.lots[0] if lot is None else lot)


def offers(sale: Sale) -> list[OfferRow]:
    with sale.sessions() as session:
        return list(session.scalars(select(OfferRow).order_by(OfferRow.id)))


def violations(sale: Sale) -> list[str]:
    """Return what is wrong with the record when the sale is over."""
    sale.auctioneer.stop(PATIENCE_S)
    with sale.sessions() as session:
        return [str(each) for each in verify_round(session, sale.slug)]


def test_an_offer_that_waited_for_the_lock_over_the_close_stands_and_no_rival_buys_for_less(
    sale: Sale, clock: ManualClock
) -> None:
    sale.bid(101, wan(200))
    clock.set(CLOSES - 2 * SECOND)
    sale.nudge()  # the pulse has beaten at this time: nothing but the offer makes the auctioneer ask for the lock
    with held(sale):
        waiting = sale.submit(102, wan(210))
        until(lambda: sale.auctioneer.waiting == 0)
        clock.set(CLOSES + 5 * SECOND)

    taken = waiting.result(PATIENCE_S)
    assert (taken.placed_at, taken.closes_at) == (CLOSES - 2 * SECOND, CLOSES + 5 * SECOND + PERIOD)
    assert sale.record()[2].data == {"confirmed": False, "decided_at": instant(CLOSES + 5 * SECOND)}
    sale.nudge()
    assert sale.outcome() is None, "everybody has a period to answer a bid that nobody could see"
    clock.set(taken.closes_at)
    sale.nudge()
    outcome = sale.outcome()
    assert outcome is not None
    assert (outcome.ending, outcome.paddle, outcome.price) == (Ending.SOLD, 102, wan(210))
    assert violations(sale) == []


def test_a_bid_decided_before_the_close_extends_from_when_it_was_here(sale: Sale, clock: ManualClock) -> None:
    clock.set(CLOSES - 100 * SECOND)
    ticket = arrived(sale)
    clock.set(CLOSES - 10 * SECOND)

    taken = sale.auctioneer.submit(sale.asked(101, wan(200)), ticket).result(PATIENCE_S)

    assert (taken.placed_at, taken.closes_at) == (CLOSES - 100 * SECOND, CLOSES + 200 * SECOND)
    assert "decided_at" not in sale.record()[1].data
    assert violations(sale) == []


def test_the_order_is_the_queues_and_no_event_stands_before_the_one_it_follows(sale: Sale, clock: ManualClock) -> None:
    first = arrived(sale)
    clock.advance(SECOND)
    second = sale.bid(102, wan(200))

    taken = sale.auctioneer.submit(sale.asked(101, wan(210)), first).result(PATIENCE_S)

    assert (taken.seq, taken.placed_at) == (second.seq + 1, second.placed_at)
    assert violations(sale) == []


def test_the_hammer_waits_for_an_offer_that_was_here_and_is_not_queued_yet(sale: Sale, clock: ManualClock) -> None:
    sale.bid(101, wan(200))
    clock.set(CLOSES - SECOND)
    ticket = arrived(sale)
    clock.set(CLOSES)
    sale.nudge()
    assert sale.outcome() is None

    taken = sale.auctioneer.submit(sale.asked(102, wan(210)), ticket).result(PATIENCE_S)

    assert (taken.paddle, taken.closes_at) == (102, CLOSES + PERIOD)


def test_the_hammer_waits_for_more_offers_than_one_turn_takes(engine: Engine, clock: ManualClock) -> None:
    clock.set(OPENS)
    sale = Sale(engine, clock, extension_cap_s=0)
    with sale.sessions() as session, writing(session):
        opening.open_round(session, round_id=sale.round_id, read_clock=clock)
    clock.set(CLOSES - SECOND)
    futures = [sale.submit(101 + step % 2, wan(200 + 10 * step)) for step in range(300)]
    clock.set(CLOSES)

    sale.auctioneer.start()
    last = futures[-1].result(PATIENCE_S)
    sale.nudge()
    sale.auctioneer.stop()

    outcome = sale.outcome()
    assert outcome is not None
    assert (outcome.price, last.amount, last.closes_at) == (wan(3190), wan(3190), CLOSES)
    assert violations(sale) == []


def test_who_comes_at_the_close_is_answered_after_the_hammer(sale: Sale, clock: ManualClock) -> None:
    clock.set(CLOSES - SECOND)
    ticket = arrived(sale)
    clock.set(CLOSES)
    late = sale.submit(101, wan(200))
    sale.nudge()
    assert not late.done()

    sale.auctioneer.tickets.leave(ticket)

    assert code(late) == "closed"
    assert sale.lot().stage is Stage.ENDED
    assert violations(sale) == []


def test_who_comes_at_the_close_bids_if_it_was_extended_meanwhile(sale: Sale, clock: ManualClock) -> None:
    clock.set(CLOSES - SECOND)
    ticket = arrived(sale)
    clock.set(CLOSES)
    late = sale.submit(101, wan(210))
    sale.nudge()

    in_time = sale.auctioneer.submit(sale.asked(102, wan(200)), ticket).result(PATIENCE_S)

    assert (late.result(PATIENCE_S).seq, late.result(PATIENCE_S).placed_at) == (in_time.seq + 2, CLOSES)
    assert violations(sale) == []


def test_an_offer_in_time_that_meets_a_fallen_hammer_is_kept_and_said(sale: Sale, clock: ManualClock) -> None:
    clock.set(CLOSES - SECOND)
    forgotten = arrived(sale)
    sale.auctioneer.tickets.leave(forgotten)  # as its three seconds would end it
    clock.set(CLOSES)
    sale.nudge()
    assert sale.outcome() is not None

    answer = sale.auctioneer.submit(sale.asked(101, wan(200), key="a-key-of-101"), forgotten).exception(PATIENCE_S)

    assert isinstance(answer, ReceivedInTime)
    [row] = offers(sale)
    assert (row.code, row.received_at, row.decided_at, row.amount) == (
        "received_in_time",
        CLOSES - SECOND,
        CLOSES,
        wan(200),
    )
    again = code(sale.submit(101, wan(200), key="a-key-of-101"))
    assert again == "received_in_time"
    assert code(sale.submit(102, wan(200))) == "closed"
    assert violations(sale) == []


def test_of_a_sealed_offer_that_meets_a_fallen_hammer_no_sum_is_kept(engine: Engine, clock: ManualClock) -> None:
    clock.set(OPENS)
    sale = Sale(engine, clock)
    with sale.sessions.begin() as session:
        session.get_one(LotRow, sale.lots[0]).format = Format.SEALED
    sale.open()
    clock.set(CLOSES - SECOND)
    forgotten = arrived(sale)
    sale.auctioneer.tickets.leave(forgotten)
    clock.set(CLOSES)
    sale.nudge()

    answered = code(sale.auctioneer.submit(sale.asked(101, wan(200)), forgotten))
    sale.auctioneer.stop()

    assert answered == "received_in_time"
    [row] = offers(sale)
    assert (row.code, row.amount) == ("received_in_time", None)


def test_the_stage_is_that_of_the_offers_turn(sale: Sale, clock: ManualClock) -> None:
    before = arrived(sale)
    sale.auctioneer.tickets.leave(before)
    clock.advance(SECOND)
    sale.auctioneer.act(partial(pausing.pause, lot_ids=sale.lots, reason="Why.", by_id=sale.organizer)).result(PATIENCE_S)

    assert code(sale.auctioneer.submit(sale.asked(101, wan(200)), before)) == LotPaused.code


def test_an_offer_of_before_the_opening_is_not_open_though_the_lot_has_opened(engine: Engine, clock: ManualClock) -> None:
    clock.set(OPENS - SECOND)
    sale = Sale(engine, clock)
    before = arrived(sale)
    clock.set(OPENS)
    sale.open()

    answered = code(sale.auctioneer.submit(sale.asked(101, wan(200)), before))
    sale.auctioneer.stop()

    assert answered == LotNotOpen.code
    assert violations(sale) == []


def test_a_stamp_of_before_the_clock_was_set_counts_as_now(sale: Sale, clock: ManualClock) -> None:
    before = arrived(sale)
    sale.auctioneer.tickets.set_right(lambda: None)
    clock.set(CLOSES)

    sale.nudge()
    assert sale.outcome() is not None, "nobody waits for it"
    assert code(sale.auctioneer.submit(sale.asked(101, wan(200)), before)) == LotClosed.code


def place(sale: Sale, paddle: int, wan_: int) -> Callable[..., None]:
    """Return the act that leaves an instruction."""
    organisation_id, user_id = sale.bidders[paddle]
    return partial(instructions.place, lot_id=sale.lots[0], organisation_id=organisation_id, user_id=user_id, ceiling=wan(wan_))


def test_an_instruction_goes_by_when_it_was_here(sale: Sale, clock: ManualClock) -> None:
    clock.set(CLOSES - 2 * SECOND)
    with busy(sale):
        left = sale.auctioneer.act_in_time(place(sale, 101, 300), sale.lots[0])
        clock.set(CLOSES + SECOND)

    left.result(PATIENCE_S)

    [bid] = sale.bids()
    assert (bid.paddle, bid.at, sale.lot().closes_at) == (101, CLOSES - 2 * SECOND, CLOSES + SECOND + PERIOD)
    assert violations(sale) == []


def test_a_late_instruction_is_answered_after_the_hammer(sale: Sale, clock: ManualClock) -> None:
    clock.set(CLOSES - SECOND)
    ticket = arrived(sale)
    clock.set(CLOSES)
    left = sale.auctioneer.act_in_time(place(sale, 101, 300), sale.lots[0])
    sale.nudge()
    assert not left.done()

    sale.auctioneer.tickets.leave(ticket)

    assert code(left) == "closed"


def test_a_bid_of_an_instruction_stands_with_the_bid_that_called_for_it(sale: Sale, clock: ManualClock) -> None:
    sale.auctioneer.act_in_time(place(sale, 101, 300), sale.lots[0]).result(PATIENCE_S)
    clock.set(CLOSES - 2 * SECOND)
    ticket = arrived(sale)
    clock.set(CLOSES + SECOND)

    sale.auctioneer.submit(sale.asked(102, wan(210)), ticket).result(PATIENCE_S)

    assert [(row.paddle, row.at) for row in sale.bids()][1:] == [(102, CLOSES - 2 * SECOND), (101, CLOSES - 2 * SECOND)]
    assert sale.lot().closes_at == CLOSES + SECOND + PERIOD
    assert violations(sale) == []


def impatient(engine: Engine) -> Engine:
    """Have the engine's connections wait but a moment for a lock."""

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        if engine.dialect.name == "sqlite":
            connection.execute("PRAGMA busy_timeout = 20")
        else:
            connection.execute("SET lock_timeout = '20ms'")
            connection.commit()

    engine.dispose()
    return engine


def test_what_the_database_refused_stays_first_in_the_queue(engine: Engine, clock: ManualClock) -> None:
    clock.set(OPENS)
    sale = Sale(impatient(engine), clock)
    sale.open()
    clock.set(CLOSES - 2 * SECOND)
    sale.nudge()
    with held(sale):
        refused = sale.submit(101, wan(200), key="a-key-of-101")
        assert isinstance(refused.exception(PATIENCE_S), FateUnknown)
        behind = sale.submit(102, wan(200))
        clock.set(CLOSES + SECOND)

    assert code(behind) == "start_only_first", "it was not before the one that the database refused"
    with sale.sessions() as session:
        organisation_id, _ = sale.bidders[101]
        known = keys.look_up(session, lot_id=sale.lots[0], organisation_id=organisation_id, key="a-key-of-101")
    assert known is not None
    assert known.placed_at == CLOSES - 2 * SECOND  # type: ignore[union-attr]
    sale.auctioneer.stop()
    assert violations(sale) == []


def test_what_the_database_refuses_until_the_end_is_unknown(engine: Engine, clock: ManualClock) -> None:
    clock.set(OPENS)
    sale = Sale(impatient(engine), clock)
    sale.open()
    with held(sale):
        refused = sale.submit(101, wan(200))
        assert isinstance(refused.exception(PATIENCE_S), FateUnknown)
        behind = sale.submit(102, wan(210))
        sale.auctioneer.stop()

    assert isinstance(behind.exception(PATIENCE_S), FateUnknown)
    assert sale.bids() == []


def test_by_the_real_clock_the_lock_held_over_a_close_costs_nobody_the_lot(engine: Engine) -> None:
    clock = SystemClock()
    now = clock()
    closes_at = now + 2 * SECOND
    sale = Sale(
        engine, clock, opens_at=now - SECOND, closes_at=closes_at, extension_trigger_s=1, extension_length_s=1, gap_s=10
    )
    sale.open()
    sale.bid(101, wan(200))
    with held(sale):
        waiting = sale.submit(102, wan(210))
        in_time = clock() < closes_at
        until(lambda: clock() > closes_at + SECOND / 2)
    taken = waiting.result(PATIENCE_S)
    until(lambda: sale.outcome() is not None)
    sale.auctioneer.stop()

    outcome = sale.outcome()
    assert in_time
    assert taken.placed_at < closes_at < taken.closes_at
    assert outcome is not None
    assert (outcome.paddle, outcome.price) == (102, wan(210))
    assert violations(sale) == []


def test_what_met_a_fallen_hammer_is_shown_to_its_bidder_and_at_the_desk_and_to_nobody_else(
    sale: Sale, clock: ManualClock
) -> None:
    clock.set(CLOSES - SECOND)
    forgotten = arrived(sale)
    sale.auctioneer.tickets.leave(forgotten)
    clock.set(CLOSES)
    sale.nudge()
    assert code(sale.auctioneer.submit(sale.asked(101, wan(200)), forgotten)) == "received_in_time"
    assert code(sale.submit(102, wan(200))) == "closed"

    with sale.sessions() as session:
        at_desk = unheard.of_round(session, sale.round_id)
        told = {
            paddle: unheard.of_bidder(session, lot_id=sale.lots[0], organisation_id=organisation_id)
            for paddle, (organisation_id, _) in sale.bidders.items()
        }

    assert [(each.number, each.paddle, each.amount, each.received_at) for each in at_desk] == [
        (1, 101, wan(200), CLOSES - SECOND)
    ]
    assert {paddle: [each.code for each in its] for paddle, its in told.items()} == {
        101: ["received_in_time"],
        102: [],
        103: [],
    }
