"""Requests that a client sends before it has the answers to those before them, and headers that are long for no reason."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from techauction.clock import ManualClock
from techauction.protocol import ARRIVED, OneWrite
from techauction.settings import Settings
from tests.serving import Served, listening, serving

PATIENCE_S = 20


def everything(url: str, sent: bytes) -> bytes:
    """Return what comes until the connection ends."""
    host, port = url.removeprefix("http://").split(":")
    found = b""
    with socket.create_connection((host, int(port)), PATIENCE_S) as client:
        client.sendall(sent)
        try:
            while piece := client.recv(65_536):
                found += piece
        except ConnectionResetError:
            pass
    return found


def posted(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: house", "Content-Length: 2", *headers, "", "{}"]).encode()


def test_a_request_sent_behind_others_has_arrived_when_those_are_answered() -> None:
    seen: list[tuple[str, str]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            scope["state"][ARRIVED] = lambda request: seen.append(("arrived", request["path"]))
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        while (await receive()).get("more_body"):
            pass
        seen.append(("read", scope["path"]))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    with listening(app, lifespan="on") as url:
        everything(url, posted("/1") + posted("/2") + posted("/3", "Connection: close"))

    assert seen == [(what, path) for path in ("/1", "/2", "/3") for what in ("arrived", "read")]


@pytest.fixture
def served(migrated_file: Path, tmp_path: Path, clock: ManualClock) -> Iterator[Served]:
    """Yield a house."""
    file = tmp_path / "techauction.db"
    file.write_bytes(migrated_file.read_bytes())
    settings = Settings(
        instance=tmp_path, secret_key="a secret", database_url=f"sqlite:///{file}", rate_limits=False, trusted_proxies=0
    )
    with serving(settings, clock) as house:
        yield house


def test_who_sends_too_many_requests_ahead_is_heard_no_more(served: Served) -> None:
    most = OneWrite.patience.most_ahead
    clock = b"GET /saleroom/clock HTTP/1.1\r\n\r\n"
    ended = b"GET /saleroom/clock HTTP/1.1\r\nConnection: close\r\n\r\n"

    assert everything(served.url, clock * most + ended).count(b'"server_at"') == most + 1
    assert everything(served.url, clock * (most + 1) + ended).count(b'"server_at"') == 0
    assert httpx.get(f"{served.url}/saleroom/clock").status_code == 200


@pytest.mark.parametrize("path", ["/saleroom/nowhere", "/api/v1/nowhere", "/nowhere"])
@pytest.mark.parametrize(("before", "reads_english"), [(10, True), (200, False)])
def test_of_the_languages_that_a_caller_reads_the_first_few_count(
    path: str, before: int, reads_english: bool, served: Served
) -> None:
    said = httpx.get(served.url + path, headers={"Accept-Language": "fr," * before + "en"}).text

    assert ('<html lang="en">' in said or "There is no such" in said) is reads_english
