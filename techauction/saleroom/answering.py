"""Answering those who wait on the auctioneer, in threads and on event loops."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import Future

import structlog

from techauction.services.offers import Answer, Taken

log = structlog.get_logger()


class FateUnknown(Exception):
    """The database did not say whether the offer was kept; its key will tell."""


Waiting = Future[Taken] | asyncio.Future[Taken]
Settled = tuple[asyncio.Future[Taken], Answer | FateUnknown]


def answer(answers: Iterable[tuple[Waiting, Answer | FateUnknown]]) -> None:
    """Settle the futures; those of an event loop all in one call into it."""
    by_loop: defaultdict[asyncio.AbstractEventLoop, list[Settled]] = defaultdict(list)
    for future, said in answers:
        if isinstance(future, asyncio.Future):
            by_loop[future.get_loop()].append((future, said))
        elif future.set_running_or_notify_cancel():
            if isinstance(said, Taken):
                future.set_result(said)
            else:
                future.set_exception(said)
    for loop, settled in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, settled)
        except RuntimeError:  # the loop has ended, and everybody who waited on it
            log.info("nobody_waits", offers=len(settled))


def _settle(settled: list[Settled]) -> None:
    for future, said in settled:
        if future.done():
            continue
        if isinstance(said, Taken):
            future.set_result(said)
        else:
            future.set_exception(said)
