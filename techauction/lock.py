"""The instance's lock: one process writes to an installation's SQLite file."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class InstanceBusy(Exception):
    """Another process holds the instance's lock."""


@contextmanager
def held(instance: Path, what: str) -> Iterator[None]:
    """Hold the instance's lock; `what` is written into it for whoever finds it taken. A process that dies lets it go.

    :raises InstanceBusy: with what holds it
    """
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (instance / "lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read(200).strip() or "another process"
            raise InstanceBusy(f"{instance} is in use by {holder}") from error
        file.truncate(0)
        file.write(f"{what} (process {os.getpid()})\n")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
