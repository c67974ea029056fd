"""The watchers: a process of its own, which holds many live streams and measures how long news takes to the last of them.

Its plan comes by stdin; on stdout it says `ready` when all streams stand, and in the end what it saw. Round by round it sends
what makes news, waits until every stream has it, and rests. Without rounds it only listens until its stdin ends.
"""

import asyncio
import json
import resource
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import uvloop

from techauction.bench.load import own_cpu

_AT_ONCE = 100
_PATIENCE_S = 10.0
_SETTLED_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which stream to open, how many of them, and what to send.

    `rounds`: requests, whole, each with what every stream then carries. `server_pids`: whose memory is asked before and after
    the streams were opened.
    """

    port: int
    path: str
    watchers: int
    rounds: list[tuple[str, str]] = field(default_factory=list)
    rest_s: float = 0.0
    server_pids: list[int] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Watched:
    """What was seen.

    `to_last_ms`: from the sending of what makes news to the news at the last stream; `after_answer_ms`: from its answer.
    `heard`: what all streams said together.
    """

    to_last_ms: list[float] = field(default_factory=list)
    after_answer_ms: list[float] = field(default_factory=list)
    refused: int = 0
    dropped: int = 0
    heard: int = 0
    kb_each: float | None = None
    client_cpu: float = 0.0


class _Room:
    """Everybody who watches."""

    def __init__(self, watchers: int) -> None:
        self.watchers = watchers
        self.standing = 0
        self.dropped = 0
        self.heard = 0
        self.news: bytes | None = None
        self.left = 0
        self.last_at = 0.0
        self.told = asyncio.Event()

    def expect(self, news: bytes) -> None:
        """Wait for the news at every stream."""
        self.told.clear()
        self.left, self.news = self.standing, news

    def hear(self, data: bytes) -> None:
        """Take what a stream said."""
        self.heard += 1
        if self.news is not None and self.news in data:
            self.left -= 1
            if not self.left:
                self.last_at = time.perf_counter()
                self.told.set()


class _Stream(asyncio.Protocol):
    """One stream."""

    def __init__(self, room: _Room, request: bytes, standing: "asyncio.Future[None]") -> None:
        self.room = room
        self.request = request
        self.standing: asyncio.Future[None] | None = standing

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        cast("asyncio.Transport", transport).write(self.request)

    def data_received(self, data: bytes) -> None:
        """Stand, from the answer's first byte; then hear."""
        if self.standing is not None:
            self.standing.set_result(None)
            self.standing = None
            self.room.standing += 1
        else:
            self.room.hear(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count a stream that ended before its time."""
        del exc
        if self.standing is None:
            self.room.standing -= 1
            self.room.dropped += 1


async def watch(plan: Plan) -> Watched:
    """Watch as planned, and return what was seen."""
    loop, room = asyncio.get_running_loop(), _Room(plan.watchers)
    before = _memory(plan.server_pids)
    request = f"GET {plan.path} HTTP/1.1\r\nHost: 127.0.0.1:{plan.port}\r\nAccept: text/event-stream\r\n\r\n".encode()
    for start in range(0, plan.watchers, _AT_ONCE):
        asked = [loop.create_future() for _ in range(min(_AT_ONCE, plan.watchers - start))]
        for standing in asked:
            await loop.create_connection(lambda standing=standing: _Stream(room, request, standing), "127.0.0.1", plan.port)  # type: ignore[misc]
        await asyncio.wait_for(asyncio.gather(*asked), _PATIENCE_S)
    await asyncio.sleep(_SETTLED_S)
    seen = Watched()
    after = _memory(plan.server_pids)
    seen.kb_each = None if before is None or after is None else (after - before) / plan.watchers / 1024
    print("ready", flush=True)
    room.heard = 0
    began, cpu = time.perf_counter(), own_cpu()
    if plan.rounds:
        await _tell(plan, room, seen)
    else:
        await asyncio.to_thread(sys.stdin.read)
    seen.client_cpu = (own_cpu() - cpu) / (time.perf_counter() - began)
    seen.dropped, seen.heard = room.dropped, room.heard
    return seen


async def _tell(plan: Plan, room: _Room, seen: Watched) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", plan.port)
    for request, news in plan.rounds:
        room.expect(news.encode())
        sent_at = time.perf_counter()
        writer.write(request.encode())
        status = await _answer(reader)
        answered_at = time.perf_counter()
        if status not in (b"201", b"202"):
            seen.refused += 1
            continue
        try:
            await asyncio.wait_for(room.told.wait(), _PATIENCE_S)
        except TimeoutError:
            seen.dropped += room.left
            continue
        seen.to_last_ms.append((room.last_at - sent_at) * 1000)
        seen.after_answer_ms.append((room.last_at - answered_at) * 1000)
        await asyncio.sleep(plan.rest_s)
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    await reader.readexactly(next(int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")))
    return head[9:12]


def _memory(pids: list[int]) -> int | None:
    """Return how many bytes the processes hold in memory, where `/proc` tells."""
    found = 0
    for pid in pids:
        status = Path(f"/proc/{pid}/status")
        if not status.exists():
            return None
        found += (
            next(int(line.split()[1]) for line in status.read_text("ascii").splitlines() if line.startswith("VmRSS")) * 1024
        )
    return found if pids else None


def main() -> None:
    """Watch as the first line of stdin says."""
    plan: dict[str, Any] = json.loads(sys.stdin.readline())
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(json.dumps(asdict(uvloop.run(watch(Plan(**plan))))), flush=True)


if __name__ == "__main__":
    main()
