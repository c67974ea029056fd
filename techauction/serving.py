"""Serving an installation: one port, its scheduler beside it, and an orderly end."""

import errno
import gc
import logging
import os
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from sqlalchemy.orm import sessionmaker
from uvicorn import Config, Server

from techauction import lock, logs
from techauction.asgi import Process
from techauction.clock import Clock
from techauction.db import db
from techauction.jobs.mailer import mailer_of
from techauction.jobs.scheduler import Scheduler
from techauction.jobs.turns import Turns
from techauction.protocol import OneWrite
from techauction.settings import Settings

DRAIN_S = 3
"""How long open connections may take to end after a SIGTERM; the auctioneer then decides what was queued."""
WANTED_FILES = 65_536
_BACKLOG = 2_048


class AddressTaken(Exception):
    """The address cannot be listened on."""


def listen(host: str, port: int, *, tries: int = 1) -> socket.socket:
    """Return a socket that listens on the port, or on the next free one of `tries`.

    :raises AddressTaken: none of them can be had
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port, port + tries):
        try:
            return socket.create_server((host, candidate), family=family, backlog=_BACKLOG)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or candidate == port + tries - 1:
                raise AddressTaken(f"cannot listen on {host}:{candidate}: {os.strerror(error.errno or 0)}") from error
    raise AssertionError("tries is at least one")


def address_of(listening: socket.socket) -> str:
    """Return the address to type into a browser."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if listening.family == socket.AF_INET6 else f"http://{host}:{port}"


def serve(
    settings: Settings, clock: Clock, listening: socket.socket, *, ready: Callable[[Process], None] = lambda _process: None
) -> None:
    """Serve until a SIGTERM or SIGINT, holding the instance's lock; `ready` is called once, when requests are answered.

    :raises InstanceBusy: another process serves the instance or writes to it
    """
    with lock.held(settings.instance, "serve"):
        serve_beside(settings, clock, listening, ready=ready)


def serve_beside(settings: Settings, clock: Clock, listening: socket.socket, *, ready: Callable[[Process], None]) -> None:
    """Serve as `serve` does, as one of several processes whose parent holds the lock."""
    with _quiet_signals():
        logs.configure(logging.WARNING if settings.demo else logging.INFO)
        _raise_limits()
        process = Process(settings, clock)
        _Server(process, ready).run(sockets=[listening])


class _Server(Server):
    """uvicorn, which starts and ends the scheduler with itself, and ends the streams before it waits for connections."""

    def __init__(self, process: Process, ready: Callable[[Process], None]) -> None:
        super().__init__(
            Config(
                process,
                http=OneWrite,
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ws="none",
                timeout_graceful_shutdown=DRAIN_S,
            )
        )
        self._process = process
        self._ready = ready
        with process.app.app_context():
            sessions = sessionmaker(db.engine, expire_on_commit=False)
        mailer = mailer_of(process.settings)
        turns = Turns(process.settings.database_url)
        self._scheduler = Scheduler(
            process.app, sessions, process.auctioneer, process.clock, mailer, turns=turns, vitals=process.vitals
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then let the scheduler begin."""
        await super().startup(sockets)
        if self.started:
            self._scheduler.start()
            _spare_the_collector()
            self._ready(self._process)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop the scheduler, then end."""
        self._scheduler.stop()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End the streams at once, and then the server."""
        self._process.close_soon()
        super().handle_exit(sig, frame)


@contextmanager
def _quiet_signals() -> Iterator[None]:
    """Let the process end in its own way: uvicorn raises the signal it was stopped by once more when it is done."""

    def done(_sig: int, _frame: FrameType | None) -> None:
        return

    before = {each: signal.signal(each, done) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _spare_the_collector() -> None:
    """Leave what the process has built out of every later collection, and collect the oldest generation seldom.

    Modules, tables and compiled statements live as long as the process; to walk them took up to a tenth of a second, in which
    no bid was answered.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def _raise_limits() -> None:
    """Allow as many open files as watchers may need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
