"""The auctioneer: one thread that decides everything about open lots, in order of arrival."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread
from typing import Any, TypeVar

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import Clock
from techauction.core.absence import LEAST
from techauction.core.custody import WITHOUT_KEYS, Custody
from techauction.core.lot import Stage
from techauction.core.refusal import Refusal
from techauction.core.stuck import Duty
from techauction.db import checkpoint, writing
from techauction.postgresql import CommitUnknown, cause, hurry, is_held, is_passing, is_raced, is_undone, weigh
from techauction.saleroom.answering import FateUnknown, Waiting, answer
from techauction.saleroom.clerk import Clerk
from techauction.saleroom.keptback import KeptBack
from techauction.saleroom.life import Life
from techauction.saleroom.tickets import Ticket, Tickets
from techauction.saleroom.timekeeper import BEAT, Timekeeper
from techauction.services import absence, hammer, holding
from techauction.services.bidding import Answer, Asked, Taken, take_bids
from techauction.services.instructions import AwaitsHammer
from techauction.services.record import CHANGED
from techauction.store.consigning import LotRow

__all__ = ["Asked", "Auctioneer", "FateUnknown", "QueueFull", "Taken"]

T = TypeVar("T")
log = structlog.get_logger()

GROUP = 256
"""At most so many offers share a transaction: enough for the throughput, few enough for a short wait."""
HAMMERS = 256
"""At most so many hammers share a transaction: what they bring with them comes after it."""
TRIES = 4
"""So often a transaction is tried that the database broke off."""
UNKNOWN_S = 8.0
"""So long an offer waits for a lot that somebody holds until its bidder is told; a process that stopped is cut off sooner."""
RETRY_S = 0.5
SOON_S = 0.02
AGAIN_S = 0.1
"""So soon it is tried again what the database refused."""
BIDDERS_ACTS = 500
"""At most so many acts of bidders wait: each has a transaction of its own, and what an organizer does comes after them."""
IDLE_S = 0.5
"""At least so often the auctioneer looks when the next close is: other processes open lots too."""
HELD_S = 2.0
"""So often it looks whether the key is back that lots past their close wait for."""
CHECKPOINT_S = 2.0
PROVEN_WITHIN_S = (BEAT + LEAST).total_seconds()
"""While lots are sold the last proof is not older, or there is an absence."""


class QueueFull(Refusal):
    """So many offers, or acts of bidders, wait that this one is not taken in."""

    code = "queue_full"

    def __init__(self) -> None:
        super().__init__()


@dataclass(slots=True)
class _Offer:
    asked: Asked
    ticket: Ticket
    future: Waiting
    told: bool = False
    held_since_s: float | None = None


@dataclass(slots=True, eq=False)
class _Act:
    """A use case; without one, a nudge. One with a ticket goes by its stamp."""

    use_case: Callable[..., Any] | None
    ticket: Ticket | None = None
    future: "Future[Any]" = field(default_factory=Future)
    held_since_s: float | None = None

    @property
    def waits_for(self) -> "int | _Act | None":
        """Return the lot whose turn it waits for, where it stands in the order of one; else itself."""
        return self if self.ticket is None else self.ticket.lot_id


class Auctioneer:
    """Takes offers and acts on lots in order of arrival, and closes lots when their time comes.

    `sessions` make sessions on an engine of the auctioneer's own. `on_decided` is told the answers to a group of offers before
    their commit, and `on_change` the ids of lots that changed after it, before anybody is answered; `announce` is told the same
    inside the transaction, for other processes. What is sealed is opened by `custody` when the hammer falls; without the key a
    lot waits.
    """

    def __init__(
        self,
        sessions: sessionmaker[Session],
        clock: Clock,
        *,
        places: int = 10_000,
        bidders_acts: int = BIDDERS_ACTS,
        custody: Custody = WITHOUT_KEYS,
    ) -> None:
        self.on_decided: Callable[[Sequence[Answer]], None] = lambda _answers: None
        self.on_change: Callable[[Iterable[int]], None] = lambda _lot_ids: None
        self.announce: Callable[[Session, Iterable[int]], None] = lambda _session, _lot_ids: None
        self._sessions = sessions
        self._clock = clock
        self._places = places
        self._bidders_acts = BoundedSemaphore(bidders_acts)
        self._custody = custody
        self._queue: SimpleQueue[_Offer | _Act | None] = SimpleQueue()
        self._again: list[_Offer | _Act] = []
        """What the database refused, and what stood behind it: the queue's head."""
        self._kept_back: KeptBack[_Offer | _Act] = KeptBack()
        """What waits for a lot that somebody outside holds, and what came after it at that lot."""
        self._late: list[_Offer | _Act] = []
        """What came at a close or after it: it waits for the hammer."""
        self._arriving: dict[asyncio.AbstractEventLoop, list[_Offer]] = {}
        self._thread: Thread | None = None
        self.tickets = Tickets(clock)
        self._timekeeper = Timekeeper(clock, self._perform, self.tickets)
        self._clerk = Clerk(self._perform)
        self._nudged: list[_Act] = []
        self._next_close: datetime | None = None
        self._again_s = 0.0  # until then nothing is tried that could not be done
        self._looked_s = 0.0
        self._checkpointed_s = 0.0
        self._held_s = 0.0
        self._broken = False
        """Whether the hammer could not fall on a lot the last time."""
        self._stopping = False

    # The front: any thread.

    def submit(self, asked: Asked, ticket: Ticket | None = None) -> "Future[Taken]":
        """Queue an offer; the future holds the bid taken, or raises the Refusal or FateUnknown.

        `ticket` is the one of the request that it came by; an offer that came by none arrives now.

        :raises QueueFull: too many offers wait already
        """
        self._must_have_room()
        future: Future[Taken] = Future()
        self._queue.put(_Offer(asked, self._queued(asked.lot_id, ticket), future))
        return future

    def submit_async(self, asked: Asked, ticket: Ticket | None = None) -> "asyncio.Future[Taken]":
        """Queue an offer from a running event loop; the answer comes back on that loop.

        What the loop reads in one go is queued in one go: else the first offer wakes the thread, and the others miss its group.

        :raises QueueFull: too many offers wait already
        """
        loop = asyncio.get_running_loop()
        arriving = self._arriving.setdefault(loop, [])
        self._must_have_room(len(arriving))
        if not arriving:
            loop.call_soon(self._let_in, loop)
        future: asyncio.Future[Taken] = loop.create_future()
        arriving.append(_Offer(asked, self._queued(asked.lot_id, ticket), future))
        return future

    def act(self, use_case: Callable[..., T]) -> "Future[T]":
        """Queue a use case that changes lots, called as `use_case(session, read_clock=clock)`.

        It runs in a write transaction of its own, in its turn. The future holds what it returned, or raises what it raised.
        """
        act = _Act(use_case)
        self._queue.put(act)
        return act.future

    def act_of_bidder(self, use_case: Callable[..., T]) -> "Future[T]":
        """Queue a use case for a bidder, as `act` does. There is room for some only, so that organizers' acts come through.

        :raises QueueFull: too many offers, or acts of bidders, wait already
        """
        self._must_have_room()
        return self._of_bidder(_Act(use_case))

    def act_in_time(self, use_case: Callable[..., T], lot_id: int, ticket: Ticket | None = None) -> "Future[T]":
        """Queue a use case that goes by when it was asked, as an offer does: it is called with `received_at` besides.

        :raises QueueFull: too many offers, or acts of bidders, wait already
        """
        self._must_have_room()
        return self._of_bidder(_Act(use_case, self._queued(lot_id, ticket)))

    def _of_bidder(self, act: _Act) -> "Future[Any]":
        if not self._bidders_acts.acquire(blocking=False):
            if act.ticket is not None:
                self.tickets.end([act.ticket])
            raise QueueFull
        act.future.add_done_callback(lambda _: self._bidders_acts.release())
        self._queue.put(act)
        return act.future

    def nudge(self) -> "Future[None]":
        """Do everything that is due at the present time; the future is answered when it is done."""
        act = _Act(None)
        self._queue.put(act)
        return act.future

    def certify(self) -> "Future[None]":
        """See to it that what has been decided until now outlives this server; the future is answered when it does.

        It raises CommitUnknown where the second server has not said that it has everything.

        :raises QueueFull: it is asked for bidders, and too many of them wait already
        """
        return self.act_of_bidder(_certify)

    def try_to_write(self) -> "Future[None]":
        """Write something small, in its turn; the future raises what the database said against it."""
        return self.act(self._timekeeper.write)

    @property
    def waiting(self) -> int:
        """Return how many offers and acts wait."""
        return self._queue.qsize()

    @property
    def alive(self) -> bool:
        """Return whether the thread is running."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def proves(self) -> bool:
        """Return whether lots are sold, and the last proof that bids can be taken is as young as it then must be."""
        return self._next_close is not None and self.life.wrote_within(PROVEN_WITHIN_S)

    @property
    def life(self) -> Life:
        """Return what proves that the process can take bids."""
        return self._timekeeper.life

    def start(self) -> None:
        """Look what was lost while nobody was there, then begin."""
        assert self._thread is None
        self._timekeeper.begin()
        self._look_ahead()
        self._thread = Thread(target=self._run, name="auctioneer", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Decide what was queued before this call, then end."""
        self._stopping = True
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join(timeout)

    def _must_have_room(self, arriving: int = 0) -> None:
        waiting = self._queue.qsize() + len(self._again) + len(self._late) + len(self._kept_back)
        if self._stopping or waiting + arriving >= self._places:
            raise QueueFull

    def _queued(self, lot_id: int, ticket: Ticket | None) -> Ticket:
        """Return the ticket of what is queued now, which holds until that is decided."""
        ticket = ticket or self.tickets.issue(lot_id)
        self.tickets.queue(ticket, lot_id)
        return ticket

    def _let_in(self, loop: asyncio.AbstractEventLoop) -> None:
        for each in self._arriving.pop(loop):
            self._queue.put(each)

    # The desk: the auctioneer's own thread.

    def _run(self) -> None:
        while True:
            taken = self._next()
            stop = any(each is None for each in taken)
            self._kept(self._keep_time)
            self._work([each for each in taken if each is not None])
            if not self._again:
                self._kept_back.tried(self._work_again)
            if not taken or self._late or time.monotonic() - self._looked_s >= IDLE_S:
                self._kept(self._look_ahead)
            self._kept(self._beat)  # offers that were here in time go before what an absence brings
            self._kept(self._close_due)
            if self._late and not self._again:
                late, self._late = self._late, []
                self._work(late)
            if time.monotonic() - self._held_s >= HELD_S:
                self._kept(self._close_held)
            ends = stop or (self._stopping and bool(self._again))
            if ends and not self._again:
                self._try_kept_back_last()
            self._kept(self._clerk.finish if ends else self._clerk.step)
            if not self._clerk.busy:
                self._answer_nudges()
            if ends:
                self._leave_undecided()
                self._kept(self._timekeeper.end)
                return

    def _leave_undecided(self) -> None:
        """Tell who waits still that nobody knows."""
        left = [*self._kept_back, *self._again, *self._late]
        with suppress(Empty):
            while True:
                left += [each for each in [self._queue.get_nowait()] if each is not None]
        for each in left:
            if isinstance(each, _Offer):
                self._tell_unknown([each], FateUnknown("the house ends"))
            elif not each.future.done():
                each.future.set_exception(FateUnknown("the house ends"))

    def _kept(self, duty: Callable[[], None]) -> None:
        """Do what nobody waits for. The sale goes on if it fails: what is due stays due."""
        try:
            duty()
        except Exception:
            log.exception("auctioneer_stumbled", duty=duty.__name__)

    def _next(self) -> "list[_Offer | _Act | None]":
        if self._again:  # nothing that came later may come before it
            time.sleep(AGAIN_S)
            again, self._again = self._again, []
            return [*again]
        try:
            taken = [self._queue.get(timeout=self._patience())]
        except Empty:
            return []
        time.sleep(0)  # lets the event loop bring what it is just reading: a larger group costs each of its offers less
        while taken[-1] is not None and len(taken) < GROUP:
            try:
                taken.append(self._queue.get_nowait())
            except Empty:
                break
        return taken

    def _patience(self) -> float:
        """Return for how many seconds nothing will be due."""
        if self._clerk.busy:
            return 0.0
        if self._late:
            return SOON_S
        idle_s = min(IDLE_S, self._kept_back.patience_s()) if self._kept_back else IDLE_S
        if self._next_close is None:
            return idle_s
        due_s = max((self._next_close - self._clock()).total_seconds(), self._again_s - time.monotonic(), 0.0)
        return min(due_s, self._timekeeper.pace_s(self._next_close), idle_s)

    def _work(self, taken: "list[_Offer | _Act]", *, hurried: bool = False) -> None:
        """Do what was asked in order: offers that stand together share a transaction.

        Where the database does not answer, the group and all behind it stay the queue's head.
        """
        group: list[_Offer] = []
        for place, each in enumerate(taken):
            if isinstance(each, _Offer):
                group.append(each)
                continue
            if left := self._take(group, hurried=hurried):
                self._again = [*left, *taken[place:]]
                return
            group = []
            self._do(each, hurried=hurried)
        self._again = [*self._take(group, hurried=hurried)]

    def _work_again(self, kept_back: "list[_Offer | _Act]") -> None:
        """Try once more what waits for a lot, if nothing went wrong with what was tried before it."""
        if self._again:
            self._again += kept_back
        else:
            self._work(kept_back, hurried=True)

    def _try_kept_back_last(self) -> None:
        for _ in range(len(self._kept_back)):
            if self._kept_back:
                self._kept_back.try_next(self._work_again)

    def _take(self, group: list[_Offer], *, hurried: bool = False) -> list[_Offer]:
        """Decide the offers; return those that the database refused, which nobody knows to be kept or not.

        At a lot that somebody outside holds they are kept back, in their order.
        """
        for each in group:
            if each.asked.lot_id in self._kept_back:
                self._keep_back(each.asked.lot_id, [each])
        group = [each for each in group if each.asked.lot_id not in self._kept_back]
        if not group:
            return []
        for tries_left in reversed(range(1 if group[0].told else TRIES)):
            try:
                answers = self._decide(group, hurried=hurried)
            except Exception as error:
                raced = is_raced(error)
                if isinstance(error, CommitUnknown):
                    # To ask for the keys now would find offers that may be lost with this server.
                    log.exception("commit_unknown", offers=len(group))
                elif is_held(error):
                    return self._take_by_lots(group)
                elif is_passing(error) and (tries_left or not raced):
                    # Nobody is to blame. Offers that were kept after all answer by their key.
                    log.warning(
                        "group_tried_again", offers=len(group), error=type(cause(error)).__name__, tries_left=tries_left
                    )
                    if tries_left:
                        continue
                    self._tell_unknown(group, FateUnknown(str(error)))
                    return group
                else:
                    log.exception("group_failed", offers=len(group))
                    if len(group) > 1:  # one of them may be to blame
                        return self._take_one_by_one(group)
                self.tickets.end(each.ticket for each in group)
                self._tell_unknown(group, FateUnknown(str(error)))
                return []
            self._late += [each for each, said in zip(group, answers, strict=True) if said is None]
            decided = [(each, said) for each, said in zip(group, answers, strict=True) if said is not None]
            self.tickets.end(each.ticket for each, _ in decided)
            answer((each.future, said) for each, said in decided if not each.told)
            return []
        raise AssertionError("the last try returns")

    def _take_one_by_one(self, group: list[_Offer]) -> list[_Offer]:
        for place, each in enumerate(group):
            if self._take([each]):
                return group[place:]
        return []

    def _take_by_lots(self, group: list[_Offer]) -> list[_Offer]:
        """Decide the offers lot by lot: somebody holds one of the lots, and the others go on. Return as `_take` does."""
        by_lot: dict[int, list[_Offer]] = {}
        for each in group:
            by_lot.setdefault(each.asked.lot_id, []).append(each)
        if len(by_lot) == 1:
            self._keep_back(group[0].asked.lot_id, group)
            return []
        left: list[_Offer] = []
        for offers in by_lot.values():
            left += offers if left else self._take(offers, hurried=True)
        return left

    def _keep_back(self, lot_id: int, group: list[_Offer]) -> None:
        """Have the offers wait for their lot, and tell whoever has waited for long that nobody knows yet."""
        if lot_id not in self._kept_back and group[0].held_since_s is None:
            log.warning("lot_is_held", lot=lot_id, offers=len(group))
        self._kept_back.add(lot_id, group)
        self._tell_unknown([each for each in group if _waited_long(each)], FateUnknown("somebody holds the lot"))

    def _tell_unknown(self, group: list[_Offer], unknown: FateUnknown) -> None:
        """Tell whoever has not been told yet that an offer's fate is unknown; its key will tell."""
        answer((each.future, unknown) for each in group if not each.told)
        for each in group:
            each.told = True

    def _decide(self, group: list[_Offer], *, hurried: bool) -> list[Answer | None]:
        for each in group:
            each.asked.received_at = self.tickets.arrived_at(each.ticket)
        with self._transaction(closes_only_later=True, hurried=hurried) as session:
            answers = take_bids(session, [each.asked for each in group], read_clock=self._clock, custody=self._custody)
            if not session.info.get(CHANGED):
                weigh(session)  # a repeated answer is as certain as the first
            self.on_decided([each for each in answers if each is not None])
        return answers

    def _do(self, act: _Act, *, hurried: bool = False) -> None:
        if act.waits_for in self._kept_back:
            self._kept_back.add(act.waits_for, [act])
            return
        if not act.future.running() and not act.future.set_running_or_notify_cancel():
            return
        try:
            if act.use_case is None:
                self._again_s = 0.0
                self._look_ahead()
                self._close_due()
                self._close_held()
                self._clerk.expect()
                self._nudged.append(act)  # what the clerk has to do for it, it does between offers
                return
            if act.ticket is None:
                result = self._perform(act.use_case, hurried=hurried)
            else:
                in_time = partial(act.use_case, received_at=self.tickets.arrived_at(act.ticket))
                result = self._perform(in_time, hurried=hurried)
        except AwaitsHammer:
            self._late.append(act)
            return
        except BaseException as error:  # noqa: BLE001 (whatever it was, its caller is told)
            if is_held(error) and not _waited_long(act):
                self._kept_back.add(act.waits_for, [act])
                return
            act.future.set_exception(error)
        else:
            act.future.set_result(result)
        if act.ticket is not None:
            self.tickets.end([act.ticket])

    def _answer_nudges(self) -> None:
        for act in self._nudged:
            act.future.set_result(None)
        self._nudged.clear()

    def _perform(self, use_case: Callable[..., T], *, hurried: bool = False) -> T:
        """Run a use case in a write transaction of its own, again where the database certainly undid it.

        Nobody waits twice for what somebody outside holds; `hurried`: hardly once.
        """
        for tries_left in reversed(range(TRIES)):
            try:
                with self._transaction(hurried=hurried) as session:
                    result = use_case(session, read_clock=self._clock)
            except Exception as error:
                if not (tries_left and is_undone(error)) or is_held(error):
                    raise
                log.warning("act_tried_again", error=type(cause(error)).__name__, tries_left=tries_left)
            else:
                return result
        raise AssertionError("the last try returns or raises")

    @contextmanager
    def _transaction(self, *, closes_only_later: bool = False, hurried: bool = False) -> Iterator[Session]:
        """Write in a session of its own; tell other processes with the commit, and our own watchers after it."""
        with self._sessions() as session:
            try:
                with writing(session):
                    if hurried:
                        hurry(session)
                    yield session
                    if changed := session.info.get(CHANGED):
                        self.announce(session, changed)
                if changed:  # SQLite ends a transaction that wrote nothing without touching the disk: that proves nothing
                    self._timekeeper.life.prove()
            except CommitUnknown:  # here it stands, and everybody sees it
                self._tell(session, closes_only_later=closes_only_later)
                raise
            self._tell(session, closes_only_later=closes_only_later)

    def _close_due(self) -> None:
        """Let the hammer fall on every lot whose close has come."""
        while self._is_due():
            self._again_s = time.monotonic() + RETRY_S  # if the next lines fail
            self._beat()  # other processes wait to hear that what was here before the close is decided
            broken, self._broken = self._broken, False
            try:
                fallen = self._hammer(hurried=broken)
            except Exception:  # one broken lot must not keep the others open
                log.exception("hammers_failed")
                due = self._perform(_due)
                fallen = [lot_id for lot_id in due if self._hammered_alone(lot_id)]
                self._broken = len(fallen) < len(due)
            if not fallen:
                self._look_ahead()
                if not self._broken:  # another process is at work on it, or is waited for
                    self._again_s = time.monotonic() + SOON_S
                return
            self._again_s = 0.0

    def _hammer(self, among: list[int] | None = None, *, hurried: bool = False) -> list[int]:
        try:
            fall = partial(
                _hammer, among=among, custody=self._custody, awaited=self.tickets.awaited, timekeeper=self._timekeeper
            )
            fallen, rounds = self._perform(fall, hurried=hurried)
        finally:
            self._clerk.expect()  # a commit whose fate is unknown may have left something too
        self._clerk.expect(rounds)
        return fallen

    def _close_held(self) -> None:
        """Let the hammer fall on lots that waited for a key which is here again."""
        self._held_s = time.monotonic()
        openable = self._perform(partial(_openable, custody=self._custody))
        if openable:
            self._hammer(openable)

    def _is_due(self) -> bool:
        """Return whether a close has come, and it may be tried to let the hammer fall."""
        return self._next_close is not None and self._clock() >= self._next_close and time.monotonic() >= self._again_s

    def _hammered_alone(self, lot_id: int) -> bool:
        try:
            return bool(self._hammer([lot_id], hurried=True))
        except Exception as error:  # it stays due, and is tried again
            log.exception("hammer_failed", lot=lot_id)
            self._clerk.tell(lot_id, Duty.HAMMER, error)
            return False

    def _tell(self, session: Session, *, closes_only_later: bool = False) -> None:
        """After a commit: look when the next close is, and tell who watches.

        Bids move closes only later: to look too early does no harm, and to ask after every group takes a tenth of its time.
        """
        changed = session.info.pop(CHANGED, None)
        if not changed:
            return
        if not closes_only_later:
            self._clerk.expect()
        if self._next_close is None or not closes_only_later:
            self._next_close = _next_close(session, read_clock=self._clock)
        self.on_change(changed)

    def _look_ahead(self) -> None:
        """Look when the next close is; other processes open lots too, and move closes."""
        self._next_close = self._perform(_next_close)
        self._looked_s = time.monotonic()

    def _keep_time(self) -> None:
        """Before offers are taken: stop the sale if the clock was stepped."""
        if self._timekeeper.stepped():
            self._look_ahead()
            self._close_due()
            self._timekeeper.set_right()

    def _beat(self) -> None:
        if self._timekeeper.beat(self._next_close) and time.monotonic() - self._checkpointed_s >= CHECKPOINT_S:
            self._checkpointed_s = time.monotonic()
            with self._sessions() as session:
                checkpoint(session.get_bind().engine)


def _waited_long(waiting: _Offer | _Act) -> bool:
    """Return whether it has waited for long for what somebody holds; it begins to when this is asked first."""
    now_s = time.monotonic()
    if waiting.held_since_s is None:
        waiting.held_since_s = now_s
    return now_s - waiting.held_since_s >= UNKNOWN_S


def _certify(session: Session, *, read_clock: Clock) -> None:
    del read_clock
    weigh(session)


def _next_close(session: Session, *, read_clock: Clock) -> datetime | None:
    del read_clock
    return session.scalar(
        select(LotRow.closes_at)
        .where(LotRow.stage == Stage.OPEN, LotRow.key_missing_at.is_(None))
        .order_by(LotRow.closes_at)
        .limit(1)
    )


def _due(session: Session, *, read_clock: Clock) -> list[int]:
    return hammer.due(session, now=read_clock())


def _openable(session: Session, *, read_clock: Clock, custody: Custody) -> list[int]:
    del read_clock
    return holding.openable(session, custody)


def _hammer(
    session: Session,
    *,
    read_clock: Clock,
    custody: Custody,
    awaited: Callable[[], Callable[[int, datetime], bool]],
    timekeeper: Timekeeper,
    among: list[int] | None = None,
) -> tuple[list[int], set[int]]:
    now = read_clock()
    heard = timekeeper.hear(session, now=now)
    here = awaited()

    def awaits(lot_id: int, closes_at: datetime) -> bool:
        return here(lot_id, closes_at) or heard.awaits(lot_id, closes_at, now)

    claimed = hammer.claim(session, now=now, most=HAMMERS, among=among, awaits=awaits)
    lost = absence.look(session, now=now, lot_ids=claimed)
    return claimed, hammer.fall(session, [each for each in claimed if each not in lost], now=now, custody=custody, heard=heard)
