import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import sessionmaker

from techauction.clock import ManualClock
from techauction.core.ascending import OwnBidStands
from techauction.core.bidding import KeyReused, LotClosed, LotPaused, NoSuchLot, PaddleVoided
from techauction.core.lot import Stage
from techauction.core.money import Money
from techauction.core.offer import BidTooLow
from techauction.core.outcome import Ending, PassedInFor
from techauction.core.record import GENESIS, Kind
from techauction.core.refusal import Refusal
from techauction.core.round import Phase
from techauction.db import writing
from techauction.reports.record_of_sale import verify_round
from techauction.saleroom.auctioneer import Auctioneer, QueueFull
from techauction.services import absence, pausing
from techauction.store.aftersale import CaseRow
from techauction.store.auction import OfferRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.money import SettlementRow
from tests.builders import CLOSES, OPENS, a_reserve, wan
from tests.conftest import TEN
from tests.saleroom.conftest import HOUR, PATIENCE_S, Sale

MICROSECOND = timedelta(microseconds=1)


def test_a_bid_is_on_the_record_when_it_is_answered(sale: Sale) -> None:
    taken = sale.bid(101, wan(200))

    last = sale.record()[-1]
    assert (last.seq, last.paddle, last.amount, last.at, last.hash) == (taken.seq, 101, wan(200), OPENS, taken.hash)
    assert sale.lot().head_hash == taken.hash


def test_the_record_has_no_gap_and_each_row_carries_the_hash_before(sale: Sale) -> None:
    for step in range(5):
        sale.bid(101 + step % 2, wan(200 + 10 * step))

    rows = sale.record()
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert [row.prev_hash for row in rows] == [GENESIS, *(row.hash for row in rows[:-1])]


def test_of_200_threads_offering_the_same_amount_the_first_in_the_queue_is_taken(engine: Engine, clock: ManualClock) -> None:
    clock.set(OPENS)
    sale = Sale(engine, clock, bidders=200)
    sale.open()
    order: list[int] = []
    gate, lock = threading.Barrier(200), threading.Lock()

    def offer(paddle: int) -> bool:
        gate.wait()
        with lock:  # the queue's order is the order in which offers enter it
            order.append(paddle)
            future = sale.submit(paddle, wan(200))
        try:
            future.result(PATIENCE_S)
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(200) as threads:
        taken = dict(zip(sale.bidders, threads.map(offer, sale.bidders), strict=True))
    sale.auctioneer.stop()

    assert [paddle for paddle, was in taken.items() if was] == [order[0]]
    assert [row.paddle for row in sale.bids()] == [order[0]]


@pytest.mark.slow
def test_64_clients_on_one_lot_neither_freeze_nor_take_a_price_twice(engine: Engine, clock: ManualClock) -> None:
    clock.set(OPENS)
    sale = Sale(engine, clock, bidders=64, max_steps=10)
    sale.open()
    together = threading.Barrier(64)
    answered: list[tuple[int, Money]] = []

    def client(paddle: int) -> None:
        price = wan(200)
        together.wait(PATIENCE_S)
        end = time.monotonic() + 6 * PATIENCE_S
        while len(answered) < 150:
            assert time.monotonic() < end
            try:
                taken = sale.bid(paddle, price)
            except OwnBidStands:
                price += wan(10)
            except BidTooLow as refusal:
                least = refusal.facts["least"]
                assert isinstance(least, Money)
                price = least
            except Refusal:
                price = price + wan(10)
            else:
                answered.append((taken.seq, taken.amount))

    with ThreadPoolExecutor(64) as threads:
        list(threads.map(client, sale.bidders))
    sale.auctioneer.stop()

    bids = sale.bids()
    assert len({row.amount for row in bids}) == len(bids) >= 150
    assert [row.amount for row in bids] == sorted(row.amount for row in bids if row.amount is not None)
    assert sorted(answered) == [(row.seq, row.amount) for row in bids]


def test_an_offer_at_the_closing_instant_is_late_and_one_microsecond_before_it_is_not(sale: Sale, clock: ManualClock) -> None:
    clock.set(CLOSES - MICROSECOND)
    taken = sale.bid(101, wan(200))

    clock.set(taken.closes_at)
    with pytest.raises(LotClosed):
        sale.bid(102, wan(210))

    assert [row.paddle for row in sale.bids()] == [101]


def test_a_lot_past_its_close_takes_no_bid_even_if_nothing_ticked_for_three_hours(sale: Sale, clock: ManualClock) -> None:
    sale.bid(101, wan(200))

    clock.set(CLOSES + 3 * HOUR)
    with pytest.raises(LotClosed):
        sale.bid(102, wan(210))
    sale.nudge()

    outcome = sale.outcome()
    assert outcome is not None
    assert (outcome.ending, outcome.paddle, outcome.price) == (Ending.SOLD, 101, wan(200))


def test_a_late_bid_moves_the_close_and_the_record_says_so(sale: Sale, clock: ManualClock) -> None:
    clock.set(CLOSES - timedelta(seconds=100))

    taken = sale.bid(101, wan(200))

    assert taken.closes_at == CLOSES + timedelta(seconds=200)
    assert [row.kind for row in sale.record()] == [Kind.OPENED, Kind.BID, Kind.EXTENDED]


def test_the_automatic_close_honours_the_reserve(engine: Engine, clock: ManualClock) -> None:
    clock.set(TEN)
    sale = Sale(engine, clock, lots=2)
    with sale.sessions.begin() as session:
        for lot_id, reserve in zip(sale.lots, (wan(210), wan(211)), strict=True):
            a_reserve(session, session.get_one(LotRow, lot_id), reserve)
            session.get_one(LotRow, lot_id).reserve_announced = True
    clock.set(OPENS)
    sale.open()
    for lot in sale.lots:
        sale.bid(101, wan(210), lot=lot)

    clock.set(CLOSES)
    sale.nudge()
    sale.auctioneer.stop()

    met, missed = (sale.outcome(lot) for lot in sale.lots)
    assert met is not None
    assert met.ending is Ending.SOLD
    assert missed is not None
    assert (missed.ending, missed.reason, missed.price) == (Ending.PASSED_IN, PassedInFor.RESERVE_NOT_MET.value, None)
    assert "reserve_fen" not in sale.record(sale.lots[1])[-1].data


def test_the_hammer_settles_hands_off_and_closes_the_round(sale: Sale, clock: ManualClock) -> None:
    sale.bid(102, wan(220))

    clock.set(CLOSES)
    sale.nudge()
    sale.nudge()

    with sale.sessions() as session:
        settlement = session.get_one(SettlementRow, sale.lots[0])
        round_ = session.get_one(RoundRow, sale.round_id)
        assert settlement.hammer_price == wan(220)
        assert session.get(CaseRow, sale.lots[0]) is not None
        assert (round_.phase, round_.closed_at) == (Phase.CLOSED, CLOSES)
        assert round_.digest


def test_the_same_key_again_gets_the_first_answer(sale: Sale) -> None:
    first = sale.bid(101, wan(200), key="a-key-of-101")
    sale.bid(102, wan(210))

    again = sale.bid(101, wan(200), key="a-key-of-101")

    assert again == first
    assert len(sale.bids()) == 2


def test_the_same_key_twice_in_one_group_is_one_bid(sale: Sale) -> None:
    with sale.sessions() as session, writing(session):  # the auctioneer waits, so both stand in one group
        session.connection().exec_driver_sql(f"UPDATE lots SET bids = bids WHERE id = {sale.lots[0]}")
        asked = sale.asked(101, wan(200), key="double-submit")
        futures = [sale.auctioneer.submit(asked) for _ in range(3)]

    assert len({future.result(PATIENCE_S) for future in futures}) == 1
    assert len(sale.bids()) == 1


def test_a_refusal_is_repeated_too(sale: Sale) -> None:
    sale.bid(101, wan(250))
    with pytest.raises(BidTooLow) as first:
        sale.bid(102, wan(220), key="a-key-of-102")
    with pytest.raises(BidTooLow) as again:
        sale.bid(102, wan(220), key="a-key-of-102")

    assert again.value.facts == first.value.facts


def test_the_same_key_with_another_body_is_refused(sale: Sale) -> None:
    sale.bid(101, wan(200), key="a-key-of-101")

    with pytest.raises(KeyReused):
        sale.bid(101, wan(220), key="a-key-of-101")


def test_two_bidders_may_use_the_same_key(sale: Sale) -> None:
    sale.bid(101, wan(200), key="everybodys-key")

    assert sale.bid(102, wan(210), key="everybodys-key").paddle == 102


def test_an_unknown_lot_is_refused_and_leaves_no_trace(sale: Sale) -> None:
    with pytest.raises(NoSuchLot):
        sale.bid(101, wan(200), lot=999_999)

    with sale.sessions() as session:
        assert session.scalars(select(OfferRow)).all() == []


def test_a_voided_paddle_is_refused_at_its_next_offer(sale: Sale) -> None:
    sale.bid(101, wan(200))
    sale.void_paddle(102)

    with pytest.raises(PaddleVoided):
        sale.bid(102, wan(210))


def test_a_pause_stops_bids_and_a_resume_gives_a_full_period(sale: Sale, clock: ManualClock) -> None:
    clock.set(CLOSES - timedelta(seconds=19))
    sale.auctioneer.act(partial(pausing.pause, lot_ids=sale.lots, reason="fire alarm", by_id=sale.bidders[101][1])).result(
        PATIENCE_S
    )
    with pytest.raises(LotPaused):
        sale.bid(101, wan(200))

    clock.set(CLOSES + HOUR)
    sale.nudge()
    assert sale.outcome() is None

    sale.auctioneer.act(partial(pausing.resume, lot_ids=sale.lots, reason="false alarm", by_id=sale.bidders[101][1])).result(
        PATIENCE_S
    )
    assert sale.lot().closes_at == CLOSES + HOUR + timedelta(seconds=300)
    assert sale.bid(101, wan(200)).seq == 4


def test_an_act_that_fails_changes_nothing_and_the_sale_goes_on(sale: Sale) -> None:
    with pytest.raises(pausing.ReasonMissing):
        sale.auctioneer.act(partial(pausing.pause, lot_ids=sale.lots, reason=" ", by_id=1)).result(PATIENCE_S)

    assert sale.lot().stage is Stage.OPEN
    assert sale.bid(101, wan(200)).seq == 2


def test_a_process_that_was_away_across_a_close_leaves_the_lot_interrupted(engine: Engine, clock: ManualClock) -> None:
    clock.set(OPENS)
    sale = Sale(engine, clock)
    sale.open()
    sale.bid(101, wan(200))
    clock.set(CLOSES - timedelta(seconds=60))
    sale.auctioneer.stop()

    clock.set(CLOSES + timedelta(seconds=60))
    second = Auctioneer(sale.sessions, clock)
    second.start()
    second.nudge().result(PATIENCE_S)

    assert sale.lot().stage is Stage.INTERRUPTED
    assert sale.outcome() is None
    second.act(partial(pausing.resume, lot_ids=sale.lots, reason="back again", by_id=sale.bidders[101][1])).result(PATIENCE_S)
    assert sale.lot().closes_at == clock() + timedelta(seconds=300)
    second.stop()


@pytest.mark.parametrize(
    ("away", "back", "becomes"),
    [
        (-20, -10.001, Kind.HAMMERED),
        (-20, -10, Kind.INTERRUPTED),
        (-10, 0, Kind.INTERRUPTED),
        (-9, -1, Kind.HAMMERED),
        (-9, 0, Kind.PROLONGED),
        (-0.5, 0.5, Kind.PROLONGED),
        (-0.5, 0.499, Kind.HAMMERED),
        (0, 5, Kind.HAMMERED),
        (-400, -300, Kind.HAMMERED),
        (-400, -299, Kind.INTERRUPTED),
    ],
)
def test_what_an_absence_does_to_a_lot_that_was_to_close(
    engine: Engine, clock: ManualClock, away: float, back: float, becomes: Kind
) -> None:
    clock.set(OPENS)
    sale = Sale(engine, clock, gap_s=10)
    sale.open()
    clock.set(CLOSES + timedelta(seconds=away))
    sale.auctioneer.stop()

    clock.set(CLOSES + timedelta(seconds=back))
    second = Auctioneer(sale.sessions, clock)
    second.start()
    clock.set(max(CLOSES, clock()))
    second.nudge().result(PATIENCE_S)
    second.stop()

    last = sale.record()[-1]
    assert last.kind is becomes
    if becomes is Kind.PROLONGED:
        assert last.closes_at == sale.lot().closes_at == sale.lot().scheduled_closes_at == clock() + timedelta(seconds=300)
        assert (last.data["cause"], last.data["reason"]) == ("absence", absence.AT_CLOSE)
    with sale.sessions() as session:
        assert verify_round(session, sale.slug) == []


def test_a_full_queue_refuses_at_the_door(engine: Engine, clock: ManualClock) -> None:
    clock.set(OPENS)
    sale = Sale(engine, clock)
    idle = Auctioneer(sessionmaker(engine), clock, places=2)
    idle.submit(sale.asked(101, wan(200)))
    idle.submit(sale.asked(102, wan(210)))

    with pytest.raises(QueueFull):
        idle.submit(sale.asked(103, wan(220)))


def test_bidders_acts_are_bounded_and_organizers_are_not(engine: Engine, clock: ManualClock) -> None:
    clock.set(OPENS)
    sale = Sale(engine, clock)
    auctioneer = Auctioneer(sessionmaker(engine), clock, bidders_acts=2)
    act = partial(pausing.pause, lot_ids=[], reason="Why.", by_id=sale.organizer)
    done = [auctioneer.act_of_bidder(act), auctioneer.act_of_bidder(act)]

    with pytest.raises(QueueFull):
        auctioneer.act_of_bidder(act)
    done.append(auctioneer.act(act))

    auctioneer.start()
    for each in done:
        each.exception(PATIENCE_S)
    assert auctioneer.act_of_bidder(act).exception(PATIENCE_S) is None
    auctioneer.stop()


def test_a_full_queue_takes_no_bidders_act_either(engine: Engine, clock: ManualClock) -> None:
    clock.set(OPENS)
    sale = Sale(engine, clock)
    idle = Auctioneer(sessionmaker(engine), clock, places=1)
    idle.submit(sale.asked(101, wan(200)))

    with pytest.raises(QueueFull):
        idle.act_of_bidder(partial(pausing.pause, lot_ids=[], reason="Why.", by_id=sale.organizer))
    assert idle.act(partial(pausing.pause, lot_ids=[], reason="Why.", by_id=sale.organizer)) is not None


def test_what_was_queued_before_the_stop_is_decided(sale: Sale) -> None:
    futures = [sale.submit(101 + step % 2, wan(200 + 10 * step)) for step in range(20)]

    sale.auctioneer.stop()

    assert all(future.done() for future in futures)
    assert len(sale.bids()) == 20
