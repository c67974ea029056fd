"""The hall's screens in a real browser: driven by the keyboard, live, and readable on a phone and on a wall."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import select

from techauction.clock import ManualClock
from techauction.db import db, writing
from techauction.identity import passwords
from techauction.saleroom.auctioneer import Asked
from techauction.services import accounts, opening
from techauction.store.auction import PaddleRow
from techauction.store.people import Role
from tests.browser.conftest import PASSWORD, fill, press, send, sign_in
from tests.builders import CLOSES, OPENS, a_lot, a_paddle, a_round, a_user, an_organisation, wan
from tests.serving import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PATIENCE_S = 20
HALL = "/hall/joint"
Visit = Callable[..., Page]


@pytest.fixture
def room(installation: Served, clock: ManualClock) -> Served:
    """Return a house with an open round of twelve lots from 200万 by 10万, and paddles 260 and 311."""
    process = installation.process
    with process.app.app_context(), writing(db.session()) as session:
        round_ = a_round(session, slug="joint", min_admitted=1, title_en="Joint round")
        lots = [a_lot(session, round_, number=number) for number in range(1, 13)]
        for paddle in (260, 311):
            organisation = an_organisation(session)
            a_paddle(session, paddle, *lots, organisation=organisation)
            a_user(session, Role.ENTERPRISE, organisation=organisation)
        round_id = round_.id
    clock.set(OPENS)
    process.auctioneer.act(partial(opening.open_round, round_id=round_id)).result(PATIENCE_S)
    return installation


def bid(room: Served, paddle: int, number: int, count: int) -> None:
    """Make an offer that is taken."""
    process = room.process
    with process.app.app_context():
        found = db.session().scalars(select(PaddleRow).where(PaddleRow.number == paddle)).one()
        lot_id = next(each.lot_id for each in found.admissions if each.lot.number == number)
        users = select(PaddleRow.organisation_id).where(PaddleRow.id == found.id)
        organisation_id = db.session().scalars(users).one()
    asked = Asked(
        lot_id=lot_id,
        organisation_id=organisation_id,
        user_id=1,
        session_id=None,
        amount=wan(count),
        key=uuid4().hex,
        confirmed=True,
        received_at=process.clock(),
    )
    process.auctioneer.submit(asked).result(PATIENCE_S)


def shows(page: Page, number: int) -> None:
    expect(page.locator(".hall-lot:visible")).to_have_attribute("data-number", str(number))


@pytest.mark.usefixtures("room")
def test_the_keyboard_turns_to_every_lot(visit: Visit) -> None:
    page = visit(viewport={"width": 1920, "height": 1080})
    page.goto(f"{HALL}?lot=3")
    shows(page, 3)

    for key, number in (
        ("ArrowRight", 4),
        ("ArrowLeft", 3),
        ("Space", 4),
        ("End", 12),
        ("ArrowRight", 1),
        ("Home", 1),
        ("PageDown", 2),
        ("PageUp", 1),
    ):
        page.keyboard.press(key)
        shows(page, number)
    page.keyboard.type("11")
    expect(page.locator("[data-hall-typed]")).to_have_text("11")
    page.keyboard.press("Enter")

    shows(page, 11)
    expect(page).to_have_url(re.compile(r"\?lot=11$"))


@pytest.mark.usefixtures("room")
def test_help_opens_and_closes_and_the_totals_are_a_key_away(visit: Visit) -> None:
    page = visit()
    page.goto(HALL)
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)

    press(page, "t")
    page.wait_for_url("**/totals")
    expect(page.locator("h1")).to_have_text("What the round has brought")
    press(page, "t")

    page.wait_for_url(re.compile(r"/hall/joint$"))


def test_the_board_shows_a_bid_as_it_is_taken_and_follows_the_sale(visit: Visit, room: Served) -> None:
    page = visit(viewport={"width": 1920, "height": 1080})
    page.goto(f"{HALL}?lot=2")
    bid(room, 260, 2, 200)
    expect(page.locator(".hall-lot:visible [data-leader]")).to_have_text("260")

    bid(room, 311, 7, 200)
    bid(room, 260, 7, 300)
    shows(page, 2)
    page.keyboard.press("f")

    shows(page, 1)
    bid(room, 311, 7, 310)
    shows(page, 7)
    expect(page.locator(".hall-lot:visible .hall-digits")).to_have_text("¥3,100,000")
    expect(page.locator(".hall-lot:visible [data-rate]")).to_have_text("+55.00%")


def test_the_wall_adds_up_by_itself_when_the_hammers_fall(visit: Visit, room: Served, clock: ManualClock) -> None:
    board, wall = visit(), visit()
    board.goto(HALL)
    wall.goto(f"{HALL}/totals")
    bid(room, 260, 1, 200)
    bid(room, 311, 1, 300)
    expect(board.locator("[data-hall=sold]")).to_have_text("0 of 12")

    clock.set(CLOSES + timedelta(minutes=1))
    room.process.auctioneer.nudge().result(PATIENCE_S)

    expect(board.locator("[data-hall=sold]")).to_have_text("1 of 12", timeout=20_000)
    expect(board.locator("[data-hall=rate]")).to_have_text("50.00%")
    expect(wall.locator("tfoot")).to_contain_text("¥3,000,000", timeout=20_000)
    expect(wall.locator("tfoot")).to_contain_text("1 of 12")


@pytest.mark.usefixtures("room")
def test_without_javascript_the_links_turn_the_pages(visit: Visit) -> None:
    page = visit(java_script_enabled=False)
    page.goto(f"{HALL}?lot=3")
    shows(page, 3)

    page.get_by_role("link", name="Next lot").click()
    shows(page, 4)
    page.get_by_role("link", name="Previous lot").click()
    shows(page, 3)
    page.get_by_role("link", name="Totals").click()

    expect(page.locator("h1")).to_have_text("What the round has brought")


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize(("width", "height"), [(375, 740), (1920, 1080), (3840, 2160)])
def test_the_screens_fit_and_axe_finds_nothing(visit: Visit, language: str, width: int, height: int) -> None:
    page = visit(language, viewport={"width": width, "height": height})
    for path in (f"{HALL}?lot=5", f"{HALL}/totals"):
        page.goto(path)
        expect(page.locator("h1:visible")).to_be_visible()

        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        if width > height:
            assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), path
        assert Axe().run(page).violations_count == 0, path


def test_the_desk_of_a_rehearsal_can_be_worked_as_soon_as_it_opens(
    visit: Visit, installation: Served, clock: ManualClock
) -> None:
    process = installation.process
    with process.app.app_context(), writing(db.session()) as session:
        far = OPENS + timedelta(days=30)
        row = a_round(session, slug="autumn", opens_at=far, closes_at=far + timedelta(hours=4))
        a_lot(session, row, number=1)
        accounts.create_user(
            session,
            sign_in_name="organizer",
            name="Organizer",
            role=Role.ORGANIZER,
            password_hash=passwords(process.settings).hash(PASSWORD),
            market_key="zhejiang",
            now=clock(),
        )
    page = visit()
    sign_in(page, "organizer")
    page.goto("/organizer/rounds/autumn/rehearsals")
    fill(page, speed="10")
    send(page, "Begin the rehearsal")
    expect(page.locator("[data-waits]")).to_have_count(1)

    clock.set(clock() + timedelta(seconds=21))

    expect(page.locator("[data-waits]")).to_have_count(0, timeout=20_000)
    expect(page.locator("[data-acts]")).to_be_visible()
    bids = page.locator("[data-lot][data-truth~='bid']")
    until = time.monotonic() + PATIENCE_S
    while not bids.count() and time.monotonic() < until:
        clock.set(clock() + timedelta(seconds=10))
        page.wait_for_timeout(300)
    expect(bids).to_have_count(1)
