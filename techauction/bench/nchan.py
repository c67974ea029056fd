"""What the watchers are measured beside: nginx with nchan, which holds streams in C and keeps nothing."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from techauction.bench.failure import ServerLost

VARIABLE = "TECHAUCTION_NCHAN"
"""Names the module's file where it stands in none of the usual places."""
_MODULE = "ngx_nchan_module.so"
_PLACES = ("/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/local/lib/nginx/modules", "/usr/share/nginx/modules")
_CONFIG = """\
load_module {module};
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 1;
worker_rlimit_nofile 20000;
events {{ worker_connections 20000; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  keepalive_requests 100000;
  server {{
    listen 127.0.0.1:{port};
    location = /publish {{ nchan_publisher; nchan_channel_id lot; nchan_message_buffer_length 1; }}
    location = /watch {{ nchan_subscriber eventsource; nchan_channel_id lot; nchan_subscriber_first_message newest; }}
  }}
}}
"""
_START_S = 10.0


@dataclass(frozen=True, slots=True)
class Found:
    """What is installed: nginx, and the module's file."""

    program: str
    module: str


@dataclass(frozen=True, slots=True)
class Nchan:
    """An nginx that runs; `pids` are its processes."""

    port: int
    pids: list[int]


def find() -> Found | None:
    """Return nginx and the module, where both are installed."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    named = os.environ.get(VARIABLE)
    modules = [Path(named)] if named else [Path(place, _MODULE) for place in _PLACES]
    module = next((str(each.resolve()) for each in modules if each.is_file()), None)
    return None if program is None or module is None else Found(program, module)


@contextmanager
def serving(found: Found, folder: Path) -> Iterator[Nchan]:
    """Run nginx with nchan in `folder` until the end of the block.

    :raises ServerLost: it does not start
    """
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = folder / "nginx.conf"
    config.write_text(_CONFIG.format(module=found.module, folder=folder.resolve(), port=port), "ascii")
    command = [
        found.program,
        "-c",
        str(config.resolve()),
        "-p",
        str(folder.resolve()),
        "-e",
        str(folder.resolve() / "error.log"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 (what is installed)
    try:
        _await(process, port, folder / "error.log")
        workers = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        yield Nchan(port, [process.pid, *map(int, workers.read_text("ascii").split())] if workers.exists() else [])
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _await(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), _START_S).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise ServerLost(f"nginx did not start:\n{log.read_text('utf-8', errors='replace')[-2_000:] if log.exists() else ''}")
