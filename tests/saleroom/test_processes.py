"""Several processes sell one lot on PostgreSQL, and are killed among offers; and one on SQLite.

Planted by hand, each seen to fail here: the NOTIFY left out (the watcher); the process's own pulse taken for the installation's
(the worker that stood still); a supervisor that starts nothing again (the killed worker); workers that do not look after their
parent (the parent's end); offers answered before the commit (the process killed on SQLite).
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from techauction.clock import SystemClock
from techauction.core.lot import Stage
from techauction.core.outcome import Ending
from techauction.core.record import Kind
from techauction.db import snapshot
from techauction.reports.record_of_sale import verify_round
from tests.saleroom.installation import PATIENCE_S, START_FEN, STEP_FEN, Bidder, Installation, Reply, Service

pytestmark = pytest.mark.slow

Install = Callable[..., Installation]


@pytest.fixture
def install(postgresql_url: str, tmp_path: Path) -> Iterator[Install]:
    """Yield a maker of an installation on PostgreSQL."""
    made: list[Installation] = []

    def make(**more: Any) -> Installation:
        made.append(Installation(tmp_path / "instance", postgresql_url, **more))
        return made[-1]

    yield make
    for each in made:
        each.close()


def spread(service: Service, bidders: list[Bidder]) -> list[int]:
    """Have half of the bidders with each of two processes; return those, in the order of the halves."""
    pids = sorted(service.pids(at_least=2))
    assert len(pids) == 2
    for place, bidder in enumerate(bidders):
        bidder.move_to([pids[place % 2]], service.url)
    return pids


def sound(house: Installation) -> None:
    """Assert that the record is whole: no gap, no price twice, prices in the order of seq, every hash, every time."""
    record, bids = house.record(), house.bids()
    assert [row.seq for row in record] == list(range(1, len(record) + 1))
    prices = [row.amount for row in bids]
    assert all(earlier < later for earlier, later in pairwise(prices) if earlier and later)
    with house.sessions() as session:
        assert verify_round(snapshot(session), house.slug) == []  # the sale may go on meanwhile


def test_of_64_equal_offers_through_two_processes_one_is_taken_at_every_price(install: Install) -> None:
    house = install()
    with house.served(workers=2) as service:
        bidders = service.sign_in(house.names)
        spread(service, bidders)
        replies: list[Reply] = []
        with ThreadPoolExecutor(64) as threads:
            # Eight threads a bidder: its requests go over several connections, of both processes.
            for price in range(START_FEN, START_FEN + 4 * STEP_FEN, STEP_FEN):
                gate = threading.Barrier(64)

                def offer(place: int, price: int = price, gate: threading.Barrier = gate) -> Reply:
                    gate.wait()
                    return bidders[place % len(bidders)].offer(house.lot_id, price)

                answers = list(threads.map(offer, range(64)))
                assert sum(each.taken for each in answers) == 1
                replies += answers
        faults = house.faults()

    assert [row.seq for row in house.bids()] == [each.body["seq"] for each in replies if each.taken]
    assert {each.status for each in replies} == {201, 409}
    assert faults == []
    sound(house)


def test_a_watcher_at_one_process_sees_the_bids_made_at_the_other(install: Install) -> None:
    house = install(bidders=2)
    with house.served(workers=2) as service:
        here, there = service.sign_in(house.names)
        spread(service, [here, there])
        with here.http.stream("GET", f"/saleroom/live?lots={house.lot_id}") as stream:
            lines = (line for line in stream.iter_lines() if line.startswith("data: "))
            first = next(lines)
            began = time.monotonic()
            assert there.offer(house.lot_id, START_FEN).taken
            second = next(lines)
            took_s = time.monotonic() - began

    assert '"bids":0' in first
    assert '"bids":1' in second
    assert took_s < 2


class Crowd:
    """Bidders who offer without pause, each from a thread of its own."""

    def __init__(self, house: Installation, bidders: list[Bidder]) -> None:
        self.replies: list[tuple[Bidder, Reply]] = []
        self._house = house
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._bid, args=(bidder,)) for bidder in bidders]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, taken: int) -> None:
        """Wait until so many offers were taken."""
        until = time.monotonic() + PATIENCE_S
        while sum(reply.taken for _, reply in self.replies) < taken:
            assert time.monotonic() < until, "the crowd got nowhere"
            time.sleep(0.01)

    def _bid(self, bidder: Bidder) -> None:
        price = START_FEN
        while not self._enough.is_set():
            reply = bidder.offer(self._house.lot_id, price)
            self.replies.append((bidder, reply))
            if reply.status is None:
                return  # its process has died
            price = int(reply.body.get("least_fen") or reply.amount_fen + STEP_FEN)


def settle(house: Installation, crowd: Crowd, bidders: list[Bidder]) -> None:
    """Assert that every answer stands, that nothing stands twice, and that each unknown key says what became of it."""
    replies = [reply for _, reply in crowd.replies]
    decided = house.decided([reply.key for reply in replies])
    bids = {row.seq: row for row in house.bids()}
    for reply in replies:
        if reply.taken:
            row = bids[reply.body["seq"]]
            assert (row.amount and row.amount.minor, row.hash) == (reply.amount_fen, reply.body["hash"])
            assert decided[reply.key].seq == row.seq
        elif not reply.unknown:
            assert decided[reply.key].code == reply.body["code"]
    kept = [row.seq for row in decided.values() if row.seq is not None]
    assert len(kept) == len(set(kept)) == len(bids)
    by_name = {bidder.name: bidder for bidder in bidders}
    for bidder, reply in crowd.replies:
        if reply.unknown:
            row = decided.get(reply.key)
            said = by_name[bidder.name].fate(house.lot_id, reply.key)["state"]
            assert said == ("not_received" if row is None else "refused" if row.code else "accepted")
    sound(house)


def test_a_worker_killed_among_offers_loses_no_bid_and_the_other_closes_the_lot(install: Install) -> None:
    length = 5
    house = install(extension_trigger_s=length, extension_length_s=length, closes_at=SystemClock()() + timedelta(seconds=60))
    with house.served(workers=2) as service:
        bidders = service.sign_in(house.names)
        killed, _other = spread(service, bidders)
        with Crowd(house, bidders) as crowd:
            crowd.wait_for(20)
            os.kill(killed, signal.SIGKILL)
            crowd.wait_for(40)
        survivors = [bidder for place, bidder in enumerate(bidders) if place % 2]
        assert survivors[0].pid != killed
        fresh = service.sign_in(house.names)
        settle(house, crowd, fresh)

        house.wait_for(Stage.ENDED)
        replaced = service.pids(at_least=2)

    assert killed not in replaced
    assert len(replaced) == 2
    outcome = house.outcomes()[0]
    closes_at = house.lot().closes_at
    assert closes_at is not None
    assert (outcome.ending, outcome.price) == (Ending.SOLD, house.bids()[-1].amount)
    assert closes_at <= outcome.ended_at < closes_at + timedelta(seconds=2)
    assert [row.kind for row in house.record()].count(Kind.HAMMERED) == 1
    assert {each["event"] for each in house.faults()} == {"worker_died"}
    sound(house)


def test_a_process_killed_among_offers_on_sqlite_has_lost_nothing_when_it_is_back(migrated_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "sale.db"
    file.write_bytes(migrated_file.read_bytes())
    house = Installation(tmp_path / "instance", f"sqlite:///{file}")
    with house.served() as service:
        bidders = service.sign_in(house.names)
        with Crowd(house, bidders) as crowd:
            crowd.wait_for(40)
            service.process.kill()
            service.process.wait()
    with house.served() as again:
        settle(house, crowd, again.sign_in(house.names))
        assert again.sign_in(house.names[:1])[0].offer(house.lot_id, house.lot().standing_amount.minor).status == 409  # type: ignore[union-attr]
    house.close()


def test_a_worker_that_stood_still_while_another_sold_interrupts_nothing(install: Install) -> None:
    house = install(bidders=2, gap_s=4, extension_length_s=3_600, extension_trigger_s=1)
    with house.served(workers=2) as service:
        bidders = service.sign_in(house.names)
        stopped, _other = spread(service, bidders)
        assert bidders[0].offer(house.lot_id, START_FEN).taken

        os.kill(stopped, signal.SIGSTOP)
        time.sleep(6)
        assert bidders[1].offer(house.lot_id, START_FEN + STEP_FEN).taken
        os.kill(stopped, signal.SIGCONT)
        time.sleep(3)

        assert bidders[0].offer(house.lot_id, START_FEN + 2 * STEP_FEN).taken
    assert house.lot().stage is Stage.OPEN


def test_when_all_workers_stood_still_the_lot_is_interrupted(install: Install) -> None:
    house = install(bidders=1, gap_s=4, extension_length_s=3_600, extension_trigger_s=1)
    with house.served(workers=2) as service:
        pids = service.pids(at_least=2)
        time.sleep(3)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(6)
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        house.wait_for(Stage.INTERRUPTED)

    assert [row.kind for row in house.record()] == [Kind.OPENED, Kind.INTERRUPTED]


def test_a_sigterm_ends_all_workers_and_their_streams_within_five_seconds(install: Install) -> None:
    house = install(bidders=1)
    with house.served(workers=2) as service:
        streams = [httpx.Client(base_url=service.url) for _ in range(4)]
        opened = [each.send(each.build_request("GET", f"/saleroom/live?lots={house.lot_id}"), stream=True) for each in streams]
        pids = service.pids(at_least=2)
        began = time.monotonic()

        service.process.terminate()

        assert service.process.wait(PATIENCE_S) == 0
        assert time.monotonic() - began < 5.5
        for each in (*opened, *streams):
            each.close()
    assert not any(_alive(pid) for pid in pids)


def test_workers_end_with_their_parent_however_that_ends(install: Install) -> None:
    house = install(bidders=1)
    with house.served(workers=2) as service:
        pids = service.pids(at_least=2)
        service.process.kill()
        service.process.wait()
        until = time.monotonic() + PATIENCE_S
        while any(_alive(pid) for pid in pids) and time.monotonic() < until:
            time.sleep(0.1)

    assert not any(_alive(pid) for pid in pids)


def _alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
