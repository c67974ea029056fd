"""Files that only their owner may read: keys, secrets and backups; and files that a crash leaves whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


def write_secret(file: Path, text: str, *, once: bool) -> None:
    """Write a file (mode 600) to the disk, whole or not at all; `once` leaves one that is there as it is."""
    if once:
        with suppress(FileExistsError), whole(file) as opened:
            opened.write(text.encode("ascii"))
        return
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as written:
        written.write(text)
    keep_name(part, file)


@contextmanager
def whole(target: Path) -> Iterator[BinaryIO]:
    """Yield a file (mode 600) that gets its name when everything is written; until then it has none.

    :raises FileExistsError: there is a file of that name
    """
    try:
        handle = os.open(target.parent, os.O_TMPFILE | os.O_RDWR, 0o600)
        part = Path(f"/proc/self/fd/{handle}")
    except (AttributeError, OSError):  # not every system, nor every disk, has files without a name
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(handle)
            _link(part, target)
    finally:
        if part.parent == target.parent:
            part.unlink()
    _keep_names(target.parent)


def keep_on_disk(path: Path) -> None:
    """Have what a file holds stand on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def keep_name(source: Path, target: Path) -> None:
    """Move a file or folder into its place, so that a crash leaves the old one or the new one."""
    keep_on_disk(source)
    source.replace(target)
    _keep_names(source.parent)
    _keep_names(target.parent)


def _keep_names(folder: Path) -> None:
    with suppress(OSError):  # some network disks do not take it
        keep_on_disk(folder)


def _link(source: Path, target: Path) -> None:
    # With a folder's descriptor the system call is told to follow the link that /proc shows; without one it is not.
    folder = os.open(source.parent, os.O_RDONLY)
    try:
        os.link(source, target, src_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)
