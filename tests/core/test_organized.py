"""What organizers did to a lot, played again."""

from datetime import timedelta
from typing import Any

import pytest

from techauction.core import prolonging, voiding
from techauction.core.lot import Bid
from techauction.core.outcome import Ending
from techauction.core.record import Kind, instant
from techauction.core.violation import Fault
from tests.conftest import TEN
from tests.core.test_replay import MINUTE, START, STEP, Sale, a_sale, a_sold_lot, faults, rehashed

TWO: dict[str, Any] = {"asked_by": 1, "approved_by": 2}


def prolonged(sale: Sale, at: Any, by: timedelta = 10 * MINUTE) -> Sale:
    """Give the lot more time."""
    before, sale.lot = sale.lot, prolonging.prolong(sale.lot, by, at)
    sale.put(Kind.PROLONGED, at, reason="The line was down.", **{"from": instant(before.closes_at)}, **TWO)
    return sale


def a_voided_bid() -> Sale:
    """Return a lot with three bids, the highest of which is voided while it stands still; the same price is bid again."""
    sale = a_sale()
    sale.bid(1, START, TEN + MINUTE)
    sale.bid(2, START + STEP, TEN + 2 * MINUTE)
    sale.bid(3, START + STEP.times(2), TEN + 3 * MINUTE)
    sale.pause(TEN + 4 * MINUTE)
    held = voiding.holding((seq, bid) for seq, bid in enumerate(_bids(sale), 2))
    sale.lot, _ = voiding.void_bid(sale.lot, held, 4)
    sale.put(Kind.VOIDED, TEN + 5 * MINUTE, seq=4, reason="The wrong paddle.", **TWO)
    sale.resume(TEN + 6 * MINUTE)
    sale.bid(1, START + STEP.times(2), TEN + 7 * MINUTE)
    return sale


def _bids(sale: Sale) -> list[Bid]:
    return [Bid(event.paddle or 0, event.amount or START, event.at) for event, _, _ in sale.entries if event.kind is Kind.BID]


def test_a_voided_bid_replays_to_what_is_left() -> None:
    sale = a_voided_bid()

    after = sale.replay()

    assert after.violations == ()
    assert after.lot == sale.lot
    assert (after.run, after.bids) == (1, 3)
    assert after.lot is not None
    assert after.lot.bidders == frozenset({1, 2})


@pytest.mark.parametrize(
    ("place", "data", "fault"),
    [
        (5, {"seq": 7, "reason": "Why.", **TWO}, Fault.UNLAWFUL),
        (5, {"seq": 1, "reason": "Why.", **TWO}, Fault.UNLAWFUL),
        (5, {"seq": 4, "reason": "Why.", "asked_by": 1, "approved_by": 1}, Fault.UNLAWFUL),
        (5, {"seq": 4, "reason": "Why.", "asked_by": 1}, Fault.UNREADABLE),
        (5, {"seq": 4, **TWO}, Fault.UNREADABLE),
        (5, {"seq": "4", "reason": "Why.", **TWO}, Fault.UNREADABLE),
    ],
)
def test_a_void_that_could_not_have_happened_is_found(place: int, data: dict[str, Any], fault: Fault) -> None:
    assert fault in faults(rehashed(a_voided_bid().entries, place, data=data))


@pytest.mark.parametrize(("paddle", "amount", "found"), [(3, 2, False), (2, 2, True), (3, 3, True)])
def test_a_void_that_names_another_bid_is_found(paddle: int, amount: int, *, found: bool) -> None:
    named = {"bid_paddle": paddle, "bid_fen": (START + STEP.times(amount)).minor}
    data = {"seq": 4, "reason": "The wrong paddle.", **named, **TWO}

    assert (Fault.UNLAWFUL in faults(rehashed(a_voided_bid().entries, 5, data=data))) is found


def test_a_void_while_the_lot_is_open_is_found() -> None:
    sale = a_sale()
    sale.bid(1, START, TEN + MINUTE)

    sale.put(Kind.VOIDED, TEN + 2 * MINUTE, seq=2, reason="Why.", **TWO)

    assert faults(sale.entries) == {Fault.UNLAWFUL}


def test_a_lot_that_was_prolonged_closes_later() -> None:
    sale = prolonged(a_sale(), TEN + 59 * MINUTE)
    sale.bid(1, START, TEN + 62 * MINUTE)
    sale.fall(TEN + 70 * MINUTE)

    after = sale.replay()

    assert after.violations == ()
    assert after.lot == sale.lot


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"closes_at": TEN + 50 * MINUTE}, Fault.WRONG_CLOSE),
        ({"closes_at": TEN + 600 * 60 * MINUTE}, Fault.WRONG_CLOSE),
        ({"at": TEN + 61 * MINUTE}, Fault.OFF_TIME),
        ({"data": {"from": instant(TEN), "reason": "Why.", **TWO}}, Fault.WRONG_CLOSE),
        ({"data": {"from": instant(TEN + 60 * MINUTE), "reason": "Why.", "asked_by": 2, "approved_by": 2}}, Fault.UNLAWFUL),
        ({"data": {"from": instant(TEN + 60 * MINUTE), **TWO}}, Fault.UNREADABLE),
    ],
)
def test_more_time_than_could_be_given_is_found(changes: dict[str, Any], fault: Fault) -> None:
    assert fault in faults(rehashed(prolonged(a_sale(), TEN + 59 * MINUTE).entries, 1, **changes))


def test_an_open_lot_is_called_off_by_two() -> None:
    sale = a_sale()
    sale.bid(1, START, TEN + MINUTE)
    sale.pause(TEN + 2 * MINUTE)
    sale.put(Kind.WITHDRAWN, TEN + 3 * MINUTE, reason="The hall burns.", **TWO)

    after = sale.replay()

    assert after.violations == ()
    assert after.ended is not None
    assert (after.ended.ending, after.ended.reason, after.stopped_at) == (Ending.WITHDRAWN, "The hall burns.", None)
    assert Fault.OFF_TIME in faults(rehashed(sale.entries, 3, data={"reason": "Alone."}))
    assert Fault.UNLAWFUL in faults(rehashed(sale.entries, 3, data={"reason": "Alone.", "asked_by": 1, "approved_by": 1}))


@pytest.mark.parametrize("late", [False, True])
def test_a_sale_that_was_voided_is_remembered(late: bool) -> None:
    sale = a_sold_lot()
    head = sale.entries[-1][2]
    sale.put(
        Kind.VOIDED, TEN + 80 * MINUTE, reason="The buyer is the seller.", **TWO, **({"after_close": True} if late else {})
    )

    after = sale.replay()

    assert after.violations == ()
    assert after.ended is not None
    assert (after.ended.ending, after.ended.paddle, after.ended.price) == (Ending.VOID, None, None)
    assert after.ended.voided is not None
    assert (after.ended.voided.ending, after.ended.voided.paddle, after.ended.at) == (Ending.SOLD, 1, TEN + 63 * MINUTE)
    assert after.head_at_close == (head if late else None)


def test_an_outcome_is_voided_once_and_only_of_a_sale() -> None:
    sale = a_sold_lot()
    passed_in = a_sale()
    passed_in.fall(TEN + 60 * MINUTE)
    for each in (sale, sale, passed_in):
        each.put(Kind.VOIDED, TEN + 80 * MINUTE, reason="Why.", **TWO)

    assert faults(sale.entries[:-1]) == set()
    assert faults(sale.entries) == {Fault.UNLAWFUL}
    assert faults(passed_in.entries) == {Fault.UNLAWFUL}


def test_a_bid_is_not_voided_after_the_hammer() -> None:
    sale = a_sold_lot()

    sale.put(Kind.VOIDED, TEN + 80 * MINUTE, seq=2, reason="Why.", **TWO)

    assert faults(sale.entries) == {Fault.UNLAWFUL}
