"""The load: a process of its own, which bids over HTTP. Its plan comes by stdin; on stdout it says what it saw.

How it bids. So many connections are kept alive, each with one offer under way at most. In a closed loop each sends its next
offer at once when it has the answer to the last. In an open loop offers fall due at a fixed rate, whatever became of those
before; one that finds no connection free waits for it, and its latency counts from when it was due. The lots take turns, the
bidders take turns, and every request carries its bidder's own cookie, CSRF token and a key of its own. Everybody watches the
same prices: an offer is one increment over the highest amount that anybody has sent for the lot so far, so a lot's amounts
under way are distinct, ascend in order of sending, and no bidder tops its own bid while others bid. A server that decides in
order of arrival takes practically all of them; one that does not refuses those that were overtaken (`too_low`), and the
refusal's `least_fen` tells where the price is. Accepted are answers 201 alone; refusals are counted apart, by code. Latency
is taken to the last byte of the answer, accepted and refused alike.

It is cheap by intention (a bare asyncio Protocol, prepared bytes, answers parsed after the clock has stopped), and says how
much of a CPU it took while it measured; where the system tells, also how much the server took.
"""

import asyncio
import json
import os
import resource
import sys
import time
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from itertools import count, cycle
from pathlib import Path
from typing import Any, cast

import uvloop

from techauction.bench.figures import percentile

ACCEPTED = b"201"
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length: "
_PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do: against which port and lots, by whom and how many connections, for how long after warming up.

    `rate`: offers a second in an open loop; none is a closed loop.
    """

    port: int
    lot_ids: list[int]
    bidders: list[dict[str, Any]]
    connections: int
    start_fen: int
    increment_fen: int
    warm_s: float
    seconds: float
    rate: float | None = None
    server_pid: int | None = None


@dataclass(slots=True, kw_only=True)
class Seen:
    """What was seen: counts and latencies of the measured seconds, and everything that was ever acknowledged.

    `acknowledged`: lot, seq and amount of each accepted bid, warm-up and tail included; `unsettled`: lot and amount of those
    whose fate is unknown.
    """

    seconds: float = 0.0
    accepted: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    longest_ms: float = 0.0
    client_cpu: float = 0.0
    server_cpu: float | None = None
    acknowledged: list[tuple[int, int, int]] = field(default_factory=list)
    unsettled: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Answer:
    due_at: float
    answered_at: float
    lot_id: int
    amount: int
    status: bytes
    body: bytes


class _Load:
    """The prices that everybody watches, whose turn it is, and the answers."""

    def __init__(self, plan: Plan) -> None:
        self.prices = dict.fromkeys(plan.lot_ids, plan.start_fen)
        self.increment = plan.increment_fen
        self.turns = zip(cycle(plan.lot_ids), cycle([_head(plan, each) for each in plan.bidders]), count(), strict=False)
        self.answers: list[_Answer] = []
        self.open = plan.rate is not None
        self.idle: deque[_Connection] = deque()
        self.waiting: deque[float] = deque()
        self.stopping = False
        self.working = plan.connections
        self.done = asyncio.Event()

    def due(self, at: float) -> None:
        """Have the next offer made, now or as soon as a connection is free."""
        if self.idle:
            self.idle.popleft().send(at)  # all take turns: the house closes one that never asks anything
        else:
            self.waiting.append(at)

    def free(self, connection: "_Connection") -> None:
        """Give a connection its next offer, if there is one."""
        if self.open and self.waiting:
            connection.send(self.waiting.popleft())
        elif self.stopping:
            connection.part()
        elif self.open:
            self.idle.append(connection)
        else:
            connection.send(time.perf_counter())

    def stop(self) -> None:
        """Make no more offers than are due already."""
        self.stopping = True
        while self.idle:
            self.idle.popleft().part()

    def refused(self, lot_id: int, body: bytes) -> None:
        """Follow the price that a refusal tells: up where bids have gone on, down where too many steps were left out."""
        facts = json.loads(body)
        if (least := facts.get("least_fen")) is not None:
            self.prices[lot_id] = max(self.prices[lot_id], least)
        elif (most := facts.get("most_fen")) is not None:
            self.prices[lot_id] = min(self.prices[lot_id], most)

    def parted(self) -> None:
        """Count a connection out."""
        self.working -= 1
        if not self.working:
            self.done.set()


class _Connection(asyncio.Protocol):
    """One connection with at most one offer under way."""

    def __init__(self, load: _Load) -> None:
        self.load = load
        self.transport: asyncio.Transport | None = None
        self.received = b""
        self.lot_id = 0
        self.amount = 0
        self.due_at: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's own class
        self.load.free(self)

    def data_received(self, data: bytes) -> None:
        """Take the answer when it is whole, and go on."""
        self.received = received = self.received + data if self.received else data
        end = received.find(_HEAD_END)
        if end < 0:
            return
        at = received.find(_LENGTH, 0, end) + len(_LENGTH)
        length = int(received[at : received.find(b"\r\n", at)])
        if len(received) < end + 4 + length:
            return
        status, body = received[9:12], received[end + 4 :]
        self._answered(status, body)
        self.received = b""
        if status == b"409":
            self.load.refused(self.lot_id, body)
        self.load.free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Take an offer without an answer as one whose fate is unknown."""
        del exc
        if self.transport is not None:
            self._answered(b"", b"")
            self.part()

    def send(self, due_at: float) -> None:
        """Make the next offer."""
        assert self.transport is not None
        load = self.load
        self.lot_id, head, number = next(load.turns)
        self.amount = load.prices[self.lot_id]
        load.prices[self.lot_id] += load.increment
        body = b'{"amount_fen":%d}' % self.amount
        self.due_at = due_at
        self.transport.write(head % (self.lot_id, len(body), number) + body)

    def part(self) -> None:
        """Close the connection."""
        transport, self.transport = self.transport, None
        assert transport is not None
        transport.close()
        self.load.parted()

    def _answered(self, status: bytes, body: bytes) -> None:
        if self.due_at is not None:
            self.load.answers.append(_Answer(self.due_at, time.perf_counter(), self.lot_id, self.amount, status, body))
            self.due_at = None


async def bid(plan: Plan) -> Seen:
    """Bid as planned, and return what was seen."""
    loop, load = asyncio.get_running_loop(), _Load(plan)
    for _ in range(plan.connections):
        await loop.create_connection(lambda: _Connection(load), "127.0.0.1", plan.port)
    pacing = None if plan.rate is None else loop.create_task(_pace(load, plan.rate))
    await asyncio.sleep(plan.warm_s)
    began, client, server = time.perf_counter(), own_cpu(), cpu_of(plan.server_pid)
    await asyncio.sleep(plan.seconds)
    ended, client_then, server_then = time.perf_counter(), own_cpu(), cpu_of(plan.server_pid)
    if pacing is not None:
        pacing.cancel()
    load.stop()
    await asyncio.wait_for(load.done.wait(), _PATIENCE_S)
    seen = _sum_up(load.answers, began, ended, by_due=load.open)
    seen.client_cpu = (client_then - client) / seen.seconds
    seen.server_cpu = None if server is None or server_then is None else (server_then - server) / seen.seconds
    return seen


async def _pace(load: _Load, rate: float) -> None:
    """Have offers fall due at even distances, also those that this loop was too busy to send in time."""
    next_at = time.perf_counter()
    while True:
        while next_at <= time.perf_counter():
            load.due(next_at)
            next_at += 1 / rate
        await asyncio.sleep(next_at - time.perf_counter())


def _head(plan: Plan, bidder: dict[str, Any]) -> bytes:
    return (
        f"POST /saleroom/lots/%d/bids HTTP/1.1\r\nHost: 127.0.0.1:{plan.port}\r\nCookie: {bidder['cookie']}\r\n"
        f"X-CSRF-Token: {bidder['csrf']}\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
        f"Idempotency-Key: bench-{os.getpid()}-%012d\r\n\r\n"  # of several loads on one lot none repeats another's keys
    ).encode()


def _sum_up(answers: list[_Answer], began: float, ended: float, *, by_due: bool) -> Seen:
    """Return what was answered in the measured time; in an open loop what fell due in it, however late it was answered."""
    seen = Seen(seconds=ended - began)
    refused: Counter[str] = Counter()
    latencies = []
    for each in answers:
        measured = began <= (each.due_at if by_due else each.answered_at) < ended
        if measured:
            latencies.append((each.answered_at - each.due_at) * 1000)
        if each.status == ACCEPTED:
            said = json.loads(each.body)
            seen.acknowledged.append((each.lot_id, said["seq"], said["amount_fen"]))
            seen.accepted += measured
            continue
        code = _code(each)
        refused[code] += measured
        if not each.status or each.status >= b"500":
            seen.unsettled.append((each.lot_id, each.amount))
    seen.refused = {code: number for code, number in sorted(refused.items()) if number}
    if latencies:
        latencies.sort()
        seen.p50_ms, seen.p99_ms, seen.longest_ms = percentile(latencies, 50), percentile(latencies, 99), latencies[-1]
    return seen


def _code(answer: _Answer) -> str:
    try:
        return str(json.loads(answer.body)["code"])
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status.decode() or 'none'}"


def own_cpu() -> float:
    """Return the seconds of CPU that this process took so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def cpu_of(pid: int | None) -> float | None:
    """Return the seconds of CPU that a process and its children took so far, where `/proc` tells."""
    stat = Path(f"/proc/{pid}/stat")
    if pid is None or not stat.exists():
        return None
    fields = stat.read_text("ascii", errors="replace").rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(cpu_of(int(child)) or 0.0 for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split())


def main() -> None:
    """Bid as stdin says."""
    seen = uvloop.run(bid(Plan(**json.load(sys.stdin))))
    json.dump(asdict(seen), sys.stdout)


if __name__ == "__main__":
    main()
