"""Whether the house can write: seen by what it proves, or tried, and said in time whatever is in the way.

What is in the way stands there until the answer is given, so that a slow machine gives the same one.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import Clock, ManualClock, SystemClock
from techauction.db import make_engine, make_sale_engine
from techauction.saleroom.auctioneer import Auctioneer
from techauction.saleroom.readiness import EVERY_S, Readiness, Trial
from techauction.services import opening
from tests.saleroom.causes import gone, locked
from tests.saleroom.conftest import PATIENCE_S, Sale
from tests.waiting import until

READY = {"database": True, "auctioneer": True, "write": True}


class Idle:
    """A house where nothing is for sale, and who asks whether it is ready."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.url = url
        self.clock = clock
        self.engine = make_sale_engine(url)
        self.pages = make_engine(url)
        self.auctioneer = Auctioneer(sessionmaker(self.engine, expire_on_commit=False), clock)
        self.readiness = Readiness(self.auctioneer, self.pages)

    def wait_for(self, found: dict[str, bool]) -> None:
        """Wait until this is found."""
        until(lambda: self.readiness.found() == found)

    def close_at(self) -> None:
        """Return nothing: no lot closes."""

    def stop(self) -> None:
        """End."""
        self.auctioneer.stop(PATIENCE_S)
        for each in (self.engine, self.pages):
            each.dispose()


@pytest.fixture
def idle(database_url: str, clock: ManualClock) -> Iterator[Idle]:
    """Yield the house."""
    made = Idle(database_url, clock)
    made.auctioneer.start()
    yield made
    made.stop()


@pytest.fixture
def idle_at_real_time(database_url: str) -> Iterator[Idle]:
    """Yield the house, by the real clock."""
    made = Idle(database_url, SystemClock())
    made.auctioneer.start()
    yield made
    made.stop()


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """Yield what the process says of itself meanwhile."""
    said: list[str] = []

    def see(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("UPDATE processes"):
            said.append(statement)

    event.listen(engine, "before_cursor_execute", see)
    yield said
    event.remove(engine, "before_cursor_execute", see)


def test_an_idle_house_tries_to_write_once_a_second_however_often_it_is_asked(idle: Idle) -> None:
    began = time.monotonic()

    with counted(idle.engine) as said, ThreadPoolExecutor(8) as askers:
        found = list(askers.map(lambda _: idle.readiness.found(), range(400)))

    assert all(each == READY for each in found)
    assert 1 <= len(said) <= 1 + (time.monotonic() - began) / EVERY_S


def test_a_house_that_cannot_write_is_not_ready_until_it_can(idle: Idle) -> None:
    with locked(idle):
        idle.wait_for({**READY, "write": False})

    idle.wait_for(READY)


@pytest.mark.slow
def test_a_database_that_is_gone_is_named(postgresql_url: str, clock: ManualClock) -> None:
    house = Idle(postgresql_url, clock)
    house.auctioneer.start()

    with gone(house):
        house.wait_for({"database": False, "auctioneer": True, "write": False})

    house.wait_for(READY)
    house.stop()


def test_an_auctioneer_that_does_not_come_to_it_writes_nothing(idle: Idle) -> None:
    begun, done = threading.Event(), threading.Event()

    def long_act(session: Session, *, read_clock: Clock) -> None:
        del read_clock
        session.rollback()
        begun.set()
        done.wait(2 * PATIENCE_S)

    act = idle.auctioneer.act(long_act)
    assert begun.wait(PATIENCE_S)
    idle.wait_for({**READY, "write": False})
    done.set()

    act.exception(PATIENCE_S)
    idle.wait_for(READY)


def test_where_both_hang_they_are_tried_together(idle: Idle) -> None:
    """Else a probe would wait for the one after the other, and give up before it has an answer."""
    begun = threading.Event()
    event.listen(idle.pages, "do_connect", lambda *_: begun.set())

    class Late(Auctioneer):
        def try_to_write(self) -> "Future[None]":
            assert begun.wait(PATIENCE_S)
            return super().try_to_write()

    late = Late(sessionmaker(idle.engine, expire_on_commit=False), idle.clock)
    late.start()
    try:
        assert Readiness(late, idle.pages).found() == READY
    finally:
        late.stop(PATIENCE_S)


def test_without_an_auctioneer_nothing_is_tried(idle: Idle) -> None:
    idle.auctioneer.stop(PATIENCE_S)

    with counted(idle.engine) as said:
        assert idle.readiness.found() == {"database": True, "auctioneer": False, "write": False}

    assert said == []


def test_while_lots_are_sold_their_proofs_are_enough_and_come_unasked(idle_at_real_time: Idle) -> None:
    house = idle_at_real_time
    assert not house.auctioneer.proves
    now = house.clock()
    sale = Sale(house.pages, house.clock, opens_at=now, closes_at=now + timedelta(hours=1))

    house.auctioneer.act(partial(opening.open_round, round_id=sale.round_id)).result(PATIENCE_S)
    until(lambda: house.auctioneer.proves)
    with locked(house):
        until(lambda: not house.auctioneer.proves)
    until(lambda: house.auctioneer.proves)


def test_what_is_never_answered_is_tried_once_and_keeps_nobody() -> None:
    begun: list[Future[None]] = []

    def begin() -> Future[None]:
        begun.append(Future())
        return begun[-1]

    trial = Trial(begin)
    with ThreadPoolExecutor(8) as askers:
        found = list(askers.map(lambda _: trial.works(), range(64)))
    time.sleep(EVERY_S)

    assert (found, trial.works(), len(begun)) == ([False] * 64, False, 1)
