"""How long a connection may keep the house waiting, and who goes first when too many do."""

import asyncio
import resource
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol


class Room(Enum):
    """What the house waits for at a connection. One that is being worked for, or reads its answer well, is in none."""

    IDLE = auto()
    """The next request of a connection that had one."""
    SILENT = auto()
    """The first byte of a new connection."""
    HEAD = auto()
    """The rest of a request's head."""
    BODY = auto()
    """The rest of a request's body."""
    OVERDONE = auto()
    """The rest of a body whose request has its answer already."""
    READING = auto()
    """That the client takes more of its answer."""
    ENDING = auto()
    """That the client takes the last of it, and the connection ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long each may take, in seconds; sizes in bytes, the pace in bytes a second.

    A body may take `grace_s`, and then what its bytes so far take at `pace`; never more than `body_s`. An idle connection lives
    longer than that of the proxy in front, which else sends requests into connections that are being closed. A client may send
    a few requests ahead (`most_ahead`), before its first has an answer.
    """

    idle_s: float = 75.0
    silent_s: float = 10.0
    head_s: float = 10.0
    head_bytes: int = 65_536
    url_bytes: int = 8_192
    body_s: float = 300.0
    grace_s: float = 10.0
    pace: int = 8_192
    reading_s: float = 60.0
    ending_s: float = 5.0
    look_s: float = 0.5
    most_ahead: int = 16
    most_unfinished: int = 1_000
    most_reading: int = 2_000


class Connection(Protocol):
    """A connection, as the doorkeeper knows it."""

    room: Room | None
    received: int
    """So many bytes of the present body have come, about."""

    @property
    def held_by_us(self) -> bool:
        """Return whether the house itself does not read on."""

    def dismiss(self, room: Room) -> None:
        """End the connection, which took too long in this room."""


class Doorkeeper:
    """Knows the connections of one event loop that keep the house waiting, and ends those that do so for too long.

    Looking at all of them now and then costs a request less than a timer of its own would.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, patience: Patience) -> None:
        self._loop = loop
        self._patience = patience
        self._rooms: dict[Room, dict[Connection, float]] = {room: {} for room in Room}
        self._looking = False
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._most_connections = files - max(64, files // 16)
        self._within = {
            Room.IDLE: patience.idle_s,
            Room.SILENT: patience.silent_s,
            Room.HEAD: patience.head_s,
            Room.OVERDONE: patience.ending_s,
            Room.READING: patience.reading_s,
            Room.ENDING: patience.ending_s,
        }

    def lead(self, connection: Connection, room: Room | None) -> None:
        """Have the connection in this room from now on; one that is there already stays since when it is."""
        before = connection.room
        if before is room:
            return
        if before is not None:
            self._rooms[before].pop(connection, None)
        connection.room = room
        if room is not None:
            self._rooms[room][connection] = self._loop.time()
            if room is Room.HEAD or room is Room.BODY:
                self._hold(self._patience.most_unfinished, Room.HEAD, Room.BODY)
            elif room is Room.READING:
                self._hold(self._patience.most_reading, Room.READING)
            if not self._looking:
                self._looking = True
                self._loop.call_later(self._patience.look_s, self._look)

    def make_place(self, connections: int) -> None:
        """End a connection that nobody needs, where the process has hardly a file left for the next."""
        if connections > self._most_connections:
            for room in (Room.IDLE, Room.SILENT, Room.HEAD, Room.BODY):
                if self._rooms[room]:
                    self._dismiss(next(iter(self._rooms[room])), room)
                    return

    def _hold(self, most: int, *rooms: Room) -> None:
        """End whoever has kept the house waiting longest, where more than `most` do: who is quick is never that one."""
        if sum(len(self._rooms[room]) for room in rooms) > most:
            first = [(since, room, each) for room in rooms for each, since in list(self._rooms[room].items())[:1]]
            _, room, connection = min(first, key=lambda each: each[0])
            self._dismiss(connection, room)

    def _look(self) -> None:
        """End what is overdue, and look again later while the house waits for anybody."""
        try:
            self._end_overdue(self._loop.time())
        finally:
            self._looking = any(self._rooms.values())
            if self._looking:
                self._loop.call_later(self._patience.look_s, self._look)

    def _end_overdue(self, now: float) -> None:
        for room, within in self._within.items():
            overdue = []
            for connection, since in self._rooms[room].items():  # in the order in which they came in
                if now - since < within:
                    break
                overdue.append(connection)
            for connection in overdue:
                self._dismiss(connection, room)
        for connection, since in list(self._rooms[Room.BODY].items()):
            if connection.held_by_us:
                connection.received = 0
                self._rooms[Room.BODY][connection] = now
            elif self._is_late(connection.received, now - since):
                self._dismiss(connection, Room.BODY)

    def _is_late(self, received: int, taken_s: float) -> bool:
        patience = self._patience
        return taken_s >= patience.body_s or received < patience.pace * (taken_s - patience.grace_s)

    def _dismiss(self, connection: Connection, room: Room) -> None:
        self._rooms[room].pop(connection, None)
        connection.room = None
        connection.dismiss(room)
