"""A sign-in lasts while it is used, and never longer than it may in all."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.clock import ManualClock
from techauction.store.people import Role, UserRow, UserSessionRow
from tests.web.conftest import Browser

Store = Callable[[], Session]
HOUR = timedelta(hours=1)
PAGE = "/account/sessions"


@pytest.fixture
def ada(app: Flask, new_user: Callable[..., UserRow]) -> Browser:
    new_user("ada", Role.AUDITOR)
    browser = app.test_client()
    assert isinstance(browser, Browser)
    browser.sign_in("ada")
    return browser


def ends_at(store: Store) -> datetime:
    with store() as session:
        return session.scalars(select(UserSessionRow.expires_at).order_by(UserSessionRow.id)).one()


def test_a_page_makes_the_sign_in_last_from_now(ada: Browser, store: Store, clock: ManualClock) -> None:
    began = clock()
    clock.set(began + 11 * HOUR)

    assert ada.get(PAGE).status_code == 200

    assert ends_at(store) == began + 23 * HOUR
    clock.set(began + 22 * HOUR)
    assert ada.get(PAGE).status_code == 200


def test_it_lasts_a_day_at_most(ada: Browser, store: Store, clock: ManualClock) -> None:
    began = clock()
    for hours in (11, 22, 23):
        clock.set(began + hours * HOUR)
        assert ada.get(PAGE).status_code == 200

    assert ends_at(store) == began + 24 * HOUR
    clock.set(began + 24 * HOUR)
    assert ada.get(PAGE).status_code == 303


def test_pages_soon_after_one_another_write_nothing(ada: Browser, store: Store, clock: ManualClock) -> None:
    before = ends_at(store)
    clock.set(clock() + timedelta(minutes=50))

    ada.get(PAGE)

    assert ends_at(store) == before


def test_one_that_was_revoked_stays_so(ada: Browser, store: Store, clock: ManualClock) -> None:
    with store() as session:
        row = session.scalars(select(UserSessionRow)).one()
        row.revoked_at = clock()
        session.commit()
    before = ends_at(store)
    clock.set(clock() + 2 * HOUR)

    assert ada.get(PAGE).status_code == 303
    assert ends_at(store) == before


def test_asking_how_long_it_lasts_is_no_use_of_it_and_keeping_it_up_is(ada: Browser, store: Store, clock: ManualClock) -> None:
    token = ada.get_token()
    began = clock()
    clock.set(began + 2 * HOUR)

    asked = ada.get("/account/state").get_json()
    before = ends_at(store)
    kept_up = ada.post("/account/state", headers={"X-CSRF-Token": token}).get_json()

    assert asked == {"signed_in": True, "ends_in_s": 10 * 3600}
    assert before == began + 12 * HOUR
    assert kept_up == {"signed_in": True, "ends_in_s": 12 * 3600}
    assert ends_at(store) == began + 14 * HOUR


def test_a_page_warns_only_of_an_end_that_it_does_not_put_off(ada: Browser, clock: ManualClock) -> None:
    began = clock()
    clock.set(began + 11 * HOUR + timedelta(minutes=55))
    put_off = ada.get(PAGE).text
    clock.set(began + 23 * HOUR + timedelta(minutes=50))
    at_last = ada.get(PAGE).text

    assert 'data-ends-in="43200"' in put_off
    assert 'data-ends-in="600"' in at_last
    assert "Your sign-in ends in 10 minutes." in at_last
    warning = at_last[at_last.index("data-sign-in-ends ") :]
    assert "hidden" not in warning[: warning.index(">")]


def test_one_signs_in_again_before_the_end_and_the_old_one_ends(ada: Browser, store: Store, clock: ManualClock) -> None:
    page = ada.get("/account/sign-in?again=1&next=/rounds")
    token = ada.get_token()

    again = ada.post(
        "/account/sign-in?again=1",
        data={"csrf_token": token, "sign_in_name": "ada", "password": "correct horse battery", "next": "/rounds"},
    )

    assert page.status_code == 200
    assert (again.status_code, again.headers["Location"]) == (303, "/rounds")
    with store() as session:
        rows = session.scalars(select(UserSessionRow).order_by(UserSessionRow.id)).all()
    assert [row.revoked_at for row in rows] == [clock(), None]
