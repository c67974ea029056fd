"""Whoever is outbid is told: in the page first, by mail only if it was not seen there."""

import email
from collections.abc import Iterator
from datetime import timedelta
from email.policy import default
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from flask_babel import Babel
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import ManualClock
from techauction.core.money import Money
from techauction.db import writing
from techauction.jobs.mailer import FileMailer
from techauction.jobs.outbidding import Outbidding
from techauction.jobs.sending import send_notices
from techauction.saleroom.auctioneer import Asked, Auctioneer
from techauction.services import instructions, opening, pausing, voiding
from techauction.services.notices import see, unseen
from techauction.services.outbidding import PATIENCE, look, selling
from techauction.services.two import Two
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.notices import NoticeRow
from techauction.store.people import Role
from tests.builders import OPENS, a_lot, a_paddle, a_round, a_user, wan

Sessions = sessionmaker[Session]
PATIENCE_S = 20


class Sale:
    """Two open lots, and two bidders' agents, each with the key of its organisation."""

    def __init__(self, sessions: Sessions, clock: ManualClock, auctioneer: Auctioneer) -> None:
        self.sessions, self.clock, self.auctioneer = sessions, clock, auctioneer
        self.outbidding = Outbidding(sessions, clock)
        self.agents: dict[str, int] = {}
        self.organisations: dict[str, int] = {}
        with sessions.begin() as session:
            row = a_round(session, min_admitted=1)
            lots = [a_lot(session, row, number=number) for number in (7, 8)]
            self.round_id, (self.lot_id, self.other_id) = row.id, (each.id for each in lots)
            for number, name in ((101, "ada"), (102, "bo")):
                organisation = a_paddle(session, number, *lots).organisation
                self.organisations[name] = organisation.id
                self.agents[name] = a_user(session, Role.ENTERPRISE, organisation=organisation, locale="en").id
        clock.set(OPENS)
        auctioneer.act(partial(opening.open_round, round_id=self.round_id)).result(PATIENCE_S)

    def bid(self, name: str, amount: Money, *, lot_id: int | None = None) -> None:
        """Bid, a second later."""
        self.clock.set(self.clock() + timedelta(seconds=1))
        asked = Asked(
            lot_id=lot_id or self.lot_id,
            organisation_id=self.organisations[name],
            user_id=self.agents[name],
            session_id=None,
            amount=amount,
            key=uuid4().hex,
            confirmed=True,
            received_at=self.clock(),
        )
        self.auctioneer.submit(asked).result(PATIENCE_S)

    def leave(self, name: str, ceiling: Money) -> None:
        """Leave a standing instruction, a second later."""
        self.clock.set(self.clock() + timedelta(seconds=1))
        bidder = {"organisation_id": self.organisations[name], "user_id": self.agents[name]}
        act = partial(instructions.place, lot_id=self.lot_id, ceiling=ceiling, **bidder)
        self.auctioneer.act(act).result(PATIENCE_S)

    def notices(self, name: str) -> list[NoticeRow]:
        """Return what was told to an agent of having been outbid."""
        with self.sessions() as session:
            rows = select(NoticeRow).where(NoticeRow.user_id == self.agents[name], NoticeRow.what == "outbid")
            return list(session.scalars(rows.order_by(NoticeRow.id)))


@pytest.fixture
def sale(sessions: Sessions, clock: ManualClock) -> Iterator[Sale]:
    """Yield lots at 200万, with an auctioneer at work."""
    auctioneer = Auctioneer(sessions, clock)
    auctioneer.start()
    yield Sale(sessions, clock, auctioneer)
    auctioneer.stop()


@pytest.fixture
def app() -> Flask:
    """Return an app that has languages and nothing else."""
    made = Flask(__name__)
    Babel(made, default_locale="en")
    return made


def send(app: Flask, sale: Sale, outbox: Path) -> list[str]:
    with app.app_context():
        send_notices(sale.sessions, FileMailer(outbox), now=sale.clock())
    read = [email.message_from_bytes(each.read_bytes(), policy=default) for each in sorted(outbox.glob("*.eml"))]
    return [str(each["Subject"]) for each in read]


def test_the_outbid_is_told_and_the_leader_is_not(sale: Sale) -> None:
    sale.bid("ada", wan(200))
    sale.outbidding.look()
    assert sale.notices("ada") == []

    sale.bid("bo", wan(210))
    sale.outbidding.look()

    [told] = sale.notices("ada")
    assert (told.facts["lot_id"], told.facts["price_fen"]) == (sale.lot_id, wan(210).minor)
    assert told.hold_until == sale.clock() + PATIENCE
    assert sale.notices("bo") == []


def test_one_notice_at_most_waits_for_a_bidder_and_lot(sale: Sale, sessions: Sessions, clock: ManualClock) -> None:
    for amount in (200, 220, 240):
        sale.bid("ada", wan(amount))
        sale.bid("bo", wan(amount + 10))
        sale.outbidding.look()
        Outbidding(sessions, clock).look()

    assert len(sale.notices("ada")) == 1


def test_who_was_told_and_bids_again_is_told_again_when_outbid(sale: Sale, sessions: Sessions) -> None:
    sale.bid("ada", wan(200))
    sale.bid("bo", wan(210))
    sale.outbidding.look()
    with sessions.begin() as session:
        see(session, notice_ids=unseen(session, user_id=sale.agents["ada"], lot_id=sale.lot_id), now=sale.clock())
    sale.bid("ada", wan(220))
    sale.outbidding.look()
    assert len(sale.notices("ada")) == 1

    sale.bid("bo", wan(230))
    sale.outbidding.look()

    assert len(sale.notices("ada")) == 2


def test_a_notice_is_held_and_then_mailed_to_who_is_away(sale: Sale, app: Flask, tmp_path: Path) -> None:
    sale.bid("ada", wan(200))
    sale.bid("bo", wan(210))
    sale.outbidding.look()
    assert send(app, sale, tmp_path) == []

    sale.clock.set(sale.clock() + PATIENCE)

    assert send(app, sale, tmp_path) == ["You were outbid on lot 7"]


def test_who_has_seen_it_gets_no_mail(sale: Sale, app: Flask, tmp_path: Path, sessions: Sessions) -> None:
    sale.bid("ada", wan(200))
    sale.bid("bo", wan(210))
    sale.outbidding.look()
    with sessions.begin() as session:
        see(session, notice_ids=unseen(session, user_id=sale.agents["ada"], lot_id=sale.lot_id), now=sale.clock())

    sale.clock.set(sale.clock() + PATIENCE)

    assert send(app, sale, tmp_path) == []
    assert [each.sent_at is not None for each in sale.notices("ada")] == [True]


def test_who_leads_again_gets_no_mail(sale: Sale, app: Flask, tmp_path: Path) -> None:
    sale.bid("ada", wan(200))
    sale.bid("bo", wan(210))
    sale.outbidding.look()
    sale.bid("ada", wan(220))
    sale.outbidding.look()

    sale.clock.set(sale.clock() + PATIENCE)

    assert send(app, sale, tmp_path) == ["You were outbid on lot 7"]
    assert [each.seen_at is not None for each in sale.notices("ada")] == [True]
    assert [each.seen_at is not None for each in sale.notices("bo")] == [False]


def test_a_lot_of_another_round_is_none_of_this(sale: Sale, sessions: Sessions) -> None:
    with sessions() as session:
        assert unseen(session, user_id=sale.agents["ada"], lot_id=sale.lot_id + 1) == []


def test_in_a_copy_nobody_is_outbid(sale: Sale, sessions: Sessions) -> None:
    sale.bid("ada", wan(200))
    sale.bid("bo", wan(210))
    with sessions.begin() as session:
        other = a_round(session).id
        row = session.get_one(RoundRow, sale.round_id)
        row.copy_of_id, row.rehearsal, row.synthetic = other, True, True

    sale.outbidding.look()

    assert sale.notices("ada") == []
    with sessions() as session:
        assert session.get_one(LotRow, sale.lot_id).bids == 2


def test_who_has_only_bids_that_were_voided_is_not_outbid(sale: Sale, sessions: Sessions) -> None:
    sale.bid("ada", wan(200))
    sale.bid("bo", wan(210))
    with sessions() as session, writing(session):
        organizers = [a_user(session).id for _ in range(2)]
        pausing.pause(session, lot_ids=[sale.lot_id], reason="Why.", by_id=organizers[0], read_clock=sale.clock)
        two = Two(asked_by=organizers[0], approved_by=organizers[1])
        lot = session.get_one(LotRow, sale.lot_id)
        voiding.void_bid(session, lot=lot, seq=3, reason="Why.", two=two, now=sale.clock())
        pausing.resume(session, lot_ids=[sale.lot_id], reason="Why.", by_id=organizers[0], read_clock=sale.clock)

    sale.outbidding.look()

    assert sale.notices("bo") == []
    assert sale.notices("ada") == []


def test_a_leader_of_old_is_outbid_by_the_first_bid_since_the_last_look(sale: Sale) -> None:
    sale.bid("ada", wan(200))
    sale.outbidding.look()
    sale.outbidding.look()

    sale.bid("bo", wan(210))
    sale.outbidding.look()
    sale.outbidding.look()

    assert len(sale.notices("ada")) == 1
    assert sale.notices("bo") == []


def test_a_bid_made_during_a_look_is_for_the_next(sale: Sale, sessions: Sessions) -> None:
    sale.bid("ada", wan(200))
    with sessions() as session:
        before = selling(session)
    sale.bid("bo", wan(210))

    with sessions() as session:
        assert look(session, before, {}).told == []
        assert [user_id for user_id, _ in look(session, selling(session), before).told] == [sale.agents["ada"]]


def test_lots_are_told_of_together_and_apart(sale: Sale) -> None:
    for lot_id in (sale.lot_id, sale.other_id):
        sale.bid("ada", wan(200), lot_id=lot_id)
    sale.bid("bo", wan(210))
    sale.outbidding.look()
    assert [each.facts["number"] for each in sale.notices("ada")] == [7]

    sale.bid("bo", wan(210), lot_id=sale.other_id)
    sale.outbidding.look()

    assert [each.facts["number"] for each in sale.notices("ada")] == [7, 8]


def test_what_is_told_of_a_rehearsal_says_that_it_is_one(sale: Sale, sessions: Sessions, app: Flask, tmp_path: Path) -> None:
    with sessions() as session, writing(session):
        session.get_one(RoundRow, sale.round_id).rehearsal = True
    sale.bid("ada", wan(200))
    sale.bid("bo", wan(210))
    sale.outbidding.look()

    sale.clock.set(sale.clock() + PATIENCE)

    assert send(app, sale, tmp_path) == ["Rehearsal: You were outbid on lot 7"]


def test_whose_ceiling_is_passed_is_told_so_without_the_sum_and_nobody_else_is(sale: Sale, app: Flask, tmp_path: Path) -> None:
    sale.leave("ada", wan(220))
    sale.outbidding.look()
    assert sale.notices("ada") == []

    sale.bid("bo", wan(230))
    sale.outbidding.look()
    sale.outbidding.look()

    [told] = sale.notices("ada")
    assert told.facts["over_ceiling"] is True
    assert wan(220).minor not in told.facts.values()
    assert sale.notices("bo") == []
    sale.clock.set(sale.clock() + PATIENCE)
    assert send(app, sale, tmp_path) == ["Lot 7 is over your ceiling"]


def test_who_never_bid_is_told_that_the_ceiling_is_passed(sale: Sale, sessions: Sessions) -> None:
    sale.bid("bo", wan(210))
    sale.leave("bo", wan(220))
    sale.leave("ada", wan(220))
    with sessions() as session:
        assert session.get_one(LotRow, sale.lot_id).bidders == [102], "of equal ceilings the earlier one stands"

    sale.outbidding.look()
    sale.bid("ada", wan(230), lot_id=sale.other_id)
    sale.outbidding.look()

    assert [each.facts["over_ceiling"] for each in sale.notices("ada")] == [True]
    assert sale.notices("bo") == []


def test_who_raised_the_ceiling_is_told_again_when_that_is_passed_too(sale: Sale) -> None:
    sale.leave("ada", wan(220))
    sale.bid("bo", wan(230))
    sale.outbidding.look()
    sale.leave("ada", wan(260))
    sale.outbidding.look()
    assert [each.seen_at is not None for each in sale.notices("ada")] == [True]

    sale.bid("bo", wan(270))
    sale.outbidding.look()

    assert [each.facts["over_ceiling"] for each in sale.notices("ada")] == [True, True]


def test_who_was_outbid_without_an_instruction_is_told_of_no_ceiling(sale: Sale) -> None:
    sale.bid("ada", wan(200))
    sale.bid("bo", wan(210))
    sale.outbidding.look()

    assert "over_ceiling" not in sale.notices("ada")[0].facts
