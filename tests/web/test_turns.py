"""Pages that write wait for each other first: between the auctioneer and its bids there is one of them at most."""

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from sqlalchemy.orm import Session

from techauction import db
from techauction.db import transaction, writing
from tests.waiting import until

CROWD = 20
LOOKS = 10
"""So often in a row they must be found waiting: one that was only passing there is not."""


def test_a_crowd_of_pages_that_write_does_not_go_before_the_auctioneer(app: Flask, store: Callable[[], Session]) -> None:
    asked: list[int] = []
    wrote: list[str] = []
    looks = 0

    def waiting() -> list[str]:
        """Return in which functions of `db` those who asked wait."""
        frames = sys._current_frames()  # noqa: SLF001 (nothing else tells where a thread is)
        codes = [frames[each].f_code for each in asked]
        return [code.co_name for code in codes if code.co_filename == db.__file__]

    def all_wait(count: int) -> bool:
        nonlocal looks
        looks = looks + 1 if len(asked) == len(waiting()) == count else 0
        return looks >= LOOKS

    def page() -> None:
        with app.app_context():
            asked.append(threading.get_ident())
            with transaction():
                wrote.append("page")

    def bid() -> None:
        with store() as session:
            asked.append(threading.get_ident())
            with writing(session):
                wrote.append("bid")

    with ThreadPoolExecutor(CROWD + 1) as threads:
        with store() as session, writing(session):
            done = [threads.submit(page) for _ in range(CROWD)]
            until(lambda: all_wait(CROWD))
            at_the_lock = waiting().count(writing.__name__)
            done.append(threads.submit(bid))
            until(lambda: all_wait(CROWD + 1))
        for each in done:
            each.result()

    assert at_the_lock == 1
    assert wrote.index("bid") < CROWD // 2
