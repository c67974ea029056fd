"""What our protocol does on the wire, on real connections."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

from techauction.protocol import _HeadHeld
from tests.waiting import finish

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
Test = Callable[[_HeadHeld, socket.socket], Coroutine[Any, Any, None]]


def on_a_connection(test: Test) -> None:
    """Run the test between a held transport and the socket of a client that reads nothing by itself."""

    async def run() -> None:
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
        with theirs:
            await test(_HeadHeld(transport), theirs)
        transport.abort()

    finish(run())


async def read(client: socket.socket, size: int) -> bytes:
    async with asyncio.timeout(20):
        found = b""
        while len(found) < size:
            found += await asyncio.get_running_loop().sock_recv(client, size - len(found))
    return found


def test_what_is_pushed_goes_after_the_head_that_was_held() -> None:
    async def test(held: _HeadHeld, client: socket.socket) -> None:
        held.write(HEAD)

        assert held.push(b"2\r\nhi\r\n")
        assert await read(client, len(HEAD) + 7) == HEAD + b"2\r\nhi\r\n"

    on_a_connection(test)


def test_a_reader_that_does_not_keep_up_is_told_of() -> None:
    async def test(held: _HeadHeld, _client: socket.socket) -> None:
        assert any(not held.push(b"x" * 65_536) for _ in range(1_000))

    on_a_connection(test)


def test_nothing_is_pushed_to_a_reader_who_went() -> None:
    async def test(held: _HeadHeld, _client: socket.socket) -> None:
        held.close()

        assert not held.push(b"2\r\nhi\r\n")

    on_a_connection(test)
