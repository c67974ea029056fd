"""Several auctioneers on one PostgreSQL, each on a connection of its own: locks, hammers, the bus, and whose turn a tick is.

Planted by hand, each seen to fail here: the lots' lock left out; `claim` without its condition; no look-ahead while idle;
nothing announced; one's own announcements heard; a bus that connects again and says nothing; the process's own pulse taken for
the installation's; an absence counted from before a lot opened; nothing tried again; ticks without their lock; an auctioneer
with more than one connection; no time-outs.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker
from structlog.testing import capture_logs

from techauction.clock import Clock, ManualClock
from techauction.core.absence import Decided, Gap
from techauction.core.bidding import KeyReused
from techauction.core.lot import Stage
from techauction.core.money import Money
from techauction.core.record import Kind
from techauction.core.refusal import Refusal
from techauction.core.round import Phase
from techauction.db import make_engine, make_sale_engine, options, writing
from techauction.jobs.turns import Turns
from techauction.reports.record_of_sale import verify_round
from techauction.saleroom.answering import FateUnknown
from techauction.saleroom.auctioneer import Auctioneer, Taken
from techauction.saleroom.bus import Bus
from techauction.services import absence, aftersale, hammer, keys, opening, processes
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.processes import ProcessRow
from techauction.store.record import RecordRow
from tests.builders import CLOSES, OPENS, wan
from tests.saleroom.conftest import PATIENCE_S, Sale
from tests.waiting import until

pytestmark = pytest.mark.slow

PATIENT = pytest.mark.parametrize("limits", ["-c lock_timeout=30s -c statement_timeout=30s -c deadlock_timeout=400ms"])
"""For tests that hold a lock while they do something else, on machines that take their time."""


@pytest.fixture
def limits() -> str:
    """Return how long a lock is waited for: not long."""
    return "-c lock_timeout=800ms -c deadlock_timeout=400ms"


@pytest.fixture
def url(postgresql_url: str, limits: str) -> str:
    """Return the URL of a database, on which locks are waited for so long."""
    return make_url(postgresql_url).update_query_dict({"options": limits}).render_as_string(hide_password=False)


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """Yield an engine for the test's own questions."""
    made = make_engine(url)
    yield made
    made.dispose()


@pytest.fixture
def sale(engine: Engine, url: str, clock: ManualClock) -> Iterator[Sale]:
    """Yield an open sale of 20 lots; its auctioneer has one connection."""
    clock.set(OPENS)
    made = Sale(engine, clock, lots=20)
    own = make_sale_engine(url)
    made.auctioneer = Auctioneer(sessionmaker(own, expire_on_commit=False), clock)
    made.open()
    yield made
    made.auctioneer.stop(PATIENCE_S)
    own.dispose()


@contextmanager
def another(url: str, clock: Clock) -> Iterator[Auctioneer]:
    """Yield a second auctioneer, as another process has it."""
    engine = make_sale_engine(url)
    made = Auctioneer(sessionmaker(engine, expire_on_commit=False), clock)
    made.start()
    try:
        yield made
    finally:
        made.stop(PATIENCE_S)
        engine.dispose()


@contextmanager
def stranger(url: str) -> Iterator[Connection]:
    """Yield a connection that waits for locks as long as it takes."""
    engine = create_engine(make_url(url).set(query={**make_url(url).query, "options": "-c deadlock_timeout=60s"}))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def hold(connection: Connection, lot_id: int) -> None:
    connection.execute(text("SELECT id FROM lots WHERE id = :lot FOR UPDATE"), {"lot": lot_id})


def until_waiting(sale: Sale, count: int = 1) -> None:
    """Wait until so many connections wait for a lock."""
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")

    def enough() -> bool:
        with sale.sessions() as session:
            return bool(session.scalar(waiting) == count)

    until(enough)


def together(sale: Sale, *offers: tuple[int, Money, int]) -> list[Future[Taken]]:
    """Submit these (paddle, amount, lot) so that they stand in one group."""
    gate = threading.Event()
    sale.auctioneer.act(lambda _session, read_clock: gate.wait(PATIENCE_S) and read_clock())
    futures = [sale.submit(paddle, amount, lot=lot, key=f"key-of-{paddle}") for paddle, amount, lot in offers]
    gate.set()
    return futures


def tries(logs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [each for each in logs if each["event"] == "group_tried_again"]


def kept_back(logs: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the lots at which offers were kept back, because somebody held them."""
    return [each["lot"] for each in logs if each["event"] == "lot_is_held"]


def answered(futures: list[Future[Any]]) -> list[object]:
    """Return what each was answered: a result or an exception."""
    found: list[object] = []
    for future in futures:
        error = future.exception(PATIENCE_S)
        found.append(future.result() if error is None else error)
    return found


def test_offers_that_wait_for_a_lock_for_a_while_are_taken_after_all(sale: Sale, url: str) -> None:
    with capture_logs() as logs, stranger(url) as holder:
        hold(holder, sale.lots[0])
        futures = [sale.submit(101, wan(200)), sale.submit(102, wan(210))]
        until(lambda: kept_back(logs) == sale.lots[:1])
        holder.rollback()

        answers = answered(list(futures))

    assert [each.seq for each in answers if isinstance(each, Taken)] == [2, 3]


def test_offers_that_do_not_get_the_lock_are_unknown_until_they_get_it(sale: Sale, url: str) -> None:
    lot = sale.lots[0]
    with capture_logs() as logs, stranger(url) as holder:
        hold(holder, lot)
        answers = answered(list(together(sale, (101, wan(200), lot), (102, wan(210), lot))))
        assert {type(each) for each in answers} == {FateUnknown}
        with sale.sessions() as session:
            for paddle in (101, 102):
                kept = {"lot_id": lot, "organisation_id": sale.bidders[paddle][0], "key": f"key-of-{paddle}"}
                assert keys.look_up(session, **kept) is None
        holder.rollback()

    assert kept_back(logs) != []
    assert sale.bid(103, wan(220)).seq == 4
    assert sale.bid(101, wan(200), key="key-of-101").seq == 2


@PATIENT
def test_a_deadlock_s_victim_is_tried_again(sale: Sale, url: str) -> None:
    low, middle, high = sale.lots[:3]
    with capture_logs() as logs, stranger(url) as holder, stranger(url) as gate:
        hold(gate, middle)
        hold(holder, high)
        futures = together(sale, (101, wan(200), low), (102, wan(200), middle), (103, wan(200), high))
        until_waiting(sale)  # the group has the low
        waits = threading.Thread(target=hold, args=(holder, low))
        waits.start()
        until_waiting(sale, 2)
        gate.rollback()  # the group goes on to the high, and waits last
        waits.join(PATIENCE_S)
        holder.rollback()
        answers = answered(list(futures))

    assert {type(each) for each in answers} == {Taken}
    # Its first row is free for an instant, and a quick second try may take that before whoever waited: then there is another.
    assert {each["error"] for each in tries(logs)} == {"DeadlockDetected"}
    assert [len(sale.bids(lot)) for lot in (low, middle, high)] == [1, 1, 1]


@PATIENT
def test_a_connection_lost_among_offers_costs_no_offer(sale: Sale, url: str) -> None:
    with stranger(url) as holder:
        hold(holder, sale.lots[0])
        futures = [sale.submit(101, wan(200)), sale.submit(102, wan(210))]
        until_waiting(sale)
        holder.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'techauction auctioneer'")
        )
        holder.rollback()

        answers = answered(list(futures))

    assert [each.seq for each in answers if isinstance(each, Taken)] == [2, 3]
    assert sale.bid(101, wan(220)).seq == 4


def test_one_key_at_two_lots_through_two_auctioneers_is_one_offer(sale: Sale, url: str, clock: ManualClock) -> None:
    with another(url, clock) as second:
        for place in range(0, 20, 2):
            here, there = sale.lots[place : place + 2]
            key = f"the-same-key-{place}"
            answers = answered(
                [
                    sale.auctioneer.submit(sale.asked(101, wan(200), lot=here, key=key)),
                    second.submit(sale.asked(101, wan(200), lot=there, key=key)),
                ]
            )
            assert sorted(type(each).__name__ for each in answers) == [KeyReused.__name__, Taken.__name__]


def test_the_lot_s_lock_orders_two_auctioneers(sale: Sale, url: str, clock: ManualClock) -> None:
    with another(url, clock) as second, capture_logs() as logs:
        futures: list[Future[Any]] = []
        for step in range(100):
            futures += [each.submit(sale.asked(101 + step % 3, wan(200 + 10 * step))) for each in (sale.auctioneer, second)]
        answers = answered(futures)

    record = sale.record()
    taken = sorted((each for each in answers if isinstance(each, Taken)), key=lambda each: each.seq)
    assert [row.seq for row in record] == list(range(1, len(record) + 1))
    assert [(row.seq, row.amount) for row in sale.bids()] == [(each.seq, each.amount) for each in taken]
    assert all(isinstance(each, (Taken, Refusal)) for each in answers)
    # Ordered by the lock, and not by what the database would not take twice.
    assert [each for each in logs if each.get("error") == "UniqueViolation"] == []


def test_two_auctioneers_at_one_close_let_one_hammer_fall_and_make_no_noise(sale: Sale, url: str, clock: ManualClock) -> None:
    for lot in sale.lots:
        sale.bid(101, wan(200), lot=lot)
    with another(url, clock) as second, capture_logs() as logs:
        clock.set(CLOSES)
        end = time.monotonic() + PATIENCE_S
        while not closed(sale) and time.monotonic() < end:
            answered([each.nudge() for each in (sale.auctioneer, second)])

    assert closed(sale)
    assert [[row.kind for row in sale.record(lot)].count(Kind.HAMMERED) for lot in sale.lots] == [1] * 20
    noise = [each for each in logs if each["log_level"] in ("warning", "error")]
    assert noise == []


def test_what_another_process_settles_is_not_waited_for(sale: Sale, url: str) -> None:
    with stranger(url) as holder:
        sale.bid(101, wan(200))
        hold(holder, sale.lots[0])
        with sale.sessions() as session:
            assert aftersale.bring(session, sale.lots[:1]) is False


def closed(sale: Sale) -> bool:
    with sale.sessions() as session:
        return session.get_one(RoundRow, sale.round_id).phase is Phase.CLOSED


def test_an_auctioneer_hears_the_close_of_a_lot_that_another_opened(engine: Engine, url: str, clock: ManualClock) -> None:
    clock.set(OPENS)
    sale = Sale(engine, clock)
    with another(url, clock) as second:
        sale.open()
        sale.auctioneer.stop(PATIENCE_S)
        clock.set(CLOSES)
        until(lambda: sale.outcome() is not None)
        assert second.alive


@PATIENT
def test_a_hammer_that_was_late_for_an_extension_finds_nothing_due(sale: Sale, url: str, clock: ManualClock) -> None:
    with another(url, clock) as second, stranger(url) as holder:
        clock.set(CLOSES - timedelta(seconds=1))
        hold(holder, sale.lots[0])
        bid = sale.submit(101, wan(200))
        until_waiting(sale)
        assert claimed_by(second, sale.lots[0], at=CLOSES) == []  # nobody waits at a lot that somebody is at work on
        holder.rollback()

        assert isinstance(bid.result(PATIENCE_S), Taken)
        assert claimed_by(second, sale.lots[0], at=CLOSES) == []

    assert sale.lot().stage is Stage.OPEN


def claimed_by(auctioneer: Auctioneer, lot_id: int, *, at: datetime) -> list[int]:
    """Return whether an auctioneer whose clock is at an instant claims the lot for its hammer."""

    def use_case(session: Session, *, read_clock: Clock) -> list[int]:
        return hammer.claim(session, now=max(at, read_clock()), most=1, among=[lot_id])

    return auctioneer.act(use_case).result(PATIENCE_S)


def test_the_auctioneer_takes_no_second_connection_while_it_holds_one(url: str) -> None:
    engine = make_sale_engine(url)

    with engine.connect(), pytest.raises(PoolTimeout):
        engine.connect()
    engine.dispose()


def test_each_kind_of_connection_holds_itself_to_its_time_outs(postgresql_url: str) -> None:
    wanted = {"statement_timeout": "5s", "lock_timeout": "500ms", "idle_in_transaction_session_timeout": "5s"}
    engine = make_sale_engine(postgresql_url)
    with engine.connect() as connection:
        shown = {name: connection.execute(text(f"SHOW {name}")).scalar() for name in wanted}
        name = connection.execute(text("SHOW application_name")).scalar()
    engine.dispose()

    assert (shown, name) == (wanted, "techauction auctioneer")
    pages = options(postgresql_url)["connect_args"]
    assert pages["application_name"] == "techauction pages"
    assert "-c lock_timeout=3s" in pages["options"]


def test_whoever_stopped_with_a_lot_s_lock_loses_it(sale: Sale, url: str) -> None:
    engine = make_sale_engine(
        make_url(url)
        .update_query_dict({"options": "-c idle_in_transaction_session_timeout=200ms"}, append=True)
        .render_as_string(hide_password=False)
    )
    connection = engine.connect()
    hold(connection, sale.lots[0])  # and then it stands still

    assert sale.bid(101, wan(200)).seq == 2
    connection.invalidate()
    connection.close()
    engine.dispose()


class Heard:
    """What a bus heard."""

    def __init__(self, url: str) -> None:
        self.lots: list[int] = []
        self.missed = 0
        self.bus = Bus(make_url(url), heard=self.lots.extend, missed=self._miss)

    def _miss(self) -> None:
        self.missed += 1


@pytest.fixture
def ears(url: str) -> Iterator[tuple[Heard, Heard]]:
    """Yield two processes' places on the bus."""
    both = (Heard(url), Heard(url))
    for each in both:
        each.bus.start()
    for each in both:
        until(lambda each=each: each.bus.listening)  # type: ignore[misc]
    yield both
    for each in both:
        each.bus.stop()


def test_a_change_is_heard_by_the_others_with_the_commit_and_not_before(
    sale: Sale, url: str, ears: tuple[Heard, Heard]
) -> None:
    here, there = ears
    elsewhere = make_sale_engine(url)
    with sale.sessions() as session, writing(session):
        here.bus.announce(session, range(1, 1_201))
        time.sleep(0.3)
        assert there.lots == []
    until(lambda: len(there.lots) == 1_200)
    with Session(elsewhere) as session, writing(session):
        there.bus.announce(session, [9])
    elsewhere.dispose()
    until(lambda: 9 in here.lots)

    assert here.lots == [9]
    with sale.sessions() as session, suppress(ZeroDivisionError), writing(session):
        here.bus.announce(session, [7])
        raise ZeroDivisionError
    time.sleep(0.3)
    assert 7 not in there.lots[1_200:]


def test_the_auctioneer_announces_what_it_changes(sale: Sale, ears: tuple[Heard, Heard]) -> None:
    here, there = ears
    sale.auctioneer.announce = here.bus.announce

    sale.bid(101, wan(200), lot=sale.lots[3])

    until(lambda: there.lots == [sale.lots[3]])


def test_a_lost_bus_connects_again_and_says_that_something_may_have_been_missed(
    sale: Sale, url: str, ears: tuple[Heard, Heard]
) -> None:
    here, there = ears
    with stranger(url) as other:
        other.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'techauction bus'"))
        other.rollback()
    until(lambda: there.missed >= 3 and there.bus.listening and here.bus.listening)

    with sale.sessions() as session, writing(session):
        here.bus.announce(session, [7])

    until(lambda: there.lots == [7])


def test_a_tick_has_one_holder_and_another_when_that_one_dies(url: str) -> None:
    first, second = Turns(url), Turns(url)

    assert [first.mine("rounds"), second.mine("rounds"), first.mine("rounds")] == [True, False, True]
    assert second.mine("notices")
    with stranger(url) as other:
        other.execute(text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"))
        other.rollback()
    assert second.mine("rounds") or second.mine("rounds")
    assert not first.mine("rounds")

    second.close()
    assert first.mine("rounds")
    first.close()


def test_who_slept_while_another_sold_was_not_missed_and_if_nobody_sold_the_lot_is_interrupted(
    sale: Sale, clock: ManualClock
) -> None:
    late = CLOSES - timedelta(seconds=60)
    second, hour = timedelta(seconds=1), timedelta(hours=1)
    sale.auctioneer.stop()
    clock.set(late)
    with sale.sessions() as session, writing(session):
        session.execute(update(ProcessRow).values(proven_at=late - hour))
        sleeper, other = (processes.begin(session, now=late - hour) for _ in range(2))

    def wakes(others_proof: datetime) -> Stage:
        with sale.sessions() as session, writing(session):
            processes.beat(session, other, proven_at=others_proof, decided=Decided(others_proof))
            absence.note(session, [Gap(late - hour, late)], process_id=sleeper, now=late)
            absence.look(session, now=late)
        return sale.lot().stage

    assert wakes(late - second) is Stage.OPEN
    assert wakes(late - 9 * second) is Stage.OPEN
    assert wakes(late - hour / 2) is Stage.INTERRUPTED


def test_nobody_is_missed_by_a_lot_before_it_opens(engine: Engine, clock: ManualClock) -> None:
    late = CLOSES - timedelta(seconds=302)
    sale = Sale(engine, clock)
    with sale.sessions() as session, writing(session):
        processes.begin(session, now=OPENS)
        opening.open_round(session, round_id=sale.round_id, read_clock=lambda: late)

    with sale.sessions() as session, writing(session):
        absence.note(session, [Gap(OPENS, late + timedelta(seconds=5))], process_id=0, now=late + timedelta(seconds=5))
        absence.look(session, now=late + timedelta(seconds=5))

    assert sale.lot().stage is Stage.OPEN
    with sale.sessions() as session:
        assert session.get_one(LotRow, sale.lots[0]).opens_at == late


@contextmanager
def process(url: str, decided: Decided) -> Iterator[Callable[[Decided], None]]:
    """Yield what another process says by, for as long as it lives."""
    engine = make_sale_engine(url)
    with Session(engine) as session:
        with writing(session):
            process_id = processes.begin(session, now=OPENS)

        def say(decided: Decided) -> None:
            with writing(session):
                processes.beat(session, process_id, proven_at=decided.through, decided=decided)

        say(decided)
        yield say
    engine.dispose()


def test_the_hammer_waits_until_every_living_process_has_decided_what_was_here_before_the_close(
    sale: Sale, url: str, clock: ManualClock
) -> None:
    second = timedelta(seconds=1)
    with process(url, Decided(CLOSES - second / 100)) as say:
        clock.set(CLOSES)
        sale.nudge()
        clock.set(CLOSES + 2.9 * second)
        sale.nudge()
        assert sale.outcome() is None

        say(Decided(CLOSES))
        sale.nudge()

    assert sale.record()[-1].kind is Kind.HAMMERED
    assert "unheard" not in sale.record()[-1].data


def test_what_one_process_is_behind_with_keeps_the_hammer_of_that_lot_only(sale: Sale, url: str, clock: ManualClock) -> None:
    with process(url, Decided(CLOSES, {sale.lots[0]: CLOSES - timedelta(seconds=1)})):
        clock.set(CLOSES)
        sale.nudge()

        with sale.sessions() as session:
            open_yet = session.scalars(select(LotRow.id).where(LotRow.stage == Stage.OPEN)).all()
            said = session.scalars(select(RecordRow.data).where(RecordRow.kind == Kind.HAMMERED)).all()

    assert open_yet == [sale.lots[0]]
    assert [each for each in said if "unheard" in each] == []


def test_who_is_silent_for_three_seconds_is_not_waited_for_and_the_record_says_so(
    sale: Sale, url: str, clock: ManualClock
) -> None:
    with process(url, Decided(CLOSES - timedelta(seconds=1))):
        clock.set(CLOSES + timedelta(seconds=3))
        sale.nudge()

    assert (sale.record()[-1].kind, sale.record()[-1].data["unheard"]) == (Kind.HAMMERED, 1)
    with sale.sessions() as session:
        assert verify_round(session, sale.slug) == []


def test_a_process_whose_lock_is_free_is_dead_and_not_waited_for(sale: Sale, url: str, clock: ManualClock) -> None:
    with process(url, Decided(CLOSES - timedelta(seconds=1))):
        pass

    clock.set(CLOSES)
    sale.nudge()

    assert (sale.record()[-1].kind, "unheard" in sale.record()[-1].data) == (Kind.HAMMERED, False)
    with sale.sessions() as session:
        [lost] = session.scalars(select(ProcessRow).where(ProcessRow.lost_at.is_not(None)))
        assert (lost.decided_through, lost.lost_at, lost.ended_at) == (CLOSES - timedelta(seconds=1), CLOSES, None)


def test_who_lost_its_connection_takes_its_lock_again_and_is_waited_for(sale: Sale, url: str, clock: ManualClock) -> None:
    with stranger(url) as other:
        other.execute(text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"))
        other.rollback()
    clock.advance(timedelta(seconds=10))
    until(lambda: sale.auctioneer.nudge().exception(PATIENCE_S) is None)
    clock.advance(timedelta(seconds=10))
    sale.nudge()

    with sale.sessions() as session:
        assert session.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")) == 1
