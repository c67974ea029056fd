import dataclasses
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from techauction.app import create_app
from techauction.clock import ManualClock
from techauction.db import db
from techauction.saleroom.auctioneer import Auctioneer
from techauction.settings import Settings
from techauction.store.people import Role, UserRow
from tests.web.conftest import Browser

PAGE = "/demo/sign-in"


@pytest.fixture
def demo_app(settings: Settings, clock: ManualClock, auctioneer: Auctioneer) -> Iterator[Flask]:
    made = create_app(dataclasses.replace(settings, demo=True), clock, auctioneer)
    made.test_client_class = Browser
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def guest(demo_app: Flask) -> Browser:
    client = demo_app.test_client()
    assert isinstance(client, Browser)
    return client


def test_one_press_signs_a_visitor_in(guest: Browser, new_user: Callable[..., UserRow]) -> None:
    auditor = new_user("demo-auditor", Role.AUDITOR, name="The Auditor")

    page = guest.get(PAGE)
    answer = guest.send(f"{PAGE}/{auditor.id}")

    assert "The Auditor" in page.text
    assert f'action="{PAGE}/{auditor.id}"' in page.text
    assert answer.status_code == 303
    assert "The Auditor" in guest.get("/account/sessions").text


def test_a_visitor_changes_from_one_to_another(guest: Browser, new_user: Callable[..., UserRow]) -> None:
    auditor, organizer = (
        new_user("demo-auditor", Role.AUDITOR),
        new_user("demo-organizer", Role.ORGANIZER, name="The Organizer"),
    )

    guest.send(f"{PAGE}/{auditor.id}")
    guest.send(f"{PAGE}/{organizer.id}")

    assert "The Organizer" in guest.get("/account/sessions").text


def test_nobody_else_is_signed_in_without_a_password(guest: Browser, new_user: Callable[..., UserRow]) -> None:
    administrator = new_user("administrator", Role.ADMINISTRATOR, name="The Real One")

    assert "The Real One" not in guest.get(PAGE).text
    assert guest.send(f"{PAGE}/{administrator.id}").status_code == 404
    assert guest.get("/account/sessions").status_code == 303


def test_a_sign_in_needs_the_pages_token(guest: Browser, new_user: Callable[..., UserRow]) -> None:
    auditor = new_user("demo-auditor", Role.AUDITOR)

    assert guest.post(f"{PAGE}/{auditor.id}").status_code == 400


@pytest.mark.parametrize("name", ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"])
def test_what_came_through_a_proxy_is_not_answered(guest: Browser, name: str) -> None:
    assert guest.get(PAGE, headers={name: "127.0.0.1"}).status_code == 404


def test_another_machine_is_not_answered(guest: Browser) -> None:
    assert guest.get(PAGE, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 404


def test_another_name_for_this_machine_is_not_answered(guest: Browser) -> None:
    assert guest.get(PAGE, headers={"Host": "auction.example:5000"}).status_code == 404
    assert guest.get(PAGE, headers={"Host": "127.0.0.1:5000"}).status_code == 200
    assert guest.get(PAGE, headers={"Host": "[::1]:5000"}).status_code == 200


def test_every_page_of_a_demonstration_says_so(guest: Browser, visitor: Browser) -> None:
    assert PAGE in guest.get("/account/sign-in").text
    assert PAGE not in visitor.get("/account/sign-in").text


def test_no_other_installation_has_the_page(visitor: Browser) -> None:
    assert visitor.get(PAGE).status_code == 404
