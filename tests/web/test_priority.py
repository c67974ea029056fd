"""Priority rights: confirmed by an organizer, page by page."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.db import writing
from techauction.store.auction import AdmissionRow, PaddleRow
from techauction.store.consigning import RoundMarketRow, RoundRow
from techauction.store.people import Role, UserRow
from tests.builders import a_lot, a_paddle, a_round
from tests.web.conftest import Browser

Store = Callable[[], Session]


@pytest.fixture
def paddle(store: Store) -> PaddleRow:
    """Keep a published round `spring` with lots 1 of Zhejiang and 2 of Anhui, and a paddle that is admitted to both."""
    with store() as session, writing(session):
        round_ = a_round(session, slug="spring")
        held_by = set(session.scalars(select(RoundMarketRow.market_key).where(RoundMarketRow.round_id == round_.id)))
        session.add_all(RoundMarketRow(round_id=round_.id, market_key=key) for key in {"zhejiang", "anhui"} - held_by)
        lots = [a_lot(session, round_, number=1), a_lot(session, round_, number=2, market="anhui")]
        return a_paddle(session, 101, *lots)


@pytest.fixture
def organizer(app: Flask, new_user: Callable[..., UserRow]) -> Browser:
    """Return the browser of an organizer of Zhejiang's."""
    new_user("olga", Role.ORGANIZER, market_key="zhejiang")
    client = app.test_client()
    assert isinstance(client, Browser)
    client.sign_in("olga")
    return client


def address(paddle: PaddleRow) -> str:
    return f"/organizer/rounds/spring/paddles/{paddle.id}/priority"


def ranks(store: Store) -> list[int | None]:
    with store() as session:
        return list(session.scalars(select(AdmissionRow.priority_rank).order_by(AdmissionRow.id)))


def lots(store: Store) -> list[int]:
    with store() as session:
        return list(session.scalars(select(AdmissionRow.lot_id).order_by(AdmissionRow.id)))


def test_the_page_shows_the_lots_of_ones_own_market(organizer: Browser, paddle: PaddleRow, store: Store) -> None:
    page = organizer.get(address(paddle)).text
    own, other = lots(store)

    assert f'<option value="{own}"' in page
    assert f'<option value="{other}"' not in page


def test_an_organizer_confirms_a_right_and_takes_it_back(organizer: Browser, paddle: PaddleRow, store: Store) -> None:
    own = lots(store)[0]

    assert organizer.change(address(paddle), {"lot": own, "rank": 2}).status_code == 303
    assert ranks(store) == [2, None]
    assert organizer.change(address(paddle), {"lot": own, "rank": ""}).status_code == 303
    assert ranks(store) == [None, None]


def test_what_may_not_be_is_said_beside_its_field(organizer: Browser, paddle: PaddleRow, store: Store) -> None:
    own, other = lots(store)

    for wrong in ({"lot": own, "rank": 0}, {"lot": own, "rank": "first"}, {"lot": other, "rank": 1}, {"rank": 1}):
        assert organizer.change(address(paddle), wrong).status_code == 422
    assert ranks(store) == [None, None]


def test_once_the_round_is_open_the_page_offers_nothing_and_refuses(
    organizer: Browser, paddle: PaddleRow, store: Store
) -> None:
    with store() as session, writing(session):
        session.scalars(select(RoundRow)).one().phase = "open"  # type: ignore[assignment]

    assert "<select" not in organizer.get(address(paddle)).text
    assert organizer.change(address(paddle), {"lot": lots(store)[0], "rank": 1}).status_code == 422


def test_an_unissued_paddle_has_no_such_page(organizer: Browser, paddle: PaddleRow, store: Store) -> None:
    with store() as session, writing(session):
        row = session.scalars(select(PaddleRow)).one()
        row.number = row.issued_at = None

    assert organizer.get(address(paddle)).status_code == 404
