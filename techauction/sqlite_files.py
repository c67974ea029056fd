"""The files of a SQLite database: they must stand under their names as long as a connection has them open.

Whoever removes or replaces the database, its WAL or its shared memory while they are open leaves the process writing into a
file without a name: it would acknowledge bids that are gone when it ends.
"""

import os
import sqlite3
from threading import Lock

import structlog

from techauction.postgresql import CommitUnknown

log = structlog.get_logger()

_BESIDE = ("", "-wal", "-shm")


class DatabaseFilesGone(sqlite3.OperationalError):
    """A file of the open database was removed or replaced. Nothing is written until the process is started again."""


class OpenFiles:
    """The files of one database, as this process has them open."""

    def __init__(self, database: str) -> None:
        self._paths = [database + end for end in _BESIDE]
        self._lock = Lock()
        self._open = 0
        self._opened: list[tuple[int, int] | None] = []
        self.gone = False

    def opened(self, connection: sqlite3.Connection) -> None:
        """Take note of a connection that was opened: the first one says which files they are."""
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()  # opens the WAL
        with self._lock:
            if not self._open:
                self._opened, self.gone = self._present(), False
            self._open += 1

    def closed(self) -> None:
        """Take note of a connection that was closed: the last one takes WAL and shared memory with it."""
        with self._lock:
            self._open -= 1

    def stand(self) -> bool:
        """Return whether the files that are open stand under their names still. Once they did not, they never do again."""
        if not self.gone and self._present() != self._opened:
            self.gone = True
            log.critical("database_files_gone", database=self._paths[0])
        return not self.gone

    def must_stand(self) -> None:
        """Refuse to write where they do not.

        :raises DatabaseFilesGone: as it says
        """
        if not self.stand():
            raise DatabaseFilesGone("a file of the database was removed or replaced: start the process again")

    def must_have_stood(self) -> None:
        """Promise nothing of a commit where they do not.

        :raises CommitUnknown: as it says
        """
        if not self.stand():
            raise CommitUnknown("a file of the database was removed or replaced")

    def _present(self) -> list[tuple[int, int] | None]:
        return [_identity(path) for path in self._paths]


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 (twice at every commit: a Path costs as much again)
    except OSError:
        return None
    return found.st_dev, found.st_ino


_files: dict[str, OpenFiles] = {}


def files_of(database: str) -> OpenFiles:
    """Return the files of the database at the path."""
    return _files.setdefault(database, OpenFiles(database))
