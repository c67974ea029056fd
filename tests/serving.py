"""The real server in a thread of the test: uvicorn, the saleroom's paths, and the pages."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread

import uvicorn

from techauction import asgi
from techauction.clock import Clock
from techauction.protocol import OneWrite
from techauction.settings import Settings


@dataclass(frozen=True, slots=True)
class Served:
    """A server at work."""

    url: str
    process: asgi.Process


@contextmanager
def serving(settings: Settings, clock: Clock) -> Iterator[Served]:
    """Serve on a free port of loopback until the end of the block."""
    process = asgi.Process(settings, clock)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(process, http=OneWrite, lifespan="on", log_level="warning", timeout_graceful_shutdown=5)
    )
    thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
        assert thread.is_alive(), "the server did not start"
    yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}", process)
    process.close_soon()
    server.should_exit = True
    thread.join(20)
    assert not thread.is_alive(), "the server did not end"
