"""Jobs of ours that take long, in child processes: niced, few at once, for a limited time, and ended with this process.

What is computed in this process holds Python's lock, and every bid waits for it.
"""

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from tempfile import TemporaryFile
from threading import BoundedSemaphore, Lock
from typing import IO, Any

import structlog

from techauction.core.refusal import Refusal
from techauction.core.roundfile import RoundFileWrong

log = structlog.get_logger()

MOST_AT_ONCE = 2
LIMIT_S = 120.0
_PROGRAM = "techauction.jobs.child"
_MOST_SAID = 2_000


class ChildrenBusy(Refusal):
    """As many jobs as may are being done."""

    code = "children_busy"


class ChildTooSlow(Refusal):
    """A job took longer than a page may wait; the command line has no limit."""

    code = "child_too_slow"


class ChildFailed(Exception):
    """A job broke; its log has the reason."""


class Children:
    """The children of one serving process. Who may ask for a job, the caller has seen to before."""

    def __init__(self, database_url: str, *, most: int = MOST_AT_ONCE, limit_s: float = LIMIT_S) -> None:
        self._database_url = database_url
        self._limit_s = limit_s
        self._room = BoundedSemaphore(most)
        self._lock = Lock()
        self._going: set[subprocess.Popen[bytes]] = set()
        self._ended = False

    def do(self, job: str, **arguments: object) -> Iterator[object]:
        """Have a job done (`jobs/child.py`) to its end, and return what it yields; it lies in a file meanwhile.

        :raises ChildrenBusy, ChildTooSlow: as they say
        :raises Refusal: the job's own
        :raises ChildFailed: it broke
        """
        if not self._room.acquire(blocking=False):
            raise ChildrenBusy
        spool = TemporaryFile()  # noqa: SIM115 (whoever reads the parts closes it)
        try:
            self._run({"job": job, "database_url": self._database_url, "arguments": arguments}, spool)
            spool.seek(0)
            refused = pickle.load(spool)  # noqa: S301 (our own child wrote it into a file without a name)
            if refused is not None:
                _refuse(*refused)
        except BaseException:
            spool.close()
            raise
        finally:
            self._room.release()
        return _parts(spool)

    def end(self) -> None:
        """Kill those that are at work, from any thread, and begin no more."""
        with self._lock:
            self._ended = True
            going = list(self._going)
        for child in going:
            child.kill()

    def _run(self, asked: dict[str, object], spool: IO[bytes]) -> None:
        with TemporaryFile() as said:
            child = self._begun(spool, said)
            assert child.stdin is not None
            try:
                with suppress(BrokenPipeError):
                    child.stdin.write(json.dumps(asked).encode() + b"\n")
                    child.stdin.flush()  # and it stays open: the child ends when it is closed, and so with this process
                code = child.wait(self._limit_s)
            except subprocess.TimeoutExpired:
                raise ChildTooSlow from None
            finally:
                child.kill()
                child.wait()
                with self._lock:
                    self._going.discard(child)
                with suppress(BrokenPipeError):
                    child.stdin.close()
            if code:
                if self._ended:
                    raise ChildrenBusy
                said.seek(0)
                log.error("child_failed", job=asked["job"], code=code, said=said.read().decode(errors="replace")[-_MOST_SAID:])
                raise ChildFailed(f"{asked['job']}: {code}")

    def _begun(self, spool: IO[bytes], said: IO[bytes]) -> "subprocess.Popen[bytes]":
        with self._lock:
            if self._ended:
                raise ChildrenBusy
            child = subprocess.Popen([sys.executable, "-m", _PROGRAM], stdin=subprocess.PIPE, stdout=spool, stderr=said)  # noqa: S603 (our own module)
            self._going.add(child)
        return child


def _refuse(code: str, facts: Any, *more: int) -> None:
    raise RoundFileWrong(facts, *more) if code == RoundFileWrong.code else Refusal.restore(code, facts)


def _parts(spool: IO[bytes]) -> Iterator[object]:
    with spool:
        while True:
            try:
                yield pickle.load(spool)  # noqa: S301 (as above)
            except EOFError:
                return
