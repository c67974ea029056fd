"""Pages that write wait for each other first: between the auctioneer and its bids there is one of them at most."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from sqlalchemy.orm import Session

from techauction.db import transaction, writing
from tests.waiting import until

CROWD = 20


def test_a_crowd_of_pages_that_write_does_not_go_before_the_auctioneer(app: Flask, store: Callable[[], Session]) -> None:
    asked: list[str] = []
    wrote: list[str] = []

    def page() -> None:
        with app.app_context():
            asked.append("page")
            with transaction():
                wrote.append("page")

    def bid() -> None:
        with store() as session:
            asked.append("bid")
            with writing(session):
                wrote.append("bid")

    with ThreadPoolExecutor(CROWD + 1) as threads:
        with store() as session, writing(session):
            done = [threads.submit(page) for _ in range(CROWD)]
            until(lambda: len(asked) == CROWD)
            done.append(threads.submit(bid))
            until(lambda: len(asked) == CROWD + 1)
        for each in done:
            each.result()

    assert wrote.index("bid") < CROWD // 2
