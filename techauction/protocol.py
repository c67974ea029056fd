"""One connection over HTTP, as uvicorn speaks it, with an answer in one write."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD = b"HTTP/1.1 "
_CONTINUE = b"HTTP/1.1 100"
STREAM = "techauction.stream"
"""The extension of an ASGI scope that holds `push(chunk) -> bool` under "push", for answers that many readers get alike."""
ARRIVED = "techauction.arrived"
"""Where the application's lifespan state holds a function that is told the scope of each request when it was read whole."""
_LATE_BYTES = 65_536
"""A reader that has so much before it does not keep up."""


class OneWrite(HttpToolsProtocol):
    """uvicorn's protocol; the head of an answer waits for its body. A write costs about what it takes to decide a bid."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin on a transport that holds heads back."""
        self._held = _HeadHeld(transport)
        super().connection_made(self._held)  # type: ignore[arg-type]

    def on_message_begin(self) -> None:
        """Begin a request, whose answer may be pushed."""
        super().on_message_begin()
        self.scope["extensions"] = {STREAM: {"push": self._held.push}}

    def on_message_complete(self) -> None:
        """Say that a request was read whole, before anybody acts on it."""
        arrived = self.app_state.get(ARRIVED)
        if arrived is not None and not self.cycle.response_complete:
            arrived(self.cycle.scope)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Send a head that had no body, and go on."""
        self._held.flush()
        super().on_response_complete()


class _HeadHeld:
    """A transport that keeps the head of an answer until its body, or its end."""

    __slots__ = ("_head", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write, or keep what looks like a head. It is held only until the next write, so a mistake does no harm."""
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(_HEAD) and not data.startswith(_CONTINUE):
            self._head = data
            return
        self._transport.write(data)

    def push(self, data: bytes) -> bool:
        """Write what stands on the wire as it is, past the server; return whether the reader keeps up."""
        transport = self._transport
        if transport.is_closing() or transport.get_write_buffer_size() > _LATE_BYTES:
            return False
        self.write(data)
        return True

    def flush(self) -> None:
        """Write what was kept."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)

    def close(self) -> None:
        """Write what was kept, and close."""
        self.flush()
        self._transport.close()
