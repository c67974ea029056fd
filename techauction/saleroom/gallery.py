"""The gallery: everybody who watches lots, told after the commit."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Iterable, MutableMapping
from itertools import count
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import Clock
from techauction.core.refusal import Refusal
from techauction.queries.live import live_lots
from techauction.queries.sale import Sale
from techauction.saleroom.answers import lot_state, packed
from techauction.saleroom.vitals import Vitals

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Write = Callable[[bytes], bool]
log = structlog.get_logger()


class TooManyWatchers(Refusal):
    """As many streams are open as the process has room for beside its bidders."""

    code = "too_many_watchers"


COALESCED_S = 0.1
"""A lot's events are told at most ten times a second: each carries the whole state, so none is missed."""
HEARTBEAT_S = 15.0
NEAR_HEARTBEAT_S = 5.0
"""The same for who watches a lot near its close: their pages notice a silence within ten seconds."""
MOST_PLACES = 50_000
_UNREADABLE_S = 1.0


class Letter:
    """What some watchers are told alike: plain, and as a chunk of an answer over HTTP/1.1."""

    __slots__ = ("body", "chunk")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.chunk = b"%x\r\n%s\r\n" % (len(body), body)


_HEARTBEAT = Letter(b"event: still-here\ndata: {}\n\n")
_BEATS = round(HEARTBEAT_S / NEAR_HEARTBEAT_S)


class Watcher:
    """One stream, and the task that ends with it. `copies` are those of its lots that are a copy's and that its reader may see.

    `write` takes a letter's chunk as it stands on the wire, where the server has such a thing.
    """

    def __init__(self, lots: frozenset[int], copies: frozenset[int], send: Send, write: Write | None = None) -> None:
        self.lots = lots
        self.copies = copies
        self.task = asyncio.current_task()
        self._send = send
        self._write = write

    def may_see(self, state: Sale) -> bool:
        """Return whether the reader may be told of the lot."""
        return not state.of_copy or state.lot_id in self.copies

    def push(self, letter: Letter) -> bool:
        """Send without waiting; return whether the reader kept up.

        The server's `send` takes several times as long as `write`. It suspends only while the reader's buffer is full: one step
        of it tells, without a task for each.
        """
        if self._write is not None:
            return self._write(letter.chunk)
        sending = self._send({"type": "http.response.body", "body": letter.body, "more_body": True})
        step = sending.__await__()
        try:
            next(step)
        except StopIteration:
            return True
        except OSError:
            return False
        step.close()
        return False

    def leave(self) -> None:
        """End the stream."""
        if self.task is not None:
            self.task.cancel()


class Gallery:
    """Holds the streams of one event loop, with one send loop for all of them.

    It reads lots' public states itself, after the commit and off the accept path: what it is told is only which lots changed.
    `places`: so many streams may be open at once.
    """

    def __init__(
        self, sessions: sessionmaker[Session], clock: Clock, vitals: Vitals | None = None, *, places: int = MOST_PLACES
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self.places = places
        self._vitals = vitals or Vitals()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watchers: defaultdict[int, set[Watcher]] = defaultdict(set)
        self._everybody: set[Watcher] = set()
        self._states: dict[int, Sale] = {}
        self._being_read: set[int] = set()
        self._changed: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._telling = False
        self._closing = False

    def start(self) -> None:
        """Begin on the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._spawn(self._heartbeats())

    def close(self) -> None:
        """End every stream, so that the server can."""
        self._closing = True
        for watcher in list(self._everybody):
            watcher.leave()
        for task in self._tasks:
            task.cancel()

    def close_soon(self) -> None:
        """End every stream; from any thread, and from a signal handler."""
        if self._loop is not None and not self._closing:
            self._loop.call_soon_threadsafe(self.close)

    def publish(self, lot_ids: Iterable[int]) -> None:
        """Say that lots have changed; from any thread."""
        if self._loop is not None and not self._closing:
            try:
                self._loop.call_soon_threadsafe(self._mark, set(lot_ids))
            except RuntimeError:  # the loop has ended, and every stream with it
                log.info("gallery_is_over")

    def look_again(self) -> None:
        """Say that any lot may have changed: what other processes did was not heard for a while; from any thread."""
        if self._loop is not None and not self._closing:
            try:
                self._loop.call_soon_threadsafe(self._mark_all)
            except RuntimeError:
                log.info("gallery_is_over")

    @property
    def watching(self) -> int:
        """Return how many streams are open."""
        return len(self._everybody)

    @property
    def full(self) -> bool:
        """Return whether there is no place for another stream."""
        return len(self._everybody) >= self.places

    @property
    def closing(self) -> bool:
        """Return whether streams are being ended."""
        return self._closing

    def join(self, watcher: Watcher) -> None:
        """Have the watcher told of its lots from now on."""
        self._everybody.add(watcher)
        self._vitals.joined(self.watching, self._clock())
        for lot_id in watcher.lots:
            self._watchers[lot_id].add(watcher)

    def part(self, watcher: Watcher) -> None:
        """Forget the watcher."""
        self._everybody.discard(watcher)
        self._vitals.parted(self.watching)
        for lot_id in watcher.lots:
            self._watchers[lot_id].discard(watcher)
            if not self._watchers[lot_id]:
                del self._watchers[lot_id]

    def present(self, watcher: Watcher) -> bytes:
        """Return the present states of the watcher's lots as events, as far as they are known by now (`public`)."""
        known = [self._states[lot_id] for lot_id in sorted(watcher.lots) if lot_id in self._states]
        return b"".join(self._as_event(state) for state in known if watcher.may_see(state))

    async def public(self, lot_ids: frozenset[int]) -> frozenset[int]:
        """Return those of the lots that everybody may see; what is not known of any of them yet is read.

        A copy's lot is read each time, as is one that is not there: an answer that came sooner would tell which it is.
        """
        unknown = lot_ids - self._public(lot_ids)
        if unknown:
            self._being_read |= unknown  # before anything is read: what changes meanwhile is read again
            try:
                for state in await asyncio.to_thread(self._read, unknown):
                    self._learn(state)
            finally:
                self._being_read -= unknown
        return self._public(lot_ids)

    def _public(self, lot_ids: frozenset[int]) -> frozenset[int]:
        known = (self._states.get(lot_id) for lot_id in lot_ids)
        return frozenset(state.lot_id for state in known if state is not None and not state.of_copy)

    def _mark_all(self) -> None:
        self._states = {lot_id: state for lot_id, state in self._states.items() if lot_id in self._watchers}
        self._mark(set(self._watchers))

    def _mark(self, lot_ids: set[int]) -> None:
        self._changed |= lot_ids & (self._watchers.keys() | self._states.keys() | self._being_read)
        if self._changed and not self._telling:
            self._telling = True
            self._spawn(self._tell())

    async def _tell(self) -> None:
        """Tell the changed lots' states until none has changed any more."""
        try:
            while self._changed and self._loop is not None:
                began, changed = self._loop.time(), self._changed
                self._changed = set()
                try:
                    states = await asyncio.to_thread(self._read, changed)
                except SQLAlchemyError:  # the watchers are told when the database answers again
                    log.exception("gallery_cannot_read")
                    self._changed |= changed
                    await asyncio.sleep(_UNREADABLE_S)
                    continue
                for state in states:
                    self._learn(state)
                self._send([self._states[state.lot_id] for state in states])
                await asyncio.sleep(max(0.0, COALESCED_S - (self._loop.time() - began)))
        finally:
            self._telling = False

    def _read(self, lot_ids: Iterable[int]) -> list[Sale]:
        with self._sessions() as session:
            return live_lots(session, lot_ids)

    def _learn(self, state: Sale) -> None:
        known = self._states.get(state.lot_id)
        if known is None or known.order <= state.order:
            self._states[state.lot_id] = state

    def _as_event(self, state: Sale) -> bytes:
        return b"event: lot\ndata: " + packed(lot_state(state, self._clock())) + b"\n\n"

    def _send(self, states: list[Sale]) -> None:
        """Send each watcher what it watches, in one write."""
        if len(states) == 1:
            letter = Letter(self._as_event(states[0]))
            self._push((watcher, letter) for watcher in self._watching(states[0]))
            return
        bodies: defaultdict[Watcher, list[bytes]] = defaultdict(list)
        for state in states:
            body = self._as_event(state)
            for watcher in self._watching(state):
                bodies[watcher].append(body)
        self._push((watcher, Letter(b"".join(parts))) for watcher, parts in bodies.items())

    def _watching(self, state: Sale) -> list[Watcher]:
        """Return who is to be told of the lot; of a copy's only those who may see it."""
        watchers = list(self._watchers.get(state.lot_id, ()))
        return [each for each in watchers if each.may_see(state)] if state.of_copy else watchers

    def _push(self, letters: Iterable[tuple[Watcher, Letter]]) -> None:
        for watcher, letter in letters:
            if not watcher.push(letter):
                log.info("slow_reader_dropped")
                self._vitals.dropped(self._clock())
                watcher.leave()

    async def _heartbeats(self) -> None:
        for beat in count(1):
            await asyncio.sleep(NEAR_HEARTBEAT_S)
            told = self._everybody if beat % _BEATS == 0 else self._near_a_close()
            self._push((watcher, _HEARTBEAT) for watcher in list(told))

    def _near_a_close(self) -> set[Watcher]:
        """Return who watches a lot in its last period."""
        now = self._clock()
        near = [self._states[lot_id] for lot_id in self._watchers if lot_id in self._states]
        return {watcher for state in near if state.is_near_its_close(now) for watcher in self._watching(state)}

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
