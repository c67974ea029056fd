"""A sale: one open round, bidders admitted to all its lots, and an auctioneer at work."""

from collections.abc import Iterator
from concurrent.futures import Future
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, select

from techauction.clock import Clock, ManualClock
from techauction.core.money import Money
from techauction.core.record import Kind
from techauction.saleroom.auctioneer import Asked, Auctioneer, Taken
from techauction.services import opening
from techauction.store.auction import OutcomeRow, PaddleRow
from techauction.store.consigning import LotRow
from techauction.store.record import RecordRow
from tests import builders
from tests.builders import OPENS
from tests.transactions import Transactions

PATIENCE_S = 20


class Sale:
    """An open round of one or several lots, and what a test does and asks at it."""

    def __init__(self, engine: Engine, clock: Clock, *, lots: int = 1, bidders: int = 3, **rules: Any) -> None:
        self.sessions = Transactions(engine, expire_on_commit=False)
        self.clock = clock
        with self.sessions.begin() as session:
            round_ = builders.a_round(session, min_admitted=1, **rules)
            rows = [builders.a_lot(session, round_, number=number) for number in range(1, lots + 1)]
            paddles = [builders.a_paddle(session, 101 + place, *rows) for place in range(bidders)]
            users = [builders.a_user(session, builders.Role.ENTERPRISE, organisation=each.organisation) for each in paddles]
            self.organizer = builders.a_user(session).id
            self.round_id = round_.id
            self.slug = round_.slug
            self.lots = [row.id for row in rows]
            self.bidders = {each.number: (each.organisation_id, user.id) for each, user in zip(paddles, users, strict=True)}
        self.auctioneer = Auctioneer(self.sessions, clock)

    def open(self) -> None:
        """Start the auctioneer and open the round."""
        self.auctioneer.start()
        self.auctioneer.act(partial(opening.open_round, round_id=self.round_id)).result(PATIENCE_S)

    def begin(self) -> None:
        """Start the auctioneer and open the round as at its time: the clerk opens its lots, a few at a time."""
        self.auctioneer.start()
        self.auctioneer.act(partial(opening.begin_round, round_id=self.round_id)).result(PATIENCE_S)

    def restarted(self) -> Auctioneer:
        """Return the auctioneer of a process that comes after the one that has stopped, at work."""
        self.auctioneer = Auctioneer(self.sessions, self.clock)
        self.auctioneer.start()
        return self.auctioneer

    def asked(self, paddle: int, amount: Money, *, lot: int | None = None, key: str | None = None) -> Asked:
        """Return an offer by the holder of a paddle."""
        organisation_id, user_id = self.bidders[paddle]
        return Asked(
            lot_id=self.lots[0] if lot is None else lot,
            organisation_id=organisation_id,
            user_id=user_id,
            session_id=None,
            amount=amount,
            key=key or uuid4().hex,
            confirmed=False,
            received_at=self.clock(),
        )

    def submit(self, paddle: int, amount: Money, **more: Any) -> "Future[Taken]":
        """Submit an offer without waiting."""
        return self.auctioneer.submit(self.asked(paddle, amount, **more))

    def bid(self, paddle: int, amount: Money, **more: Any) -> Taken:
        """Submit an offer and wait for its answer."""
        return self.submit(paddle, amount, **more).result(PATIENCE_S)

    def nudge(self) -> None:
        """Have everything due done."""
        self.auctioneer.nudge().result(PATIENCE_S)

    def record(self, lot: int | None = None) -> list[RecordRow]:
        """Return a lot's record."""
        with self.sessions() as session:
            lot_id = self.lots[0] if lot is None else lot
            return list(session.scalars(select(RecordRow).where(RecordRow.lot_id == lot_id).order_by(RecordRow.seq)))

    def bids(self, lot: int | None = None) -> list[RecordRow]:
        """Return the bids of a lot's record."""
        return [row for row in self.record(lot) if row.kind is Kind.BID]

    def outcome(self, lot: int | None = None) -> OutcomeRow | None:
        """Return how a lot ended."""
        with self.sessions() as session:
            return session.get(OutcomeRow, self.lots[0] if lot is None else lot)

    def lot(self, lot: int | None = None) -> LotRow:
        """Return a lot's present state."""
        with self.sessions() as session:
            row = session.get(LotRow, self.lots[0] if lot is None else lot)
            assert row is not None
            return row

    def void_paddle(self, number: int) -> None:
        """Take a paddle back."""
        with self.sessions.begin() as session:
            row = session.scalars(select(PaddleRow).where(PaddleRow.number == number)).one()
            row.voided_at = self.clock()


@pytest.fixture
def sale(engine: Engine, clock: ManualClock) -> Iterator[Sale]:
    """Yield an open sale of one lot, at its opening: 200万 by 10万, one hour, soft close 300 s."""
    clock.set(OPENS)
    made = Sale(engine, clock)
    made.open()
    yield made
    made.auctioneer.stop(PATIENCE_S)


HOUR = timedelta(hours=1)
