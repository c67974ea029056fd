"""Transactions of tests, begun as the product begins its own."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session, sessionmaker

from techauction.db import writing


class Transactions(sessionmaker[Session]):
    """A maker of sessions whose `begin` takes SQLite's write lock first.

    A transaction that reads and then writes is refused at once ("database is locked") where somebody wrote in between, and an
    auctioneer at work writes in its own time.
    """

    @contextmanager
    def begin(self) -> Iterator[Session]:  # type: ignore[override]
        """Begin a write transaction, and commit it at the end."""
        with self() as session, writing(session):
            yield session
