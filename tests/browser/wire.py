"""A wire between one browser and the server, which the test cuts and mends."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread


class Wire:
    """Passes bytes on to a server's port while it is whole."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._at = self._listening.getsockname()[1]
        self._ends: list[socket.socket] = []
        self._silent = Event()
        self._listen()

    @property
    def url(self) -> str:
        """Return where the wire begins."""
        return f"http://127.0.0.1:{self._at}"

    def cut(self) -> None:
        """End every connection, and take no new one."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def hush(self) -> None:
        """Leave every connection open, and pass nothing on any more."""
        self._silent.set()

    def mend(self) -> None:
        """Take connections again."""
        self._listening = socket.create_server(("127.0.0.1", self._at))
        self._listen()

    def _listen(self) -> None:
        Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listening.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                self._ends += [near, far]
                for source, sink in ((near, far), (far, near)):
                    Thread(target=_pump, args=(source, sink, self._silent), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket, silent: Event) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            if not silent.is_set():
                sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    """Lay a wire to a port until the end of the block."""
    wire = Wire(port)
    yield wire
    wire.cut()
