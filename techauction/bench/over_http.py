"""One run over HTTP: a server process on a copy of the instance, the load against it, and the check of what was kept."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from techauction.bench.failure import ServerLost
from techauction.bench.instance import INCREMENT_FEN, START_FEN, Instance
from techauction.bench.kept import check
from techauction.bench.load import Plan, Seen

READY = "all processes serve"
"""What the product's server says on its log."""
_START_S = 120.0
_END_S = 20.0
_BACKLOG = 2_048


@dataclass(frozen=True, slots=True)
class Server:
    """The measured server."""

    pid: int
    port: int


def measure(
    kind: str,
    instance: Instance,
    *,
    connections: int,
    warm_s: float,
    seconds: float,
    rate: float | None = None,
    workers: int = 1,
) -> Seen:
    """Return what a load saw at the product or the naive path, after its whole record was checked.

    `rate`: offers a second, whatever becomes of them; none is as fast as the answers come.

    :raises ServerLost: server or load did not do their part
    :raises Miscounted: the record is not what was acknowledged
    """
    with serving(kind, instance, workers=workers) as server:
        seen = bid(server, instance, connections=connections, warm_s=warm_s, seconds=seconds, rate=rate)
    check(instance, seen)
    return seen


def bid(
    server: Server,
    instance: Instance,
    *,
    connections: int,
    warm_s: float,
    seconds: float,
    rate: float | None = None,
    start_fen: int = START_FEN,
) -> Seen:
    """Return what a load saw at a server, whose bids begin at `start_fen`.

    :raises ServerLost: the load did not end well
    """
    plan = Plan(
        port=server.port,
        lot_ids=list(instance.lot_ids),
        bidders=[asdict(each) for each in instance.bidders],
        connections=connections,
        start_fen=start_fen,
        increment_fen=INCREMENT_FEN,
        warm_s=warm_s,
        seconds=seconds,
        rate=rate,
        server_pid=server.pid,
    )
    said = json.loads(run_client("load", asdict(plan)))
    return Seen(
        **{
            **said,
            "acknowledged": [tuple(each) for each in said["acknowledged"]],
            "unsettled": [tuple(each) for each in said["unsettled"]],
        }
    )


@contextmanager
def serving(kind: str, instance: Instance, *, workers: int = 1) -> Iterator[Server]:
    """Serve the instance in a process of its own, or in several, until the end of the block."""
    log = instance.directory / "log"
    with socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG) as listening, log.open("wb") as written:
        port = listening.getsockname()[1]
        process = subprocess.Popen(  # noqa: S603 (our own module)
            [
                *(sys.executable, "-m", "techauction.bench.served"),
                *(kind, str(instance.directory), str(listening.fileno()), str(workers)),
            ],
            pass_fds=[listening.fileno()],
            stdout=written,
            stderr=written,
        )
    try:
        _await(process, port, log, kind)
        yield Server(process.pid, port)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: "subprocess.Popen[bytes]", port: int, log: Path, kind: str) -> None:
    """Return when the server answers anything at all, with all of its processes where it has several."""
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        if kind == "product" and READY not in log.read_text("utf-8", errors="replace").splitlines():
            time.sleep(0.05)
            continue
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/saleroom/clock", timeout=_START_S).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise ServerLost(f"the measured server did not start ({process.poll()}):\n{_tail(log)}")


def run_client(module: str, plan: dict[str, object]) -> bytes:
    """Run one of the clients in a process of its own, and return what it says.

    :raises ServerLost: it did not end well
    """
    done = subprocess.run(  # noqa: S603 (our own module)
        [sys.executable, "-m", f"techauction.bench.{module}"],
        input=json.dumps(plan).encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise ServerLost(f"the client did not end well:\n{done.stderr.decode(errors='replace')[-2_000:]}")
    return done.stdout


def _tail(log: Path) -> str:
    return log.read_text("utf-8", errors="replace")[-2_000:]
