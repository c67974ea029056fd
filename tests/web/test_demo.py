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
from techauction.web import demo
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
def stranger(demo_app: Flask) -> Browser:
    client = demo_app.test_client()
    assert isinstance(client, Browser)
    return client


@pytest.fixture
def guest(demo_app: Flask, settings: Settings) -> Browser:
    """A browser that came by the link."""
    client = demo_app.test_client()
    assert isinstance(client, Browser)
    client.get(demo.link(settings))
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


@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-For": "127.0.0.1"}, {"Host": "localhost"}])
def test_nobody_is_let_in_without_the_link(
    stranger: Browser, new_user: Callable[..., UserRow], headers: dict[str, str]
) -> None:
    auditor = new_user("demo-auditor", Role.AUDITOR, name="The Auditor")

    page, wrong = stranger.get(PAGE, headers=headers), stranger.get(f"{PAGE}?key=wrong", headers=headers)
    form = {"csrf_token": stranger.get_token()}

    assert (page.status_code, wrong.status_code) == (403, 403)
    assert "Open the link that stands in the terminal" in page.text
    assert "The Auditor" not in page.text
    assert stranger.post(f"{PAGE}/{auditor.id}", data=form, headers=headers).status_code == 403
    assert stranger.get("/account/sessions").status_code == 303


def test_the_link_lets_a_browser_in_for_good_and_leaves_the_address(
    stranger: Browser, settings: Settings, new_user: Callable[..., UserRow]
) -> None:
    auditor = new_user("demo-auditor", Role.AUDITOR)

    came = stranger.get(demo.link(settings), environ_base={"REMOTE_ADDR": "203.0.113.9"})
    stranger.send(f"{PAGE}/{auditor.id}")
    stranger.send("/account/sign-out")

    assert (came.status_code, came.location) == (303, PAGE)
    assert all(part in came.headers["Set-Cookie"] for part in ("HttpOnly", "SameSite=Lax", "Path=/demo"))
    assert stranger.get(PAGE).status_code == 200


def test_each_installation_has_a_link_of_its_own(settings: Settings) -> None:
    other = dataclasses.replace(settings, secret_key="another secret")

    assert demo.link(settings) != demo.link(other)
    assert len(demo.link(settings).partition("=")[2]) == 32


def test_every_page_of_a_demonstration_says_so(guest: Browser, visitor: Browser) -> None:
    assert PAGE in guest.get("/account/sign-in").text
    assert PAGE not in visitor.get("/account/sign-in").text


def test_no_other_installation_has_the_page(visitor: Browser) -> None:
    assert visitor.get(PAGE).status_code == 404
