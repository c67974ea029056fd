"""The real server in a thread of the test: uvicorn, the saleroom's paths, and the pages."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any, Literal

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
def serving(settings: Settings, clock: Clock, protocol: type[OneWrite] = OneWrite) -> Iterator[Served]:
    """Serve on a free port of loopback until the end of the block."""
    process = asgi.Process(settings, clock)
    with listening(process, protocol, lifespan="on") as url:
        yield Served(url, process)
        process.close_soon()


@contextmanager
def listening(app: Any, protocol: type[OneWrite] = OneWrite, *, lifespan: Literal["on", "off"] = "off") -> Iterator[str]:
    """Have uvicorn serve an ASGI application with our protocol until the end of the block; yield its address."""
    listens = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan=lifespan,
        log_level="warning",
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listens]}, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
        assert thread.is_alive(), "the server did not start"
    yield f"http://127.0.0.1:{listens.getsockname()[1]}"
    server.should_exit = True
    thread.join(20)
    assert not thread.is_alive(), "the server did not end"
