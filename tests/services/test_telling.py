"""When the hammer has fallen everybody concerned is told at once, and nobody else."""

import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import ManualClock
from techauction.core.admission import DepositKind
from techauction.core.money import Money
from techauction.core.round import Phase
from techauction.saleroom.auctioneer import Asked, Auctioneer
from techauction.services import opening
from techauction.store.consigning import RoundRow
from techauction.store.notices import NoticeRow
from techauction.store.people import Role, UserRow
from tests.builders import CLOSES, OPENS, a_deposit, a_lot, a_paddle, a_reserve, a_result, a_round, a_user, an_organisation, wan
from tests.conftest import TEN

Sessions = sessionmaker[Session]
Told = set[tuple[str, str]]
PATIENCE_S = 20


class Sale:
    """Lots 1 (a reserve of 300万), 2 and 3, opened, with bidders ada, bo and cy, and everybody who works on them."""

    def __init__(self, sessions: Sessions, clock: ManualClock, auctioneer: Auctioneer, **more: object) -> None:
        self.sessions, self.clock, self.auctioneer = sessions, clock, auctioneer
        self.lots: dict[int, int] = {}
        self.agents: dict[str, tuple[int, int]] = {}
        with sessions.begin() as session:
            row = a_round(session, buyer_bps=100, **more)
            university = a_user(session, Role.INSTITUTE, name="university")
            a_user(session, Role.ORGANIZER, name="organizer")
            a_user(session, Role.ORGANIZER, name="neighbour", market="anhui")
            a_user(session, Role.MANAGER, name="manager", fields=("energy",))
            a_user(session, Role.AUDITOR, name="auditor")
            lots = [
                a_lot(
                    session,
                    row,
                    number=number,
                    result=a_result(session, institute=university.organisation),
                    reserve_announced=number == 1,
                )
                for number in (1, 2, 3)
            ]
            a_reserve(session, lots[0], wan(300))
            self.lots = {lot.number or 0: lot.id for lot in lots}
            for number, name in ((101, "ada"), (102, "bo"), (103, "cy")):
                organisation = an_organisation(session)
                paddle = a_paddle(session, number, *lots, organisation=organisation)
                for lot in lots:
                    a_deposit(session, paddle, lot, wan(20))
                self.agents[name] = (a_user(session, Role.ENTERPRISE, organisation=organisation, name=name).id, organisation.id)
            self.round_id = row.id
        clock.set(OPENS)
        auctioneer.act(partial(opening.open_round, round_id=self.round_id)).result(PATIENCE_S)

    def bid(self, name: str, lot: int, amount: Money) -> None:
        """Make an offer that is taken."""
        user_id, organisation_id = self.agents[name]
        asked = Asked(
            lot_id=self.lots[lot],
            organisation_id=organisation_id,
            user_id=user_id,
            session_id=None,
            amount=amount,
            key=uuid4().hex,
            confirmed=True,
            received_at=self.clock(),
        )
        self.auctioneer.submit(asked).result(PATIENCE_S)

    def close(self) -> None:
        """Let the hammers fall, and what comes after them, until the round has closed."""
        self.clock.set(CLOSES + timedelta(minutes=1))
        until = time.monotonic() + PATIENCE_S
        while not self._closed() and time.monotonic() < until:
            self.auctioneer.nudge().result(PATIENCE_S)

    def _closed(self) -> bool:
        with self.sessions() as session:
            return session.get_one(RoundRow, self.round_id).phase is Phase.CLOSED

    def told(self) -> Told:
        """Return who was told what of lots."""
        with self.sessions() as session:
            rows = session.execute(
                select(UserRow.name, NoticeRow.what).join(NoticeRow.user).where(NoticeRow.what.startswith("lot_"))
            )
            return {(name, what) for name, what in rows}

    def letter(self, what: str) -> NoticeRow:
        """Return the one notice of its kind."""
        with self.sessions() as session:
            return session.scalars(select(NoticeRow).where(NoticeRow.what == what)).one()


@pytest.fixture
def auctioneer(sessions: Sessions, clock: ManualClock) -> Iterator[Auctioneer]:
    """Yield an auctioneer at work."""
    made = Auctioneer(sessions, clock)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def sale(sessions: Sessions, clock: ManualClock, auctioneer: Auctioneer) -> Sale:
    """Return the open sale."""
    return Sale(sessions, clock, auctioneer)


def test_of_a_sale_the_buyer_the_others_the_institute_and_its_market_are_told(sale: Sale) -> None:
    sale.bid("ada", 2, wan(200))
    sale.bid("bo", 2, wan(220))
    sale.close()

    told = {each for each in sale.told() if each[1] in ("lot_bought", "lot_not_bought", "lot_sold")}

    assert told == {
        ("bo", "lot_bought"),
        ("ada", "lot_not_bought"),
        ("university", "lot_sold"),
        ("organizer", "lot_sold"),
    }


def test_the_manager_has_the_case_at_once(sale: Sale) -> None:
    sale.bid("ada", 2, wan(200))
    sale.close()

    with sale.sessions() as session:
        name = session.scalars(select(UserRow.name).join(NoticeRow).where(NoticeRow.what == "case_opened")).one()

    assert name == "manager"


def test_the_buyer_is_told_the_sums_and_the_dates(sale: Sale) -> None:
    sale.bid("bo", 2, wan(220))
    sale.close()

    facts = sale.letter("lot_bought").facts

    assert (facts["price_fen"], facts["commission_fen"], facts["deposit_fen"]) == (
        wan(220).minor,
        wan(220).share(100).minor,
        wan(20).minor,
    )
    assert facts["due_fen"] == int(str(facts["price_fen"])) + int(str(facts["commission_fen"])) - wan(20).minor
    assert (facts["confirmed_by"], facts["signed_by"], facts["paid_by"]) == ("2026-11-04", "2026-11-11", "2026-11-18")


def test_of_a_lot_that_passed_in_all_who_bid_are_told(sale: Sale) -> None:
    sale.bid("ada", 1, wan(200))
    sale.bid("cy", 1, wan(210))
    sale.close()

    with sale.sessions() as session:
        rows = session.execute(select(UserRow.name, NoticeRow.what, NoticeRow.facts).join(NoticeRow.user))
        told = {(name, what) for name, what, facts in rows if facts.get("number") == 1 and what.startswith("lot_")}

    assert told == {
        ("ada", "lot_passed_in_for_bidder"),
        ("cy", "lot_passed_in_for_bidder"),
        ("university", "lot_passed_in"),
        ("organizer", "lot_passed_in"),
    }


def test_of_a_lot_that_nobody_bid_for_its_institute_and_market_are_told(sale: Sale) -> None:
    sale.close()

    with sale.sessions() as session:
        rows = session.execute(select(UserRow.name, NoticeRow.what, NoticeRow.facts).join(NoticeRow.user))
        told = sorted((name, facts["number"], facts["bids"]) for name, what, facts in rows if what.startswith("lot_"))

    assert told == [(name, lot, 0) for name in ("organizer", "university") for lot in (1, 2, 3)]


def test_everybody_is_told_once(sale: Sale) -> None:
    sale.bid("ada", 1, wan(200))
    sale.bid("ada", 2, wan(200))
    sale.bid("bo", 2, wan(220))
    sale.close()
    sale.close()

    with sale.sessions() as session:
        rows = session.execute(select(NoticeRow.user_id, NoticeRow.what, NoticeRow.facts)).all()
        seen = [(user, what, facts.get("number")) for user, what, facts in rows]

    assert len(seen) == len(set(seen))


@pytest.mark.parametrize(("kind", "when"), [(DepositKind.SHARE, "lot"), (DepositKind.FIXED, "round")])
def test_the_others_are_told_when_their_deposit_goes_back(
    sessions: Sessions, clock: ManualClock, auctioneer: Auctioneer, kind: DepositKind, when: str
) -> None:
    sale = Sale(sessions, clock, auctioneer, deposit_kind=kind, deposit_fixed=wan(20))
    sale.bid("ada", 2, wan(200))
    sale.bid("bo", 2, wan(220))
    sale.close()

    assert sale.letter("lot_not_bought").facts["deposit"] == when


def test_of_a_copy_nobody_is_told(sessions: Sessions, clock: ManualClock, auctioneer: Auctioneer) -> None:
    with sessions.begin() as session:
        real = a_round(session, phase=Phase.DRAFT, published_at=None, created_at=TEN).id
    sale = Sale(sessions, clock, auctioneer, copy_of_id=real, rehearsal=True, synthetic=True)
    sale.bid("ada", 1, wan(200))
    sale.bid("bo", 2, wan(220))
    sale.close()

    with sessions() as session:
        assert session.scalars(select(NoticeRow.what)).all() == []
        assert session.get_one(RoundRow, sale.round_id).phase is Phase.CLOSED
