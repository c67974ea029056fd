"""Files that only their owner may read: keys and secrets."""

import os
from pathlib import Path


def write_secret(file: Path, text: str, *, once: bool) -> None:
    """Write a file (mode 600) to the disk, whole or not at all; `once` leaves one that is there as it is."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    if not once:
        part.replace(file)
        return
    try:
        os.link(part, file)
    except FileExistsError:
        return
    finally:
        part.unlink()
