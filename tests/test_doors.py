"""Clients that keep the house waiting, on real connections to the real server: nobody else notices them."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from techauction.bounds import MIB, most_bytes
from techauction.clock import ManualClock
from techauction.doorkeeper import Patience
from techauction.protocol import OneWrite
from techauction.settings import Settings
from tests.serving import serving

PATIENCE_S = 20
NEVER = 1_000.0
ENDLESS = Patience(
    idle_s=NEVER,
    silent_s=NEVER,
    head_s=NEVER,
    body_s=NEVER,
    grace_s=NEVER,
    reading_s=NEVER,
    ending_s=NEVER,
    look_s=0.05,
)
CROWD = 300
SIGN_IN = "/account/sign-in"
Doors = Callable[..., "House"]


class House:
    """A server, and clients that speak to it byte by byte."""

    def __init__(self, url: str) -> None:
        self.url = url
        host, port = url.removeprefix("http://").split(":")
        self.address = (host, int(port))
        self.open = ExitStack()

    def connected(self, sent: bytes = b"") -> socket.socket:
        """Return a connection over which something has been sent."""
        client = self.open.enter_context(socket.create_connection(self.address, PATIENCE_S))
        client.sendall(sent)
        return client

    def page(self) -> int:
        """Return how a page is answered that a thread must write."""
        return httpx.get(self.url + SIGN_IN, timeout=PATIENCE_S).status_code


@pytest.fixture
def doors(migrated_file: Path, tmp_path: Path, clock: ManualClock) -> Iterator[Doors]:
    """Yield what opens a house; with patience of the test's own, if it says so."""
    file = tmp_path / "techauction.db"
    file.write_bytes(migrated_file.read_bytes())
    settings = Settings(
        instance=tmp_path, secret_key="a secret", database_url=f"sqlite:///{file}", rate_limits=False, trusted_proxies=0
    )
    with ExitStack() as open_:

        def opened(**limits: Any) -> House:
            class Hasty(OneWrite):
                patience = replace(ENDLESS, **limits) if limits else Patience()

            house = House(open_.enter_context(serving(settings, clock, Hasty)).url)
            open_.enter_context(house.open)
            return house

        yield opened


def everything(client: socket.socket) -> bytes:
    """Return what comes until the connection ends."""
    found = b""
    try:
        while piece := client.recv(65_536):
            found += piece
    except ConnectionResetError:
        pass
    return found


def answer(client: socket.socket) -> tuple[int, bytes]:
    """Return the status and the body of an answer with a length; the connection may go on."""
    found = b""
    while b"\r\n\r\n" not in found:
        piece = client.recv(65_536)
        assert piece, found
        found += piece
    head, _, body = found.partition(b"\r\n\r\n")
    said = re.search(rb"content-length: ([0-9]+)", head.lower())
    assert said, head
    while len(body) < int(said[1]):
        body += client.recv(65_536)
    return int(head.split(b" ", 2)[1]), body


def status(client: socket.socket) -> int:
    """Return the status of what comes until the connection ends; 0 where it ends without a word."""
    found = everything(client)
    return int(found.split(b" ", 2)[1]) if found else 0


def head(line: str, *headers: str) -> bytes:
    """Return a request's head."""
    return "\r\n".join([f"{line} HTTP/1.1", "Host: house", *headers, "", ""]).encode()


HALVES = {
    "body": head(f"POST {SIGN_IN}", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 100") + b"sign_in",
    "chunked body": head(f"POST {SIGN_IN}", "Transfer-Encoding: chunked") + b"5\r\nsign_\r\n",
    "promised body": head(f"POST {SIGN_IN}", "Content-Length: 100", "Expect: 100-continue"),
    "body of an offer": head("POST /saleroom/lots/1/bids", "Content-Length: 100"),
    "head": f"POST {SIGN_IN} HTTP/1.1\r\nHost: house\r\nContent-".encode(),
    "line": b"GET /",
    "nothing": b"",
}


@pytest.mark.parametrize("half", HALVES)
def test_a_crowd_that_sends_half_a_request_keeps_nobody_from_a_page(half: str, doors: Doors) -> None:
    house = doors(look_s=1)  # no other wait ever ends
    for _ in range(CROWD):
        house.connected(HALVES[half])

    assert [house.page() for _ in range(40)] == [200] * 40


@pytest.mark.parametrize(
    ("half", "patience", "said"),
    [
        ("nothing", {"silent_s": 0.2}, 0),
        ("line", {"head_s": 0.2}, 408),
        ("head", {"head_s": 0.2}, 408),
        ("body", {"body_s": 0.2}, 408),
        ("body", {"grace_s": 0.2}, 408),
        ("chunked body", {"grace_s": 0.2}, 408),
    ],
)
def test_who_sends_half_a_request_is_waited_for_only_so_long(
    half: str, patience: dict[str, float], said: int, doors: Doors
) -> None:
    house = doors(**patience)

    assert status(house.connected(HALVES[half])) == said
    assert house.page() == 200


def test_a_body_that_comes_too_slowly_is_waited_for_no_more(doors: Doors) -> None:
    house = doors(grace_s=0.2, pace=1_000_000)
    client = house.connected(head(f"POST {SIGN_IN}", "Content-Length: 1000000"))
    client.settimeout(0.02)

    found = b""
    for _ in range(1_000):  # 50 bytes at a time, and never a long silence
        try:
            client.sendall(b"x" * 50)
            found += client.recv(1_000)
        except TimeoutError:
            continue
        except OSError:
            break
        if found:
            break

    assert found.startswith(b"HTTP/1.1 408 ")


def test_blank_lines_keep_no_connection_open(doors: Doors) -> None:
    house = doors(idle_s=1.2)
    client = house.connected(head("GET /healthz"))
    answered, _ = answer(client)
    client.settimeout(0.02)

    ended = False
    for _ in range(1_000):
        try:
            client.sendall(b"\r\n")
            ended = client.recv(10) == b""
        except TimeoutError:
            continue
        except OSError:
            ended = True
        if ended:
            break

    assert (answered, ended) == (200, True)


def test_who_was_answered_before_the_body_came_is_not_waited_for_either(doors: Doors) -> None:
    house = doors(ending_s=0.2)
    client = house.connected(HALVES["body of an offer"])

    assert answer(client)[0] == 401
    assert everything(client) == b""


def test_who_has_gone_is_forgotten_and_the_others_are_looked_after(doors: Doors) -> None:
    house = doors(ending_s=0.1, silent_s=1)
    gone = status(house.connected(head("GET /healthz", "Connection: close")))

    assert (gone, status(house.connected())) == (200, 0)


def test_of_too_many_unfinished_requests_the_oldest_goes_and_the_quick_are_answered(doors: Doors) -> None:
    house = doors(most_unfinished=20)
    crowd = [house.connected(HALVES["body"]) for _ in range(30)]
    pages = [house.page() for _ in range(5)]

    assert [status(client) for client in crowd[:10]] == [408] * 10
    assert pages == [200] * 5
    crowd[-1].sendall(b"x" * 93)
    assert answer(crowd[-1])[0] == 400


@pytest.mark.parametrize(("size", "said"), [(8_000, 200), (8_300, 414)])
def test_an_address_has_its_bound(size: int, said: int, doors: Doors) -> None:
    client = doors().connected()

    client.sendall(head(f"GET /healthz?{'a' * size}", "Connection: close"))

    assert status(client) == said


@pytest.mark.parametrize("pieces", [1, 7])
@pytest.mark.parametrize(("size", "said"), [(60_000, 200), (66_000, 431)])
def test_a_head_has_its_bound_in_one_piece_and_in_many(pieces: int, size: int, said: int, doors: Doors) -> None:
    house = doors()
    one = size // 10
    sent = head("GET /healthz", *(f"X-{place}: {'x' * (one - 8)}" for place in range(10)), "Connection: close")
    client = house.connected()
    step = len(sent) // pieces + 1
    for start in range(0, len(sent), step):
        client.sendall(sent[start : start + step])

    assert status(client) == said


@pytest.mark.parametrize("part", [b"X-Name: value\r\n" * 1_000, b"x" * 15_000])
def test_a_head_without_end_is_not_taken(part: bytes, doors: Doors) -> None:
    house = doors()
    client = house.connected(b"GET / HTTP/1.1\r\nX-Long: ")

    with pytest.raises(ConnectionError):  # a reset or a broken pipe: as the network has it
        client.sendall(part * (50 * MIB // len(part)))
    assert house.page() == 200


TOO_LARGE = [("POST", SIGN_IN), ("POST", "/api/v1/rounds"), ("GET", "/"), ("PUT", "/")]


@pytest.mark.parametrize(("method", "path"), TOO_LARGE)
def test_a_body_that_is_announced_too_large_is_refused_before_it_comes(method: str, path: str, doors: Doors) -> None:
    house = doors()
    client = house.connected(head(f"{method} {path}", f"Content-Length: {most_bytes(method, path) + 1}"))

    assert answer(client)[0] == 413


@pytest.mark.parametrize(("method", "path"), TOO_LARGE)
def test_a_body_that_grows_too_large_is_refused(method: str, path: str, doors: Doors) -> None:
    house = doors()
    size = most_bytes(method, path) + 1
    client = house.connected(head(f"{method} {path}", "Transfer-Encoding: chunked") + b"%x\r\n" % (size + 1))
    client.sendall(b"x" * size)

    assert answer(client)[0] == 413


def test_a_client_that_went_on_in_time_may_ask_again_over_its_connection(doors: Doors) -> None:
    house = doors()
    size = most_bytes("POST", SIGN_IN) + 1
    client = house.connected(head(f"POST {SIGN_IN}", f"Content-Length: {size}"))
    refused = answer(client)[0]
    client.sendall(b"x" * size + head("GET /healthz"))

    assert (refused, answer(client)[0]) == (413, 200)


def test_a_body_of_the_largest_size_arrives(doors: Doors) -> None:
    house = doors()
    size = most_bytes("POST", "/api/v1/rounds")

    refused = httpx.post(f"{house.url}/api/v1/rounds", content=b" " * size, timeout=PATIENCE_S)

    assert (refused.status_code, refused.json()["code"]) == (401, "not_signed_in")


def test_requests_one_after_the_other_in_one_packet_are_all_answered(doors: Doors) -> None:
    client = doors().connected(head("GET /healthz") * 2 + head("GET /healthz", "Connection: close"))

    assert everything(client).count(b'{"alive":true}') == 3


@pytest.mark.parametrize("path", ["/saleroom/clock", "/healthz", "/saleroom/nowhere", "/static/css/techauction.css"])
def test_an_answer_over_http_1_0_is_not_in_chunks_and_ends_with_the_connection(path: str, doors: Doors) -> None:
    found = everything(doors().connected(f"GET {path} HTTP/1.0\r\n\r\n".encode()))

    assert found.startswith(b"HTTP/1.1 ")
    assert b"\r\nconnection: close\r\n" in found
    assert b"chunked" not in found


def test_a_stream_over_http_1_0_is_not_in_chunks_and_ends_with_the_connection(doors: Doors) -> None:
    client = doors().connected(b"GET /saleroom/live?lots=1 HTTP/1.0\r\n\r\n")
    found = b""
    while b"retry: 1000\n\n" not in found:
        piece = client.recv(1_000)
        assert piece, found
        found += piece

    said, _, body = found.partition(b"\r\n\r\n")
    assert b"\r\nconnection: close" in said
    assert b"chunked" not in said
    assert body == b"retry: 1000\n\n"
