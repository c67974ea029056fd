import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from techauction.children import Children
from techauction.core.money import Money
from techauction.core.round import Phase
from techauction.db import writing
from techauction.queries import auditor as queries
from techauction.services import opening
from techauction.store.auction import OutcomeRow, PaddleRow
from techauction.store.consigning import RoundRow
from techauction.store.people import Role, UserRow
from techauction.store.record import RecordRow, RoundRecordRow
from tests.builders import OPENS, a_round, wan
from tests.rounds import Played, a_round_sold, a_round_to_play
from tests.web.conftest import Browser


@pytest.fixture
def played(store: Callable[[], Session]) -> Played:
    """Return a round that was sold and closed."""
    with store() as session, writing(session):
        return a_round_sold(session)


@pytest.fixture
def auditor(visitor: Browser, new_user: Callable[..., UserRow]) -> Browser:
    """Return the browser of an auditor."""
    new_user("ada", Role.AUDITOR)
    visitor.sign_in("ada")
    return visitor


def test_the_auditor_starts_at_the_rounds_and_their_digests(auditor: Browser, played: Played) -> None:
    page = auditor.get("/auditor/rounds")

    assert page.status_code == 200
    assert played.row.digest is not None
    assert played.row.digest in page.text
    assert f'href="/auditor/rounds/{played.row.slug}"' in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_a_round_shows_the_head_of_each_record(auditor: Browser, played: Played, store: Callable[[], Session]) -> None:
    with store() as session:
        heads = session.scalars(select(RecordRow.hash).where(RecordRow.lot_id == played.lots[1].id, RecordRow.seq == 5)).all()

    page = auditor.get(f"/auditor/rounds/{played.row.slug}")

    assert page.status_code == 200
    assert all(head in page.text for head in heads)
    assert page.text.count('class="hash"') == 8


def test_a_record_shows_every_event_with_its_hashes(auditor: Browser, played: Played, store: Callable[[], Session]) -> None:
    with store() as session:
        rows = session.scalars(select(RecordRow).where(RecordRow.lot_id == played.lots[1].id)).all()

    page = auditor.get(f"/auditor/rounds/{played.row.slug}/lots/2")

    assert page.status_code == 200
    assert len(rows) == 5
    for row in rows:
        assert row.hash in page.text
        assert f'id="event-{row.seq}"' in page.text
    assert "¥2,300,000" in page.text


def test_a_long_record_is_paged(auditor: Browser, monkeypatch: pytest.MonkeyPatch, played: Played) -> None:
    monkeypatch.setattr(queries, "EVENTS_A_PAGE", 2)

    pages = [auditor.get(f"/auditor/rounds/{played.row.slug}/lots/2?page={number}").text for number in (1, 2, 3)]

    assert [re.findall(r'id="event-(\d)"', page) for page in pages] == [["1", "2"], ["3", "4"], ["5"]]


def test_a_sound_record_verifies(auditor: Browser, played: Played) -> None:
    page = auditor.get(f"/auditor/rounds/{played.row.slug}/verification")

    assert page.status_code == 200
    assert "The record is as it should be" in page.text


def test_a_violated_record_is_shown_where_it_is_violated(
    auditor: Browser, played: Played, store: Callable[[], Session]
) -> None:
    with store() as session, writing(session):
        session.execute(
            update(RecordRow).where(RecordRow.lot_id == played.lots[0].id, RecordRow.seq == 3).values(amount=Money(1))
        )
        session.execute(update(OutcomeRow).where(OutcomeRow.lot_id == played.lots[3].id).values(reserve_met=True))

    page = auditor.get(f"/auditor/rounds/{played.row.slug}/verification")

    assert "The record is violated" in page.text
    assert f'href="/auditor/rounds/{played.row.slug}/lots/1?page=1#event-3"' in page.text
    assert f'href="/auditor/rounds/{played.row.slug}/lots/4?page=1"' in page.text
    assert "An event was changed" in page.text


def test_a_round_verifies_while_it_is_sold(auditor: Browser, store: Callable[[], Session]) -> None:
    with store() as session, writing(session):
        played = a_round_to_play(session, {}, {})
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        played.bid(session, 0, 0, wan(200), OPENS)

    page = auditor.get(f"/auditor/rounds/{played.row.slug}/verification")

    assert "The record is as it should be" in page.text
    assert "There is one when the round has closed." in page.text


@pytest.mark.parametrize("rest", ["", "/verification", "/lots/1", "/lots/99"])
def test_a_draft_and_a_lot_that_is_not_are_not_found(auditor: Browser, store: Callable[[], Session], rest: str) -> None:
    with store() as session, writing(session):
        slug = a_round(session, phase=Phase.DRAFT, published_at=None).slug

    assert auditor.get(f"/auditor/rounds/{slug}{rest}").status_code == 404
    assert auditor.get(f"/auditor/rounds/nowhere{rest}").status_code == 404


def test_an_administrator_may_read_and_verify_too(visitor: Browser, new_user: Callable[..., UserRow], played: Played) -> None:
    new_user("root", Role.ADMINISTRATOR)
    visitor.sign_in("root")

    answers = [
        visitor.get(f"/auditor/rounds{rest}").status_code
        for rest in ("", f"/{played.row.slug}", f"/{played.row.slug}/lots/1", f"/{played.row.slug}/verification")
    ]

    assert answers == [200] * 4
    assert 'href="/auditor/rounds"' in visitor.get("/auditor/rounds").text


def test_a_reserve_that_was_not_met_stands_on_no_page(auditor: Browser, played: Played) -> None:
    pages = [
        auditor.get(f"/auditor/rounds/{played.row.slug}{rest}").text for rest in ("", "/lots/3", "/lots/5", "/verification")
    ]

    for page in pages:
        assert "9,000,000" not in page
        assert "900000000" not in page


def test_rounds_without_any_record_have_a_page(auditor: Browser, store: Callable[[], Session]) -> None:
    assert "No round was published yet" in auditor.get("/auditor/rounds").text
    with store() as session, writing(session):
        slug = a_round(session).slug
        assert session.scalars(select(RoundRow.digest)).all() == [None]

    assert auditor.get(f"/auditor/rounds/{slug}").status_code == 200
    assert auditor.get(f"/auditor/rounds/{slug}/verification").status_code == 200


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE rounds SET opens_at = 'soon'",
        "UPDATE rounds SET phase = 'over'",
        "UPDATE lots SET stage = 'elsewhere'",
        "UPDATE record SET data = '['",
        "UPDATE record SET kind = 'otherwise'",
        """UPDATE record SET data = '{"reason": "\\ud800"}'""",
        "UPDATE offers SET amount = 'much'",
    ],
)
def test_the_verification_page_survives_any_damage(
    auditor: Browser, played: Played, store: Callable[[], Session], damage: str
) -> None:
    with store() as session, writing(session):
        session.execute(text("PRAGMA ignore_check_constraints = 1"))
        session.execute(text(damage))

    page = auditor.get(f"/auditor/rounds/{played.row.slug}/verification")

    assert page.status_code == 200
    assert "The record is violated" in page.text


def test_an_auditor_sees_who_each_paddle_was_issued_to(auditor: Browser, played: Played, store: Callable[[], Session]) -> None:
    address = f"/auditor/rounds/{played.row.slug}/bindings"

    page = auditor.get(address)

    assert page.status_code == 200
    with store() as session:
        for paddle in session.scalars(select(PaddleRow)):
            assert paddle.salt is not None
            assert all(each in page.text for each in (paddle.salt, paddle.bidder.credit_code, paddle.bidder.name_zh))
        for event in session.scalars(select(RoundRecordRow)):
            assert event.hash in page.text
    assert f'href="{address}"' in auditor.get(f"/auditor/rounds/{played.row.slug}").text
    assert auditor.get("/auditor/rounds/nowhere/bindings").status_code == 404


def test_an_administrator_opens_no_binding(visitor: Browser, new_user: Callable[..., UserRow], played: Played) -> None:
    new_user("root", Role.ADMINISTRATOR)
    visitor.sign_in("root")

    assert visitor.get(f"/auditor/rounds/{played.row.slug}/bindings").status_code == 403
    assert "/bindings" not in visitor.get(f"/auditor/rounds/{played.row.slug}").text


def test_a_page_says_that_others_are_at_work(app: Flask, auditor: Browser, played: Played) -> None:
    house = app.extensions["techauction"]
    app.extensions["techauction"] = replace(house, children=Children(house.settings.database_url, most=0))

    busy = auditor.get(f"/auditor/rounds/{played.row.slug}/verification")
    missing = auditor.get("/auditor/rounds/nowhere/verification")

    assert (busy.status_code, missing.status_code) == (503, 404)
    assert "Others are verifying or exporting just now" in busy.text
