"""One connection over HTTP, as uvicorn speaks it: an answer in one write, and no client that keeps the house waiting."""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from techauction.doorkeeper import Doorkeeper, Patience, Room

_HEAD = b"HTTP/1.1 "
_CONTINUE = b"HTTP/1.1 100"
_CHUNKED = b"\r\ntransfer-encoding: chunked\r\n"
STREAM = "techauction.stream"
"""The extension of an ASGI scope that holds `push(chunk) -> bool` under "push", for answers that many readers get alike."""
ARRIVED = "techauction.arrived"
"""Where the application's lifespan state holds a function that is told the scope of each request when it was read whole."""
_LATE_BYTES = 65_536
"""A reader that has so much before it does not keep up."""
_NO_LINGERING = struct.pack("ii", 1, 0)
_UNHEARD_BYTES = 1_048_576
"""So much may still come from a client that was told no."""
_doorkeepers: WeakKeyDictionary[ServerState, Doorkeeper] = WeakKeyDictionary()


class _Refused(Exception):
    """The parser is to stop: the request has its answer."""


class OneWrite(HttpToolsProtocol):
    """uvicorn's protocol; the head of an answer waits for its body. A write costs about what it takes to decide a bid."""

    patience: ClassVar[Patience] = Patience()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin on a transport that holds heads back."""
        self.room: Room | None = None
        self.received = 0
        self._awaited: Room | None = None  # HEAD or BODY, while the present request is not whole
        self._chunk = 0
        self._split = False
        self._refused = self._lost = False
        self._held = _HeadHeld(transport, self._settle)
        super().connection_made(self._held)  # type: ignore[arg-type]
        self._door = _doorkeepers.get(self.server_state) or _doorkeepers.setdefault(
            self.server_state, Doorkeeper(self.loop, self.patience)
        )
        self._door.lead(self, Room.SILENT)
        self._door.make_place(len(self.connections))

    def connection_lost(self, exc: Exception | None) -> None:
        """End; nothing is waited for any more, whatever is closed or settled after this."""
        self._lost = True
        self._door.lead(self, None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on. Who was refused may go on for a while, so that the answer is not lost on the way, and is not heard."""
        self._chunk = len(data)
        self.received += self._chunk
        if self._refused:
            if self.received > _UNHEARD_BYTES:
                self._held.reset()
            return
        self._split = self._awaited is Room.HEAD
        super().data_received(data)
        if self._awaited is Room.HEAD and self._split and self.received > self.patience.head_bytes:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        self._settle()

    def on_message_begin(self) -> None:
        """Begin a request, whose answer may be pushed. Many at once are read in one go, and nobody else meanwhile: they end."""
        if len(self.pipeline) >= self.patience.most_ahead:
            self._refused = True
            self._held.reset()
            raise _Refused
        super().on_message_begin()
        self.scope["extensions"] = {STREAM: {"push": self._held.push}}
        self._awaited, self._split, self.received = Room.HEAD, False, 0

    def on_headers_complete(self) -> None:
        """Go on with a head that is not too large. Only one in several parts, or in a large one, is counted."""
        if (self._split or self._chunk > self.patience.head_bytes) and self._head_bytes() > self.patience.head_bytes:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            raise _Refused
        if len(self.url) > self.patience.url_bytes:  # who is asked for in it is read on the event loop
            self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG)
            raise _Refused
        self._awaited, self.received = Room.BODY, 0
        if self.parser.get_http_version() == "1.0":
            self.transport = _Unframed(self._held)  # type: ignore[assignment]
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Say that a request was read whole, before anybody acts on it.

        One that its client sent behind others is read in its turn: else whoever takes those answers slowly would hold an offer
        with the time of before a close, and let it go after.
        """
        if not self.cycle.response_complete and not (self.pipeline and self.pipeline[0][0] is self.cycle):
            self._say_arrived(self.cycle)
        self._awaited = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Send a head that had no body, and go on.

        As uvicorn does, but for its timer of idle connections: the doorkeeper ends those, and a timer that each request sets
        and cancels costs as much as the doorkeeper does.
        """
        self._held.flush()
        self.server_state.total_requests += 1
        if not self._held.is_closing():
            self.flow.resume_reading()
            if self.pipeline:
                cycle, app = self.pipeline.pop()
                self._start_asgi_task(cycle, app)
                if not cycle.more_body:
                    self._say_arrived(cycle)
        self._settle()

    def _say_arrived(self, cycle: RequestResponseCycle) -> None:
        arrived = self.app_state.get(ARRIVED)
        if arrived is not None:
            arrived(cycle.scope)

    def pause_writing(self) -> None:
        """Wait for a client that takes its answer slowly."""
        super().pause_writing()
        self._settle()

    def resume_writing(self) -> None:
        """Go on with a client that took some of it."""
        super().resume_writing()
        self._settle()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, if it has no answer yet."""
        if not self._refused:
            super().send_400_response(msg)

    @property
    def held_by_us(self) -> bool:
        """Return whether the house itself does not read on."""
        return self.flow.read_paused

    def dismiss(self, room: Room) -> None:
        """End the connection, which took too long in this room; who owes us the rest of a request is told so."""
        if room in (Room.READING, Room.ENDING):
            self._held.reset()
        elif room in (Room.HEAD, Room.BODY) and not self._is_answering():
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self._held.close()

    def _is_answering(self) -> bool:
        """Return whether part of an answer is on the wire, or another request's answer goes first."""
        cycle = self._present()
        if cycle is None or cycle.response_complete:
            return False
        return cycle.response_started or self._awaited is Room.HEAD or bool(self.pipeline)

    def _refuse(self, status: HTTPStatus) -> None:
        """Say no to a request that is not whole, and hear no more of it."""
        self._refused = True
        self.transport.write(
            f"HTTP/1.1 {status.value} {status.phrase}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".encode()
        )
        self._held.flush()
        if self._held.can_write_eof():
            self._held.write_eof()
        cycle = self._present()
        if cycle is not None:
            cycle.disconnected = True
            cycle.message_event.set()
        self._settle()

    def _present(self) -> RequestResponseCycle | None:
        """Return the last request whose head is whole; there is none yet on a new connection."""
        return self.cycle

    def _head_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _settle(self) -> None:
        """Tell the doorkeeper what the house waits for now."""
        if self._lost:
            return
        if self._refused or self._held.is_closing():
            room: Room | None = Room.ENDING
        elif self.flow.write_paused:
            room = Room.READING
        elif (cycle := self._present()) is None:
            room = self._awaited or Room.SILENT
        elif cycle.response_complete:
            room = Room.OVERDONE if self._awaited is Room.BODY else self._awaited or Room.IDLE
        else:
            room = self._awaited
        if room is not self.room:
            self._door.lead(self, room)


class _HeadHeld:
    """A transport that keeps the head of an answer until its body, or its end."""

    __slots__ = ("_closing", "_head", "_transport")

    def __init__(self, transport: asyncio.Transport, closing: Callable[[], None] = lambda: None) -> None:
        self._transport = transport
        self._closing = closing
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        """Return whether it closes; it is asked several times a request."""
        return self._transport.is_closing()

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
        self._closing()

    def reset(self) -> None:
        """Close at once; what was not taken is thrown away, also by the system."""
        with suppress(OSError, ValueError):  # it is closed already
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
        self._transport.abort()


class _Unframed:
    """A transport for a client of HTTP/1.0, which knows no chunks: its answer ends with the connection."""

    __slots__ = ("_held", "_is_framed")

    def __init__(self, held: _HeadHeld) -> None:
        self._held = held
        self._is_framed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._held, name)

    def write(self, data: bytes) -> None:
        """Write without the frames that uvicorn puts around: it writes one at a time."""
        if self._is_framed:
            size, _, rest = data.partition(b"\r\n")
            data = rest[: int(size, 16)] if size else b""
        elif data.startswith(_HEAD) and _CHUNKED in data:
            data, self._is_framed = data.replace(_CHUNKED, b"\r\n", 1), True
        if data:
            self._held.write(data)
