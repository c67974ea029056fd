"""Waiting until something is so: for what another thread, process or server does in its own time."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

PATIENCE_S = 40
EVERY_S = 0.02


def until(so: Callable[[], bool]) -> None:
    """Wait until a condition holds; fail where it does not come to hold, however busy the machine is."""
    end = time.monotonic() + PATIENCE_S
    while not so():
        assert time.monotonic() < end
        time.sleep(EVERY_S)


def finish(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end, in a thread of its own: where a browser was driven before, an event loop runs in this one."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, coroutine).result()  # noqa: TID251
