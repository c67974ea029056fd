"""Bids at a fixed rate while the house does its longest work: a round is loaded, a record verified, a workbook written."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from techauction.bench.failure import BenchFailed
from techauction.bench.instance import INCREMENT_FEN, SLUG, START_FEN, Instance, Staff, large_plan
from techauction.bench.kept import check
from techauction.bench.load import Seen
from techauction.bench.over_http import Server, bid, serving

LOTS, ENTERPRISES, BIDS = 900, 880, 24_000
RATE = 200.0
SECONDS = 80.0
"""Longer than the work takes, so that all of it is met by bids."""
_PATIENCE_S = 300.0
_AGAIN_S = 1.0
_MOST = 1_000
_ONE_FILL_S = 5.0


@dataclass(slots=True)
class Work:
    """What was done beside the bids: how often, and how long the load took in seconds."""

    done: dict[str, int] = field(default_factory=dict)
    loaded_s: float = 0.0
    failed: list[str] = field(default_factory=list)


def measure(instance: Instance, staff: Staff, *, warm_s: float, seconds: float = SECONDS) -> tuple[Seen, Work]:
    """Return what bidders saw while all of it was done, after the whole record was checked.

    :raises BenchFailed: some of the work was not done
    """
    with serving("product", instance) as server:
        filled = _filled(server, instance)
        with _at_work(server, staff) as work:
            seen = bid(server, instance, connections=32, warm_s=warm_s, seconds=seconds, rate=RATE, start_fen=_after(filled))
    acknowledged = [*(each for one in filled for each in one.acknowledged), *seen.acknowledged]
    unsettled = [*(each for one in filled for each in one.unsettled), *seen.unsettled]
    check(instance, replace(seen, acknowledged=acknowledged, unsettled=unsettled))
    if work.failed or set(work.done) != {"load", "verification", "workbook"}:
        raise BenchFailed(f"done beside the bids: {work.done}; {'; '.join(work.failed)}")
    return seen, work


def _filled(server: Server, instance: Instance) -> list[Seen]:
    """Have as many bids on the lot as are to be verified.

    :raises BenchFailed: the house took none
    """
    filled: list[Seen] = []
    while sum(len(each.acknowledged) for each in filled) < BIDS:
        filled.append(bid(server, instance, connections=32, warm_s=0, seconds=_ONE_FILL_S, start_fen=_after(filled)))
        if not filled[-1].acknowledged:
            raise BenchFailed(f"no bid was taken: {filled[-1].refused}")
    return filled


def _after(filled: list[Seen]) -> int:
    """Return the first lawful sum after those that were taken."""
    taken = (amount for each in filled for _lot, _seq, amount in each.acknowledged)
    return max(taken, default=START_FEN - INCREMENT_FEN) + INCREMENT_FEN


@contextmanager
def _at_work(server: Server, staff: Staff) -> Iterator[Work]:
    """Have all of it done until the end of the block: the round is loaded once, the others again and again."""
    work, over = Work(), threading.Event()
    at = f"http://127.0.0.1:{server.port}"
    plan = json.dumps(large_plan(lots=LOTS, enterprises=ENTERPRISES)).encode()

    def load() -> None:
        began = time.monotonic()
        _ask(f"{at}/api/v1/rounds", {"Authorization": f"Bearer {staff.token}", "Content-Type": "application/json"}, plan)
        work.loaded_s = time.monotonic() - began

    def verify() -> None:
        _ask(f"{at}/auditor/rounds/{SLUG}/verification", {"Cookie": staff.auditor})

    def write() -> None:
        _ask(f"{at}/organizer/rounds/{SLUG}/report/settlement.xlsx", {"Cookie": staff.organizer})

    def worker(name: str, job: Callable[[], None], again: bool) -> None:  # noqa: FBT001 (one of three threads)
        while not over.is_set():
            try:
                job()
            except OSError as error:
                if isinstance(error, urllib.error.HTTPError) and error.code == HTTPStatus.SERVICE_UNAVAILABLE:
                    over.wait(_AGAIN_S)  # the house does few long jobs at once, and says so
                    continue
                said = error.read(_MOST).decode(errors="replace") if isinstance(error, urllib.error.HTTPError) else ""
                work.failed.append(f"{name}: {error} {said}")
                return
            work.done[name] = work.done.get(name, 0) + 1
            if not again:
                return
            over.wait(_AGAIN_S)

    jobs: tuple[tuple[str, Callable[[], None], bool], ...] = (
        ("load", load, False),
        ("verification", verify, True),
        ("workbook", write, True),
    )
    threads = [threading.Thread(target=worker, args=each) for each in jobs]
    for each in threads:
        each.start()
    try:
        yield work
    finally:
        over.set()
        for each in threads:
            each.join(_PATIENCE_S)


def _ask(url: str, headers: dict[str, str], body: bytes | None = None) -> None:
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=_PATIENCE_S) as answer:  # noqa: S310 (our own server)
        while answer.read(65_536):
            pass
