"""On what was measured: the machine, its disk, the versions, the commit."""

import os
import platform
import sqlite3
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile

from techauction.settings import SHIPPED

_LIBRARIES = ("techauction", "uvicorn", "uvloop", "httptools", "flask", "sqlalchemy", "psycopg")
_SYNCS = 100


def described(directory: Path) -> dict[str, str]:
    """Return what there is to know; `directory` is on the disk that databases are measured on."""
    return {
        "machine": f"{_processor()}, {os.cpu_count()} processors, {platform.system()} {platform.release()}",
        "load before": " ".join(f"{each:.2f}" for each in os.getloadavg()),
        "one durable write": f"{_sync_ms(directory):.2f} ms (median of {_SYNCS})",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "SQLite": sqlite3.sqlite_version,
        "libraries": ", ".join(f"{name} {version(name)}" for name in _LIBRARIES),
        "commit": _commit(),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _sync_ms(directory: Path) -> float:
    """Return how long the disk takes to keep 4 KB: the floor under every commit that is alone."""
    took = []
    with TemporaryFile(dir=directory) as file:
        for _ in range(_SYNCS):
            file.write(bytes(4_096))
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
    return median(took)


def _commit() -> str:
    """Return the checkout's commit, marked where files differ from it; an installation has only a version."""
    if not (SHIPPED / ".git").exists():
        return "none (installed)"
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        return head + (" and changes" if _git("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(SHIPPED), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 (no foreign words)
