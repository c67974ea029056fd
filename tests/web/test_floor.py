"""The clerk's console."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.clock import ManualClock
from techauction.core.approval import Act
from techauction.core.lot import Format, Stage
from techauction.core.offer import Source
from techauction.db import writing
from techauction.reports.record_of_sale import verify_round
from techauction.store.auction import ApprovalRow, OfferRow, PaddleRow
from techauction.store.consigning import LotRow
from techauction.store.people import Role, UserRow
from techauction.store.record import RecordRow
from tests.builders import OPENS, a_lot, a_paddle, a_round, wan
from tests.web.test_desk import MINUTE, Desk

FLOOR = "/organizer/rounds/the-round/floor"


@pytest.fixture
def desk(app: Flask, store: Callable[[], Session], new_user: Callable[..., UserRow], clock: ManualClock) -> Desk:
    return Desk(app, store, new_user, clock).open()


def call(desk: Desk, paddle: int, amount: str = "", *, key: str | None = None, lot: int = 1, **more: str) -> tuple[int, str]:
    """Place a bid from the floor; return the answer's status and page."""
    said = {"paddle": str(paddle), "amount": amount, "key": key or uuid4().hex, **more}
    answer = desk.cy.send(f"{FLOOR}/lots/{lot}", said)
    return answer.status_code, answer.text


def test_a_bid_from_the_floor_stands_in_the_record_with_its_clerk(desk: Desk) -> None:
    page = desk.cy.get(FLOOR).text
    assert "Place the bid" in page
    assert 'value="2,000,000"' in page

    assert call(desk, 101, "200万")[0] == 303

    assert (desk.lot().standing_paddle, desk.lot().standing_amount) == (101, wan(200))
    with desk.store() as session:
        clerk = session.scalars(select(UserRow.id).where(UserRow.sign_in_name == "cyril")).one()
        event = session.scalars(
            select(RecordRow).where(RecordRow.lot_id == desk.lot().id).order_by(RecordRow.seq.desc())
        ).first()
        assert event is not None
        assert event.data == {"confirmed": False, "source": "floor", "clerk": clerk}
        offer = session.scalars(select(OfferRow)).one()
        assert (offer.source, offer.user_id) == (Source.FLOOR, clerk)
        assert offer.organisation_id == desk.played.paddles[0].organisation_id
        assert verify_round(session, "the-round") == []
    assert "Floor" in desk.cy.get(FLOOR).text


def test_a_step_is_taken_whatever_was_typed(desk: Desk) -> None:
    assert call(desk, 101, "", step="2,100,000")[0] == 303
    assert call(desk, 102, "9", step="2,200,000")[0] == 303

    assert desk.lot().standing_amount == wan(220)


def test_the_same_form_again_bids_once(desk: Desk) -> None:
    key = uuid4().hex

    assert [call(desk, 101, "200万", key=key)[0] for _ in range(2)] == [303, 303]

    assert desk.lot().bids == 1


@pytest.mark.parametrize(
    ("paddle", "amount", "sentence"),
    [
        (999, "210万", "No paddle 999 was issued in this round."),
        pytest.param(777, "210万", "No paddle 777 was issued in this round.", id="of another round"),
        (102, "", "Type the amount, or choose a step."),
        (102, "much", "is no amount"),
        (102, "1万", "The least lawful bid now is ¥2,100,000."),
        (101, "210万", "This paddle&#39;s bid of ¥2,000,000 stands already: it leads."),
    ],
)
def test_what_cannot_be_taken_is_said_and_nothing_changes(desk: Desk, paddle: int, amount: str, sentence: str) -> None:
    call(desk, 101, "200万")
    with desk.store() as session, writing(session):
        other = a_round(session)
        a_paddle(session, 777, a_lot(session, other))

    status, page = call(desk, paddle, amount)

    assert (status, sentence in page) == (422, True)
    assert (desk.lot().standing_paddle, desk.lot().bids) == (101, 1)


def test_a_paused_or_withdrawn_lot_takes_no_bid_from_the_floor(desk: Desk) -> None:
    desk.ada.send(f"{desk.at}/pause", {"reason": "Fire.", "all": "1"})

    status, page = call(desk, 101, "200万")

    assert (status, "Bidding on this lot is paused." in page) == (422, True)


def test_a_voided_paddle_does_not_bid_from_the_floor(desk: Desk) -> None:
    with desk.store() as session, writing(session):
        paddle = session.scalars(select(PaddleRow).where(PaddleRow.number == 101)).one()
        paddle.voided_at = OPENS

    status, page = call(desk, 101, "200万")

    assert (status, "Paddle 101 was voided" in page) == (422, True)


def test_an_entry_is_undone_by_stopping_the_lot_and_asking_for_a_void(desk: Desk) -> None:
    call(desk, 101, "200万")
    call(desk, 102, "210万")

    assert desk.cy.send(f"{FLOOR}/lots/1/undo", {"seq": "3"}).status_code == 303

    assert desk.lot().stage is Stage.PAUSED
    request = desk.request()
    assert (request.act, request.subject["seq"]) == (Act.VOID_BID, 3)
    assert desk.cy.send(f"{desk.at}/requests/{request.id}/approve").status_code == 422
    assert desk.ada.send(f"{desk.at}/requests/{request.id}/approve").status_code == 303
    assert desk.lot().standing_paddle == 101


def test_a_bid_that_is_not_there_is_not_undone(desk: Desk) -> None:
    answer = desk.cy.send(f"{FLOOR}/lots/1/undo", {"seq": "9"})

    assert (answer.status_code, "The lot has no bid with number 9" in answer.text) == (422, True)
    assert desk.lot().stage is Stage.OPEN
    with desk.store() as session:
        assert session.scalars(select(ApprovalRow)).all() == []


def test_the_floor_is_that_of_the_rounds_markets(desk: Desk) -> None:
    stranger = desk.browser("eve", Role.ORGANIZER, market_key="anhui")

    assert stranger.get(FLOOR).status_code == 404
    assert stranger.send(f"{FLOOR}/lots/1", {"paddle": "101", "amount": "200万", "key": uuid4().hex}).status_code == 404
    assert desk.lot().bids == 0


def test_sealed_offers_are_not_called_in_the_hall(desk: Desk) -> None:
    with desk.store() as session, writing(session):
        session.get_one(LotRow, desk.lot().id).format = Format.SEALED

    page = desk.cy.get(f"{FLOOR}?lot=1").text

    assert "Offers on this lot are sealed" in page
    assert "Place the bid" not in page
    assert call(desk, 101, "200万")[0] == 404


def test_the_console_shows_the_lot_that_was_asked_for(desk: Desk) -> None:
    desk.clock.advance(MINUTE)

    assert "/floor/lots/2" in desk.cy.get(f"{FLOOR}?lot=2").text
    assert "/floor/lots/1" in desk.cy.get(f"{FLOOR}?lot=77").text
