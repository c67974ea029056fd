"""A bidder who looks at its pages needs no mail about what it saw there."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.clock import ManualClock
from techauction.db import writing
from techauction.services.notices import Facts, put
from techauction.services.outbidding import PATIENCE
from techauction.store.notices import NoticeRow
from techauction.store.people import Role, UserRow
from tests.builders import a_lot, a_paddle, a_round, an_organisation
from tests.web.conftest import Browser

Store = Callable[[], Session]


@pytest.fixture
def outbid(store: Store, new_user: Callable[..., UserRow], clock: ManualClock, visitor: Browser) -> tuple[int, int]:
    """Return the two lots on which the bidder who is signed in was outbid."""
    with store() as session, writing(session):
        row = a_round(session, slug="joint")
        lots = [a_lot(session, row, number=number) for number in (1, 2)]
        organisation = an_organisation(session)
        a_paddle(session, 260, *lots, organisation=organisation)
        organisation_id, lot_ids = organisation.id, (lots[0].id, lots[1].id)
    user_id = new_user("bidder", Role.ENTERPRISE, organisation_id=organisation_id).id
    with store() as session, writing(session):
        for number, lot_id in enumerate(lot_ids, 1):
            facts: Facts = {
                "slug": "joint",
                "number": number,
                "lot_id": lot_id,
                "title_zh": "电池",
                "title_en": "Battery",
                "price_fen": 300_000_000,
                "closes_at": clock().isoformat(),
            }
            put(session, [(user_id, facts)], what="outbid", now=clock(), hold_until=clock() + PATIENCE)
    visitor.sign_in("bidder")
    return lot_ids


def seen(store: Store) -> list[bool]:
    with store() as session:
        return [at is not None for at in session.scalars(select(NoticeRow.seen_at).order_by(NoticeRow.id))]


def test_the_lots_page_is_where_it_is_seen(outbid: tuple[int, int], visitor: Browser, store: Store) -> None:
    del outbid
    assert visitor.get("/bidder/rounds/joint/lots/2").status_code == 200

    assert seen(store) == [False, True]


def test_an_open_page_says_that_it_was_looked_at(outbid: tuple[int, int], visitor: Browser, store: Store) -> None:
    for _ in range(2):
        assert visitor.send(f"/bidder/lots/{outbid[0]}/seen").status_code == 204

    assert seen(store) == [True, False]


def test_the_list_of_notices_is_where_all_are_seen(outbid: tuple[int, int], visitor: Browser, store: Store) -> None:
    del outbid
    page = visitor.get("/account/notices").text

    assert "You were outbid on lot 2" in page
    assert "/lots/2\">The lot's page</a>" in page
    assert seen(store) == [True, True]


def test_a_notice_without_words_hides_no_other_and_an_administrator_sees_that_it_was_given_up(
    outbid: tuple[int, int],
    visitor: Browser,
    store: Store,
    new_user: Callable[..., UserRow],
    clock: ManualClock,
    app: Flask,
) -> None:
    del outbid
    with store() as session, writing(session):
        row = session.scalars(select(NoticeRow).order_by(NoticeRow.id)).first()
        assert row is not None
        row.facts, row.given_up_at, row.failure = {"number": 1}, clock(), "KeyError: 'title_zh'"
    new_user("root", Role.ADMINISTRATOR)

    page = visitor.get("/account/notices").text

    assert "outbid" in page
    assert "You were outbid on lot 2" in page
    administrator = app.test_client()
    assert isinstance(administrator, Browser)
    administrator.sign_in("root")
    assert "KeyError: &#39;title_zh&#39;" in administrator.get("/administrator/notices").text


def test_of_no_lot_nothing_is_seen(outbid: tuple[int, int], visitor: Browser, store: Store) -> None:
    assert visitor.send(f"/bidder/lots/{outbid[1] + 1}/seen").status_code == 404

    assert seen(store) == [False, False]
