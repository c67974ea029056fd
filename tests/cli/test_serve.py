"""The server as its own process."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import Run

PATIENCE_S = 60.0


@contextmanager
def served(instance: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start `techauction serve` on a free port; yield its process and address, and see to its end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "techauction", "--instance", str(instance), "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stdout is not None
    try:
        said: list[str] = []
        while not (said and said[-1].startswith("serving on ")):
            line = process.stderr.readline()
            assert line, f"the server did not start: {said}"
            said.append(line)
        yield process, said[-1].split()[-1]
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
        process.stdout.close()


@pytest.mark.slow
def test_a_sigterm_ends_the_server_and_its_streams_within_five_seconds(installed: Path) -> None:
    with served(installed) as (process, address):
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as stream:
            stream.sendall(b"GET /saleroom/live?lots=1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200" in stream.recv(100)
            begun = time.monotonic()

            process.send_signal(signal.SIGTERM)

            assert process.wait(PATIENCE_S) == 0
            assert time.monotonic() - begun < 5.0
        assert process.stdout is not None
        assert process.stdout.read() == ""


@pytest.mark.slow
def test_while_it_serves_readers_and_backups_work_and_writers_are_refused(run: Run, installed: Path, tmp_path: Path) -> None:
    with served(installed) as (_process, address):
        with urllib.request.urlopen(f"{address}/healthz", timeout=10) as answer:  # noqa: S310 (our own server)
            assert answer.status == 200
        reader = run("user", "list")
        backup = run("backup", tmp_path / "b.tar.gz")
        writer = run("user", "add", "ada", "--role", "auditor")
        second = run("serve", "--port", "0")

    assert (reader.exit_code, backup.exit_code) == (0, 0)
    assert (writer.exit_code, second.exit_code) == (1, 1)
    assert "in use by serve" in writer.stderr


@pytest.mark.slow
def test_a_killed_server_leaves_no_lock(run: Run, installed: Path) -> None:
    with served(installed) as (process, _address):
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    assert run("user", "add", "ada", "--role", "auditor").exit_code == 0


def test_a_port_that_is_taken_is_named(run: Run, installed: Path) -> None:
    assert installed.is_dir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        answer = run("serve", "--port", str(port))

    assert answer.exit_code == 1
    assert str(port) in answer.stderr


def test_sqlite_takes_one_worker_and_the_refusal_says_why(run: Run, installed: Path) -> None:
    assert installed.is_dir()

    answer = run("serve", "--workers", "2", "--port", "0")

    assert answer.exit_code == 1
    why = "SQLite has one writer, and no way for processes to tell each other of bids"
    assert answer.stderr.splitlines() == [f"Error: more than one worker needs PostgreSQL: {why}"]
