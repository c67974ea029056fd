"""The bridge between event loop and pages: bodies and answers of any size, and threads that wait for nobody."""

import hashlib
import re
import select
import socket
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import httpx
import pytest

from techauction.bounds import KIB, MIB
from techauction.bridge import Bridge
from techauction.doorkeeper import Patience
from techauction.protocol import OneWrite
from tests.serving import listening
from tests.waiting import finish

PATIENCE_S = 20
LARGE = 12 * MIB
"""More than the buffers between two sockets take."""


def pages(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Answer as the path says."""
    path = environ["PATH_INFO"]
    if path == "/broken":
        start("200 OK", [])
        raise ArithmeticError
    if path == "/nothing":
        start("204 No Content", [])
        return []
    if path == "/large":
        start("200 OK", [])
        return [b"%d" % (place % 10) * KIB for place in range(LARGE // KIB)]
    if path == "/cookie":
        said = environ["HTTP_COOKIE"]
    elif path == "/asked":
        said = environ["QUERY_STRING"]
    else:
        taken = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH", 0)))
        said = f"{len(taken)} {hashlib.sha256(taken).hexdigest()}"
    start("200 OK", [("Content-Type", "text/plain")])
    return [said.encode("latin-1")]


@pytest.fixture
def url() -> Iterator[str]:
    """Yield the address of the pages, for which there are two threads."""

    class Hasty(OneWrite):
        patience = replace(Patience(), reading_s=0.5, look_s=0.05)

    with listening(Bridge(pages, threads=2), Hasty) as found:
        yield found


@pytest.mark.parametrize("size", [0, 1, 128 * KIB, 128 * KIB + 1, 900 * KIB])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_arrives_as_it_was_sent(size: int, chunked: bool, url: str) -> None:
    body = bytes(place % 251 for place in range(size))
    content = iter([body[:1_000], body[1_000:]]) if chunked else body

    answer = httpx.post(f"{url}/digest", content=content, timeout=PATIENCE_S)

    assert answer.text == f"{size} {hashlib.sha256(body).hexdigest()}"


def test_a_large_answer_arrives_as_it_was_given(url: str) -> None:
    answer = httpx.get(f"{url}/large", timeout=PATIENCE_S)

    assert answer.headers["content-length"] == str(LARGE)
    assert answer.content == b"".join(pages({"PATH_INFO": "/large"}, lambda *_: None))


def test_an_answer_without_a_body_leaves_the_connection_good(url: str) -> None:
    with httpx.Client(base_url=url, timeout=PATIENCE_S) as http:
        answers = [http.get("/nothing"), http.head("/large"), http.head("/asked"), http.get("/asked?a=b")]

    assert [(answer.status_code, answer.text) for answer in answers] == [(204, ""), (200, ""), (200, ""), (200, "a=b")]


def test_a_page_that_breaks_says_so_in_both_languages(url: str) -> None:
    answer = httpx.get(f"{url}/broken")

    assert (answer.status_code, answer.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert re.search("系统出了问题.*Something broke on our side", answer.text)


def test_cookies_of_several_lines_arrive(url: str) -> None:
    assert httpx.get(f"{url}/cookie", headers=[("Cookie", "a=1"), ("Cookie", "b=2")]).text == "a=1; b=2"


def test_who_takes_nothing_of_an_answer_holds_no_thread_and_is_given_up_in_the_end(url: str) -> None:
    with ExitStack() as clients:
        ends = select.poll()
        for _ in range(3):  # more than there are threads
            client = clients.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            client.connect(("127.0.0.1", int(url.rsplit(":", 1)[1])))
            client.sendall(b"GET /large HTTP/1.1\r\nHost: house\r\n\r\n")
            ends.register(client, 0)
        answer = httpx.get(f"{url}/asked?a=b", timeout=PATIENCE_S)
        reset = 0
        while reset < 3 and (happened := ends.poll(PATIENCE_S * 1_000)):
            for descriptor, what in happened:
                reset += bool(what & select.POLLERR)  # a reset: an orderly end would come after the answer
                ends.unregister(descriptor)

    assert (answer.text, reset) == ("a=b", 3)


def test_any_bytes_of_a_query_reach_the_pages() -> None:
    """Whatever the server lets through: today's refuses such a line."""
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/asked",
        "query_string": b"a=\xff\xe4",
        "http_version": "1.1",
        "headers": [],
    }
    finish(Bridge(pages, threads=1)(scope, receive, send))

    assert b"".join(message.get("body", b"") for message in sent) == b"a=\xff\xe4"
