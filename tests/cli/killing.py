"""Commands that are killed at their n-th step on the disk."""

import os
import signal
import sys
from pathlib import Path

from techauction.cli import main

STEPS = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.chmod", "sqlite3.connect", "open"})
"""Python's audit events of what changes a folder, or opens a file."""


def killed_at(step: int, directory: Path, *arguments: str) -> bool:
    """Run a command in a process that is killed before its n-th such step under the directory; return whether it was."""
    child = os.fork()
    if child == 0:
        _die_at(step, str(directory.parent))
        main(["--instance", str(directory), *arguments], standalone_mode=False)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def _die_at(step: int, under: str) -> None:
    left = step

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event in STEPS and any(under in str(each) for each in arguments[:2]):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
