"""Stamps and tickets: what was here before a close is known to whoever asks after it."""

from datetime import datetime, timedelta
from threading import Barrier, Event, Thread
from typing import Any

import pytest

from techauction.clock import ManualClock, SystemClock
from techauction.core.absence import Decided
from techauction.saleroom.tickets import TICKET, UNQUEUED_S, Tickets
from tests.builders import CLOSES, OPENS

SECOND = timedelta(seconds=1)
PATIENCE_S = 20
WAITED_S = 1.0


class Moments:
    """The monotonic clock, by hand."""

    def __init__(self) -> None:
        self.at_s = 1_000.0

    def __call__(self) -> float:
        return self.at_s


@pytest.fixture
def moments() -> Moments:
    return Moments()


@pytest.fixture
def tickets(clock: ManualClock, moments: Moments) -> Tickets:
    clock.set(OPENS)
    return Tickets(clock, monotonic=moments)


def test_an_open_ticket_of_before_the_close_is_waited_for(tickets: Tickets, clock: ManualClock) -> None:
    clock.set(CLOSES - timedelta(microseconds=1))
    tickets.issue(7)
    clock.set(CLOSES)
    tickets.issue(8)

    assert tickets.open_before(7, CLOSES)
    assert not tickets.open_before(8, CLOSES)
    assert (tickets.decided().of(7), tickets.decided().of(8)) == (CLOSES - timedelta(microseconds=1), CLOSES)


def test_a_ticket_to_a_lot_not_known_yet_may_be_any_lots(tickets: Tickets, clock: ManualClock) -> None:
    ticket = tickets.issue(None)
    clock.set(CLOSES)

    assert tickets.open_before(7, CLOSES)
    assert tickets.decided() == Decided(OPENS)
    tickets.queue(ticket, 8)
    assert tickets.decided() == Decided(CLOSES, {8: OPENS})
    assert not tickets.open_before(7, CLOSES)
    assert tickets.open_before(8, CLOSES)


def test_lots_behind_are_named_up_to_a_bound_and_the_rest_keep_all(tickets: Tickets, clock: ManualClock) -> None:
    stamps = {}
    for lot_id in range(1, 141):
        clock.advance(timedelta(milliseconds=1))
        stamps[lot_id] = tickets.issue(lot_id).stamp

    decided = tickets.decided()

    assert len(decided.behind) == 100
    assert [lot_id for lot_id, stamp in stamps.items() if decided.of(lot_id) > stamp] == []
    assert decided.through == stamps[101]


def test_a_ticket_lives_three_seconds_until_it_is_queued_and_then_until_it_ends(
    tickets: Tickets, clock: ManualClock, moments: Moments
) -> None:
    slow, queued = tickets.issue(7), tickets.issue(8)
    tickets.queue(queued, 8)
    clock.set(CLOSES)
    moments.at_s += UNQUEUED_S

    assert not tickets.open_before(7, CLOSES)
    assert tickets.open_before(8, CLOSES)
    tickets.queue(slow, 7)
    assert tickets.open_before(7, CLOSES), "its offer was queued after all"
    tickets.end([slow, queued])
    assert tickets.decided() == Decided(CLOSES)


def test_who_leaves_before_the_offer_is_queued_keeps_nobody_waiting(tickets: Tickets, clock: ManualClock) -> None:
    gone, answered = tickets.issue(7), tickets.issue(8)
    tickets.queue(answered, 8)
    clock.set(CLOSES)

    tickets.leave(gone)
    tickets.leave(answered)

    assert not tickets.open_before(7, CLOSES)
    assert tickets.open_before(8, CLOSES), "its caller has had an answer, the offer none"


def test_a_stamp_of_before_the_clock_was_set_counts_as_the_decisions_moment() -> None:
    tickets = Tickets(SystemClock())
    before = tickets.issue(7)

    tickets.set_right(lambda: None)
    after = tickets.issue(7)

    assert tickets.arrived_at(before) is None
    assert tickets.arrived_at(after) == after.stamp
    assert tickets.decided().of_all == after.stamp


def test_whoever_asks_between_stamp_and_ticket_waits_for_the_ticket(moments: Moments) -> None:
    stamped, answered = Event(), Event()
    seen: list[bool] = []

    def clock() -> datetime:
        stamped.set()
        answered.wait(WAITED_S)  # in vain: who asks has to wait for the ticket
        return OPENS

    tickets = Tickets(clock, monotonic=moments)

    def ask() -> None:
        stamped.wait(PATIENCE_S)
        seen.append(tickets.open_before(7, CLOSES))
        answered.set()

    asking = Thread(target=ask)
    asking.start()
    tickets.issue(7)
    asking.join(PATIENCE_S)

    assert seen == [True]


def test_whoever_asks_after_a_close_sees_every_stamp_before_it() -> None:
    """Threads issue tickets while another asks; each stamp is before the instant asked at, or its ticket was seen."""
    clock = SystemClock()
    tickets = Tickets(clock)
    begun = Barrier(3)
    issued: list[Any] = []

    def issue() -> None:
        begun.wait()
        issued.extend(tickets.issue(7) for _ in range(3_000))

    threads = [Thread(target=issue) for _ in range(2)]
    for thread in threads:
        thread.start()
    begun.wait()
    looked = []
    while any(thread.is_alive() for thread in threads):
        close = clock()
        looked.append((close, tickets.open_before(7, close)))
    for thread in threads:
        thread.join()

    first = min(each.stamp for each in issued)
    assert looked
    assert [close for close, seen in looked if seen != (first < close)] == []


@pytest.mark.parametrize(
    ("method", "path", "lot_id"),
    [
        ("POST", "/saleroom/lots/7/bids", 7),
        ("POST", "/api/v1/lots/7/bids", 7),
        ("POST", "/bidder/rounds/joint/lots/4", None),
        ("POST", "/bidder/rounds/joint/lots/4/instruction", None),
        ("POST", "/organizer/rounds/joint/floor/lots/4", None),
    ],
)
def test_what_is_sent_to_a_lot_gets_a_ticket(tickets: Tickets, method: str, path: str, lot_id: int | None) -> None:
    scope: dict[str, Any] = {"method": method, "path": path}

    tickets.issue_to(scope)

    assert (scope[TICKET].lot_id, scope[TICKET].stamp) == (lot_id, OPENS)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/bidder/rounds/joint/lots/4"), ("POST", "/organizer/rounds/joint/floor/lots/4/undo")]
)
def test_what_goes_by_the_clock_at_its_decision_gets_none(tickets: Tickets, method: str, path: str) -> None:
    scope: dict[str, Any] = {"method": method, "path": path}

    tickets.issue_to(scope)

    assert TICKET not in scope


def test_tickets_that_nobody_ends_are_not_kept_for_ever(tickets: Tickets, moments: Moments) -> None:
    for _ in range(20_000):
        tickets.issue(7)
    moments.at_s += UNQUEUED_S

    tickets.issue(7)

    assert tickets.count == 1
