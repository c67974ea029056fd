"""What the process hands to the pages, over a real connection."""

import dataclasses
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import request
from werkzeug.datastructures import Headers

from techauction.clock import ManualClock
from techauction.settings import Settings
from tests.serving import serving

Ask = Callable[..., tuple[int, str]]


@pytest.fixture
def served(tmp_path: Path, migrated_file: Path, clock: ManualClock) -> Callable[..., object]:
    shutil.copy(migrated_file, tmp_path / "asgi.db")
    settings = Settings(
        instance=tmp_path,
        secret_key="a secret",
        database_url=f"sqlite:///{tmp_path / 'asgi.db'}",
    )

    @contextmanager
    def at_work(trusted_proxies: int) -> Iterator[Ask]:
        with serving(dataclasses.replace(settings, trusted_proxies=trusted_proxies), clock) as server:
            server.process.app.add_url_rule("/seen", view_func=lambda: f"{request.remote_addr} {Headers(request.headers)}")
            port = int(server.url.rpartition(":")[2])

            def ask(target: bytes, *lines: bytes) -> tuple[int, str]:
                with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
                    said = [b"GET " + target + b" HTTP/1.1", b"Host: localhost", b"Connection: close", *lines]
                    connection.sendall(b"\r\n".join(said) + b"\r\n\r\n")
                    answer = b"".join(iter(lambda: connection.recv(65_536), b""))
                head, _, body = answer.partition(b"\r\n\r\n")
                return int(head.split(b" ")[1]), body.decode()

            yield ask

    return at_work


@pytest.mark.parametrize("proxies", [0, 1])
def test_a_name_with_underscores_is_nobodys_word(served: Callable[..., Any], proxies: int) -> None:
    with served(proxies) as ask:
        status, seen = ask(b"/seen", b"X_Forwarded_For: 203.0.113.9", b"X_Forwarded_Host: evil.example", b"Content_Length: 5")

    assert status == 200
    assert seen.startswith("127.0.0.1 ")
    assert "203.0.113.9" not in seen
    assert "evil" not in seen


def test_of_several_words_the_proxys_is_the_last(served: Callable[..., Any]) -> None:
    with served(1) as ask:
        _, twice = ask(b"/seen", b"X-Forwarded-For: 198.51.100.1", b"X-Forwarded-For: 203.0.113.9")
        _, mixed = ask(b"/seen", b"X-Forwarded-For: 198.51.100.1, 203.0.113.9", b"X_Forwarded_For: 192.0.2.1")

    assert twice.startswith("203.0.113.9 ")
    assert mixed.startswith("203.0.113.9 ")


@pytest.mark.parametrize("target", [b"/seen?\xff=\xe4\xb8\xad", b"/rounds?q=\xff", b"/seen?a=%ff%00", b"/healthz?\x80"])
def test_any_bytes_in_a_query_are_read(served: Callable[..., Any], target: bytes) -> None:
    with served(0) as ask:
        assert ask(target)[0] in (200, 400)
