"""Bids that are taken back: who may stand then, and what goes with them."""

from typing import Any

import pytest
from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.approval import Act, ApprovalStale
from techauction.core.money import Money
from techauction.core.voiding import VoidedPaddleNext
from techauction.db import writing
from techauction.queries import lot_at_desk
from techauction.reports.recorded import recorded_lots
from techauction.services import admission, opening
from techauction.services.bidding import Asked, Taken, take_bids
from techauction.store.auction import AdmissionRow, OutcomeRow, PaddleRow
from techauction.store.base import Row
from techauction.store.notices import NoticeRow
from techauction.store.record import RecordRow
from tests.builders import CLOSES, OPENS, wan
from tests.services.test_approvals import MINUTE, Sale


@pytest.fixture
def sale(sessions: sessionmaker[Session]) -> Sale:
    """Return an open round of two lots; on the first 101 has bid 200万, and 102 then 210万, and 103 has the first right."""
    sale = Sale(sessions)
    with sessions.begin() as session:
        its = (AdmissionRow.lot_id == sale.lots[0]) & (AdmissionRow.paddle_id == sale.played.paddles[2].id)
        session.execute(update(AdmissionRow).where(its).values(priority_rank=1))
    sale.opened()
    sale.bid(0, 0, wan(200), OPENS + MINUTE)
    sale.bid(0, 1, wan(210), OPENS + 2 * MINUTE)
    return sale


def void_paddle(sale: Sale, place: int) -> None:
    sale.do(
        admission.void,
        at=OPENS + 3 * MINUTE,
        paddle_id=sale.played.paddles[place].id,
        market_key="zhejiang",
        reason="Fraud.",
        by_id=sale.ada,
    )


def test_a_void_lets_no_bid_of_a_voided_paddle_stand_again(sale: Sale) -> None:
    void_paddle(sale, 0)
    sale.pause(0, at=OPENS + 4 * MINUTE)

    with pytest.raises(VoidedPaddleNext):
        sale.ask(Act.VOID_BID, 0, at=OPENS + 5 * MINUTE, seq=3)

    sale.approve(sale.ask(Act.VOID_BID, 0, at=OPENS + 5 * MINUTE, seq=2), at=OPENS + 5 * MINUTE)
    sale.approve(sale.ask(Act.VOID_BID, 0, at=OPENS + 6 * MINUTE, seq=3), at=OPENS + 6 * MINUTE)
    assert sale.lot(0).standing_paddle is None
    assert sale.wrong() == []


def test_a_paddle_voided_while_the_second_person_looks_does_not_stand_again(sale: Sale) -> None:
    sale.pause(0, at=OPENS + 2 * MINUTE)
    asked = sale.ask(Act.VOID_BID, 0, at=OPENS + 2 * MINUTE, seq=3)
    void_paddle(sale, 0)

    with pytest.raises(ApprovalStale):
        sale.approve(asked, at=OPENS + 4 * MINUTE)

    assert sale.lot(0).standing_paddle == 102


def test_a_sale_to_a_voided_paddle_is_found(sale: Sale) -> None:
    sale.fall(0)
    assert sale.wrong() == []
    with sale.sessions.begin() as session:
        its = PaddleRow.id == sale.played.paddles[1].id
        session.execute(update(PaddleRow).where(its).values(voided_at=CLOSES - MINUTE, void_reason="Fraud."))

    assert [each for each in sale.wrong() if "not_admitted" in each and "voided before the hammer" in each]


CHANGED = ("approvals", "record", "lots", "outcomes", "settlements", "cases", "deposits", "postings")
"""Tables of which a void changes rows, or adds some."""


def kept(session: Session) -> dict[Table, list[dict[str, Any]]]:
    """Return all their rows."""
    tables = [Row.metadata.tables[name] for name in CHANGED]
    return {table: [dict(row) for row in session.execute(select(table)).mappings()] for table in tables}


def put_back(session: Session, before: dict[Table, list[dict[str, Any]]]) -> None:
    """Make these rows as they were, as somebody would who owns the database."""
    for table, rows in before.items():
        [key] = table.primary_key.columns
        session.execute(delete(table).where(key.not_in([row[key.name] for row in rows])))
        for row in rows:
            session.execute(update(table).where(key == row[key.name]).values(row))


def test_a_void_after_the_close_that_was_cut_off_is_found_by_who_was_told(sale: Sale) -> None:
    for place in (0, 1):
        sale.fall(place)
    later = CLOSES + 120 * MINUTE
    with sale.sessions() as session, writing(session):
        assert opening.close_round(session, round_id=sale.round_id, now=later - MINUTE)
        before = kept(session)
    sale.approve(sale.ask(Act.VOID_OUTCOME, 0, at=later), at=later)
    assert sale.wrong() == []
    with sale.sessions.begin() as session:
        assert len(kept(session)[Row.metadata.tables["postings"]]) > len(before[Row.metadata.tables["postings"]])
        put_back(session, before)

    [wrong] = sale.wrong()
    assert "its sale was voided" in wrong


def match(sale: Sale, place: int, amount: Money) -> None:
    with sale.sessions() as session, writing(session):
        paddle = sale.played.paddles[place]
        asked = Asked(
            lot_id=sale.lots[0],
            organisation_id=paddle.organisation_id,
            user_id=sale.played.users[place],
            session_id=None,
            amount=amount,
            key="a-key-of-a-match",
            confirmed=False,
            matching=True,
        )
        [answer] = take_bids(session, [asked], read_clock=lambda: OPENS + 3 * MINUTE)
        assert isinstance(answer, Taken)


def test_with_a_bid_goes_its_match_for_nobody_else_made_the_price(sale: Sale) -> None:
    match(sale, 2, wan(210))
    sale.pause(0, at=OPENS + 4 * MINUTE)

    sale.approve(sale.ask(Act.VOID_BID, 0, at=OPENS + 5 * MINUTE, seq=3), at=OPENS + 6 * MINUTE)

    lot = sale.lot(0)
    assert (lot.standing_paddle, lot.standing_amount, lot.bids, lot.bidders) == (101, wan(200), 1, [101])
    sale.approve(sale.ask(Act.RESUME, 0, at=OPENS + 7 * MINUTE), at=OPENS + 8 * MINUTE)
    sale.bid(0, 1, wan(210), OPENS + 9 * MINUTE)
    sale.fall(0)
    assert sale.wrong() == []
    with sale.sessions() as session:
        [first, _] = recorded_lots(session, sale.round_id)
        assert (first.bids, first.bidders) == (2, {101, 102})
        at_desk = lot_at_desk.lot_at_desk(session, sale.played.row.slug, 1, market_key="zhejiang", now=CLOSES)
        assert at_desk is not None
        assert [each.voided_for is None for each in at_desk.bids] == [True, False, False, True]
        told = set(session.scalars(select(NoticeRow.user_id).where(NoticeRow.what == "bid_voided")))
        assert {sale.played.users[1], sale.played.users[2]} <= told
        assert session.get_one(OutcomeRow, sale.lots[0]).paddle == 102


def test_a_match_is_voided_and_what_it_matched_stands_again(sale: Sale) -> None:
    match(sale, 2, wan(210))
    sale.pause(0, at=OPENS + 4 * MINUTE)

    sale.approve(sale.ask(Act.VOID_BID, 0, at=OPENS + 5 * MINUTE, seq=4), at=OPENS + 6 * MINUTE)

    lot = sale.lot(0)
    assert (lot.standing_paddle, lot.standing_amount, lot.bids) == (102, wan(210), 2)
    assert sale.wrong() == []


def test_a_void_that_leaves_the_match_out_is_found(sale: Sale) -> None:
    match(sale, 2, wan(210))
    sale.pause(0, at=OPENS + 4 * MINUTE)
    sale.approve(sale.ask(Act.VOID_BID, 0, at=OPENS + 5 * MINUTE, seq=3), at=OPENS + 6 * MINUTE)
    with sale.sessions.begin() as session:
        last = session.scalars(select(RecordRow).where(RecordRow.lot_id == sale.lots[0], RecordRow.seq == 6)).one()
        last.data = {name: value for name, value in last.data.items() if name != "matches"}

    assert [each for each in sale.wrong() if "matches of the bid" in each]
