"""Runs with watchers: news to the last of them, and bids while they watch."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from techauction.bench import nchan
from techauction.bench.failure import ServerLost
from techauction.bench.instance import INCREMENT_FEN, START_FEN, Bidder, Instance
from techauction.bench.kept import check
from techauction.bench.load import Seen
from techauction.bench.over_http import Server, bid, serving
from techauction.bench.watching import Plan, Watched

REST_S = 0.12
"""Between two news, so that none is held back with the one before it: the gallery tells of a lot ten times a second."""
_FILLED = "x" * 480
"""Makes what nchan publishes as long as a lot's state."""
_FIRST_SEQ = 2
"""A lot's first bid; before it the lot was opened."""


@dataclass(slots=True)
class Watching:
    """The watchers' process; `seen` is there when it has ended."""

    process: "subprocess.Popen[str]"
    seen: Watched | None = None


def to_the_last(instance: Instance, *, watchers: int, rounds: int) -> Watched:
    """Return how long one bid takes from its bidder to the last watcher of its lot, bid after bid."""
    with serving("product", instance) as server:
        lot_id = instance.lot_ids[0]
        plan = Plan(
            port=server.port,
            path=f"/saleroom/live?lots={lot_id}",
            watchers=watchers,
            rounds=[
                (_offer(server, lot_id, instance.bidders[number % 2], number), f'"seq":{_FIRST_SEQ + number},')
                for number in range(rounds)
            ],
            rest_s=REST_S,
            server_pids=[server.pid],
        )
        return _watched(plan)


def to_the_last_by_nchan(found: nchan.Found, folder: Path, *, watchers: int, rounds: int) -> Watched:
    """Return how long one message takes from its publisher to the last subscriber, with nothing kept."""
    with nchan.serving(found, folder) as server:
        plan = Plan(
            port=server.port,
            path="/watch",
            watchers=watchers,
            rounds=[(_message(number), f'"seq":{number},') for number in range(rounds)],
            rest_s=REST_S,
            server_pids=server.pids,
        )
        return _watched(plan)


def bids_while_watched(
    instance: Instance, *, watchers: int, rate: float, warm_s: float, seconds: float
) -> tuple[Seen, Watched]:
    """Return what bidders saw at a fixed rate while others watched their lot, and what those saw."""
    with serving("product", instance) as server:
        with _listening(server, instance.lot_ids[0], watchers) as watching:
            seen = bid(server, instance, connections=32, warm_s=warm_s, seconds=seconds, rate=rate)
        assert watching.seen is not None
    check(instance, seen)
    return seen, watching.seen


def _offer(server: Server, lot_id: int, bidder: Bidder, number: int) -> str:
    body = json.dumps({"amount_fen": START_FEN + number * INCREMENT_FEN})
    return (
        f"POST /saleroom/lots/{lot_id}/bids HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nCookie: {bidder.cookie}\r\n"
        f"X-CSRF-Token: {bidder.csrf}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"Idempotency-Key: bench-{number:09d}\r\n\r\n{body}"
    )


def _message(number: int) -> str:
    body = f'{{"seq":{number},"filled":"{_FILLED}"}}'
    return f"POST /publish HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n{body}"


@contextmanager
def _listening(server: Server, lot_id: int, watchers: int) -> Iterator[Watching]:
    """Have watchers watch until the end of the block."""
    plan = Plan(port=server.port, path=f"/saleroom/live?lots={lot_id}", watchers=watchers)
    watching = Watching(_start(plan))
    assert watching.process.stdout is not None
    if watching.process.stdout.readline().strip() != "ready":
        raise ServerLost(_end(watching.process)[1])
    yield watching
    said, _ = _end(watching.process)
    watching.seen = Watched(**json.loads(said))


def _watched(plan: Plan) -> Watched:
    said, errors = _end(_start(plan))
    if not said:
        raise ServerLost(f"the watchers did not end well:\n{errors[-2_000:]}")
    return Watched(**json.loads(said.splitlines()[-1]))


def _start(plan: Plan) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-m", "techauction.bench.watching"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(asdict(plan)) + "\n")
    process.stdin.flush()
    return process


def _end(process: "subprocess.Popen[str]") -> tuple[str, str]:
    return process.communicate()
