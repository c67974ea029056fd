"""One's own API tokens, on their page."""

import re
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.clock import ManualClock
from techauction.core.accounts import token_hash
from techauction.core.tokens import TokenScope
from techauction.db import writing
from techauction.store.people import ApiTokenRow, Role, UserRow
from tests import builders
from tests.conftest import TEN
from tests.web.conftest import Browser

Users = Callable[..., UserRow]
Store = Callable[[], Session]
PAGE = "/account/tokens"


def an_enterprises_browser(visitor: Browser, new_user: Users, store: Store) -> Browser:
    with store() as session, writing(session):
        organisation_id = builders.an_organisation(session).id
    new_user("ada", Role.ENTERPRISE, organisation_id=organisation_id)
    visitor.sign_in("ada")
    return visitor


def shown(text: str) -> str:
    found = re.search(r"ta_[A-Za-z0-9_-]{43}", text)
    assert found
    return found[0]


def test_a_token_is_shown_once_and_works(visitor: Browser, new_user: Users, store: Store) -> None:
    browser = an_enterprises_browser(visitor, new_user, store)

    made = browser.send(PAGE, {"name": "our program", "scopes": ["read", "bid"], "days": "30"})
    again = browser.get(PAGE)

    token = shown(made.text)
    with store() as session:
        row = session.scalars(select(ApiTokenRow)).one()
    assert (row.token_hash, row.scopes) == (token_hash(token), {TokenScope.READ, TokenScope.BID})
    assert row.expires_at == TEN + timedelta(days=30)
    assert token not in again.text
    assert "our program" in again.text
    assert made.headers["Cache-Control"] == "no-store"
    assert browser.get("/api/v1/rounds", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_the_page_shows_the_last_use(visitor: Browser, new_user: Users, store: Store, clock: ManualClock) -> None:
    browser = an_enterprises_browser(visitor, new_user, store)
    token = shown(browser.send(PAGE, {"name": "our program", "scopes": ["read"], "days": ""}).text)
    clock.set(TEN + timedelta(hours=1))

    browser.get("/api/v1/rounds", headers={"Authorization": f"Bearer {token}"})

    assert (TEN + timedelta(hours=1)).isoformat() in browser.get(PAGE).text


def test_only_the_scopes_of_ones_role_are_offered_and_taken(visitor: Browser, new_user: Users, store: Store) -> None:
    browser = an_enterprises_browser(visitor, new_user, store)

    page = browser.get(PAGE).text
    answers = [
        browser.send(PAGE, {"name": "x", "scopes": scopes, "days": "30"}) for scopes in (["organize"], ["read", "x"], [])
    ]

    assert re.findall(r'name="scopes"[^>]*value="(\w+)"', page) == ["read", "bid"]
    assert [answer.status_code for answer in answers] == [422] * 3
    assert "Choose at least one thing that the token may do." in answers[2].text
    with store() as session:
        assert session.scalars(select(ApiTokenRow)).all() == []


def test_a_token_needs_a_name_and_a_term_that_is_offered(visitor: Browser, new_user: Users, store: Store) -> None:
    browser = an_enterprises_browser(visitor, new_user, store)
    forms = ({"name": " "}, {"name": "x" * 81}, {"days": "9999"}, {"days": "-1"})

    answers = [browser.send(PAGE, {"name": "x", "scopes": ["read"], "days": "30"} | form) for form in forms]

    assert [answer.status_code for answer in answers] == [422] * 4


def test_a_revoked_token_ends_at_once(visitor: Browser, new_user: Users, store: Store) -> None:
    browser = an_enterprises_browser(visitor, new_user, store)
    token = shown(browser.send(PAGE, {"name": "our program", "scopes": ["read"], "days": "30"}).text)
    with store() as session:
        token_id = session.scalars(select(ApiTokenRow.id)).one()

    answer = browser.send(f"{PAGE}/{token_id}/revoke")

    assert (answer.status_code, answer.location) == (303, PAGE)
    assert browser.get("/api/v1/rounds", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert "our program" not in browser.get(PAGE).text


def test_somebody_elses_token_is_not_there(app: Flask, visitor: Browser, new_user: Users, store: Store) -> None:
    browser = an_enterprises_browser(visitor, new_user, store)
    token = shown(browser.send(PAGE, {"name": "our program", "scopes": ["read"], "days": "30"}).text)
    with store() as session:
        token_id = session.scalars(select(ApiTokenRow.id)).one()
    new_user("eve", Role.AUDITOR)
    other = app.test_client()
    assert isinstance(other, Browser)
    other.sign_in("eve")

    answer = other.send(f"{PAGE}/{token_id}/revoke")

    assert answer.status_code == 404
    assert "our program" not in other.get(PAGE).text
    assert browser.get("/api/v1/rounds", headers={"Authorization": f"Bearer {token}"}).status_code == 200
