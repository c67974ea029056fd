"""Two processes sell one lot on PostgreSQL: the hammer of one waits for what was here in time at the other, and no longer."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy.orm import sessionmaker

from techauction.clock import ManualClock, SystemClock
from techauction.core.record import Kind
from techauction.db import make_engine, make_sale_engine
from techauction.reports.record_of_sale import verify_round
from techauction.saleroom.auctioneer import Auctioneer
from tests.builders import CLOSES, wan
from tests.saleroom.conftest import PATIENCE_S, Sale
from tests.saleroom.test_in_time import code, violations
from tests.saleroom.test_several import another, engine, limits, sale, until, url

__all__ = ["engine", "limits", "sale", "url"]
pytestmark = pytest.mark.slow

SECOND = timedelta(seconds=1)
PERIOD = timedelta(seconds=300)


def look_twice(*auctioneers: Auctioneer) -> None:
    """Have everything due done, and said, by all of them."""
    for each in (*auctioneers, *auctioneers):
        each.nudge().result(PATIENCE_S)


def test_one_s_hammer_waits_for_what_was_here_in_time_at_the_other(sale: Sale, url: str, clock: ManualClock) -> None:
    with another(url, clock) as second:
        sale.bid(101, wan(200))
        clock.set(CLOSES - SECOND)
        ticket = second.tickets.issue(sale.lots[0])
        clock.set(CLOSES + SECOND)
        look_twice(sale.auctioneer, second)
        assert sale.outcome() is None

        taken = second.submit(sale.asked(102, wan(210)), ticket).result(PATIENCE_S)
        look_twice(sale.auctioneer, second)

        assert (taken.placed_at, taken.closes_at) == (CLOSES - SECOND, CLOSES + SECOND + PERIOD)
        assert [sale.outcome(lot) is not None for lot in sale.lots] == [False, *[True] * 19]
        assert "unheard" not in sale.record(sale.lots[1])[-1].data
    assert violations(sale) == []


def test_what_the_other_decides_when_nobody_waits_any_more_was_received_in_time(
    sale: Sale, url: str, clock: ManualClock
) -> None:
    with another(url, clock) as second:
        clock.set(CLOSES - SECOND)
        ticket = second.tickets.issue(sale.lots[0])
        second.tickets.queue(ticket, sale.lots[0])  # it stands still, and its offer is queued
        clock.set(CLOSES + 2.9 * SECOND)
        look_twice(sale.auctioneer, second)
        assert sale.outcome() is None
        clock.set(CLOSES + 3 * SECOND)
        look_twice(sale.auctioneer)

        assert (sale.record()[-1].kind, sale.record()[-1].data["unheard"]) == (Kind.HAMMERED, 1)
        assert code(second.submit(sale.asked(101, wan(200)), ticket)) == "received_in_time"
        assert code(second.submit(sale.asked(102, wan(200)))) == "closed"
    assert violations(sale) == []


ANOTHER = """
import sys, time
from sqlalchemy.orm import sessionmaker
from techauction.clock import SystemClock
from techauction.db import make_sale_engine
from techauction.saleroom.auctioneer import Auctioneer

Auctioneer(sessionmaker(make_sale_engine(sys.argv[1]), expire_on_commit=False), SystemClock()).start()
print("sells", flush=True)
time.sleep(600)
"""


@contextmanager
def real_process(url: str) -> Iterator[int]:
    """Yield the id of another process that sells."""
    with subprocess.Popen([sys.executable, "-c", ANOTHER, url], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"sells\n"
            yield process.pid
        finally:
            process.kill()


@pytest.mark.parametrize("sent", [signal.SIGSTOP, signal.SIGKILL], ids=["stands still", "is killed"])
def test_a_process_that_stands_still_at_the_close_is_waited_for_and_a_dead_one_is_not(
    postgresql_url: str, sent: signal.Signals
) -> None:
    clock = SystemClock()
    engine, own = make_engine(postgresql_url), make_sale_engine(postgresql_url)
    with real_process(postgresql_url) as other:
        now = clock()
        terms = {"opens_at": now, "closes_at": now + 4 * SECOND, "extension_length_s": 4, "gap_s": 3_600}
        sale = Sale(engine, clock, **terms)
        sale.auctioneer = Auctioneer(sessionmaker(own, expire_on_commit=False), clock)
        sale.open()
        os.kill(other, sent)
        assert clock() < now + 4 * SECOND
        until(lambda: sale.outcome() is not None)
    sale.auctioneer.stop(PATIENCE_S)
    last = sale.record()[-1]
    with sale.sessions() as session:
        assert verify_round(session, sale.slug) == []
    for each in (engine, own):
        each.dispose()

    stood_still = sent is signal.SIGSTOP
    assert (last.kind, last.data.get("unheard")) == (Kind.HAMMERED, 1 if stood_still else None)
    assert (last.at >= last.closes_at + 3 * SECOND) or not stood_still
