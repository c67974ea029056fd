"""Waiting until something is so: for what another thread, process or server does in its own time."""

import time
from collections.abc import Callable

PATIENCE_S = 40
EVERY_S = 0.02


def until(so: Callable[[], bool]) -> None:
    """Wait until a condition holds; fail where it does not come to hold, however busy the machine is."""
    end = time.monotonic() + PATIENCE_S
    while not so():
        assert time.monotonic() < end
        time.sleep(EVERY_S)
