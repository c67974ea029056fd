"""Several processes on one port: the parent holds the socket and the lock, starts the workers, and replaces those that die."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from threading import Thread
from types import FrameType

import structlog
from sqlalchemy.engine import make_url

from techauction import lock, serving
from techauction.clock import SystemClock
from techauction.saleroom.timekeeper import DRIFT
from techauction.settings import Settings

log = structlog.get_logger()

DRAIN_S = 4.5
"""How long workers may take to end after a SIGTERM; one that takes longer is killed, and loses nothing that was answered."""
BACKOFF_S = (0.0, 0.5, 1.0, 2.0, 5.0)
"""How long a worker is waited with that died again and again."""
_SOUND_S = 30.0
_SPAWN = get_context("spawn")


class OneProcessOnly(Exception):
    """The installation's database takes one serving process."""


class WorkerFailed(Exception):
    """A worker ended before it served at all."""


class _Worker:
    """One serving process, as its parent knows it."""

    def __init__(self, settings: Settings, clock: SystemClock, listening: socket.socket) -> None:
        self.ours, theirs = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=_work, args=(settings, clock, listening, theirs), name="techauction worker")
        self.process.start()
        theirs.close()
        self.serves = False
        self.began_s = time.monotonic()

    def hear(self) -> None:
        """Take the worker's word that it serves."""
        try:
            self.serves = bool(self.ours.recv())
        except (EOFError, OSError):
            self.ours.close()

    def end(self, until_s: float) -> None:
        """Wait for the worker's end, and kill it when its time is over."""
        self.process.join(max(0.0, until_s - time.monotonic()))
        if self.process.is_alive():
            log.warning("worker_killed", pid=self.process.pid)
            self.process.kill()
            self.process.join()
        self.ours.close()


def must_take_several(settings: Settings) -> None:
    """Refuse more than one process on a database that has no room for them.

    :raises OneProcessOnly: with the reason
    """
    if make_url(settings.database_url).get_backend_name() != "postgresql":
        raise OneProcessOnly(
            "more than one worker needs PostgreSQL: SQLite has one writer, and no way for processes to tell each other of bids"
        )


def serve(
    settings: Settings, clock: SystemClock, listening: socket.socket, *, workers: int, ready: Callable[[], None] = lambda: None
) -> None:
    """Serve with several processes until a SIGTERM or SIGINT; `ready` is called once, when all of them answer.

    The workers share the clock's anchor, so that they all read the same time.

    :raises OneProcessOnly, InstanceBusy: as they say
    :raises WorkerFailed: a worker cannot serve at all
    """
    must_take_several(settings)
    with lock.held(settings.instance, "serve"), _signals() as stopping:
        crew = [_Worker(settings, clock, listening) for _ in range(workers)]
        try:
            if _begun(crew, stopping):
                ready()
                _supervise(crew, stopping, lambda: _Worker(settings, _sound(clock), listening))
        finally:
            for worker in crew:
                worker.process.terminate()
            until_s = time.monotonic() + DRAIN_S
            for worker in crew:
                worker.end(until_s)


def _begun(crew: list[_Worker], stopping: socket.socket) -> bool:
    """Wait until all workers serve; return whether they do.

    :raises WorkerFailed: one ended first
    """
    while not all(worker.serves for worker in crew):
        happened = wait([stopping, *(worker.ours for worker in crew if not worker.serves)])
        if stopping in happened:
            return False
        for worker in crew:
            if worker.ours in happened:
                worker.hear()
                if not worker.serves:
                    raise WorkerFailed("a worker ended before it served; what it said stands above")
    return True


def _supervise(crew: list[_Worker], stopping: socket.socket, start: Callable[[], _Worker]) -> None:
    """Start again what dies, until a signal comes."""
    deaths = 0
    while stopping not in wait([stopping, *(worker.process.sentinel for worker in crew)]):
        for place, worker in enumerate(crew):
            if worker.process.is_alive():
                continue
            worker.end(0.0)
            deaths = 0 if time.monotonic() - worker.began_s > _SOUND_S else deaths + 1
            log.error("worker_died", pid=worker.process.pid, exitcode=worker.process.exitcode)
            if wait([stopping], BACKOFF_S[min(deaths, len(BACKOFF_S) - 1)]):
                return
            crew[place] = start()


def _sound(clock: SystemClock) -> SystemClock:
    """Return the clock for a worker that comes later: the others' own, unless they have given it up."""
    if abs(clock.drift()) > DRIFT:
        clock.anchor()
    return clock


def _work(settings: Settings, clock: SystemClock, listening: socket.socket, parent: Connection) -> None:
    """Serve as one of the workers; end with the parent, however that ends."""
    Thread(target=_end_with, args=(parent,), daemon=True).start()
    serving.serve_beside(settings, clock, listening, ready=lambda _process: parent.send(True))


def _end_with(parent: Connection) -> None:
    try:
        parent.recv()
    except (EOFError, OSError):
        os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _signals() -> Iterator[socket.socket]:
    """Yield what becomes readable when the process is told to end."""
    reading, writing = socket.socketpair()
    writing.setblocking(False)

    def told(_sig: int, _frame: FrameType | None) -> None:
        writing.send(b"!")

    before = {each: signal.signal(each, told) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield reading
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        reading.close()
        writing.close()
