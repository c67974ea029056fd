"""The process that is measured: `python -m techauction.bench.served product|naive INSTANCE SOCKET WORKERS`."""

import socket
import sys
from pathlib import Path
from typing import Any, cast

import uvicorn

from techauction import serving, settings, supervising
from techauction.bench.naive import create_naive
from techauction.bench.over_http import READY
from techauction.bridge import Bridge
from techauction.clock import SystemClock
from techauction.protocol import OneWrite
from techauction.settings import Settings


def serve_naive(of: Settings, listening: socket.socket) -> None:
    """Serve the naive app as the product serves its pages: uvicorn, and the same threads."""
    app = Bridge(create_naive(of, SystemClock()).wsgi_app)
    config = uvicorn.Config(
        cast("Any", app), http=OneWrite, lifespan="off", log_config=None, access_log=False, server_header=False
    )
    uvicorn.Server(config).run(sockets=[listening])


def _say_ready(*_process: object) -> None:
    print(READY, flush=True)


def main(kind: str, directory: str, descriptor: str, workers: str) -> None:
    """Serve one of the two on a socket that is listening already, until a SIGTERM."""
    of = settings.load(Path(directory), environ={})
    listening = socket.socket(fileno=int(descriptor))
    if kind == "naive":
        serve_naive(of, listening)
    elif workers == "1":
        serving.serve(of, SystemClock(), listening, ready=_say_ready)
    else:
        supervising.serve(of, SystemClock(), listening, workers=int(workers), ready=_say_ready)


if __name__ == "__main__":
    main(*sys.argv[1:])
