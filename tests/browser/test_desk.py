"""The organizers' desk and the clerk's console in real browsers: two persons, the keyboard, a phone."""

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from techauction.clock import ManualClock
from techauction.db import transaction
from techauction.identity import passwords
from techauction.services import accounts
from techauction.store.people import Role
from tests.browser.conftest import PASSWORD, press, sign_in
from tests.serving import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DESK = "/organizer/rounds/joint/desk"
FLOOR = "/organizer/rounds/joint/floor?lot=1"


@pytest.fixture
def organizers(room: Served, clock: ManualClock) -> Served:
    """Return the open round with two organizers of its market."""
    with room.process.app.app_context(), transaction() as session:
        for name in ("ada", "bob"):
            accounts.create_user(
                session,
                sign_in_name=name,
                name=name.title(),
                role=Role.ORGANIZER,
                password_hash=passwords(room.process.settings).hash(PASSWORD),
                market_key="zhejiang",
                now=clock(),
            )
    return room


def organize(visit: Callable[..., Page], name: str, path: str = DESK, **more: object) -> Page:
    """Sign an organizer in, in a window of its own, and go to a page."""
    page = visit(**more)
    sign_in(page, name)
    page.goto(path)
    return page


@pytest.mark.usefixtures("organizers")
def test_what_one_asks_for_appears_on_the_others_desk_and_is_done_there(visit: Callable[..., Page]) -> None:
    ada = organize(visit, "ada")
    bob = organize(visit, "bob", viewport={"width": 375, "height": 740})
    ada.get_by_label("Public reason").first.fill("A document is missing.")
    ada.get_by_role("button", name="Pause all").click()
    expect(ada.locator("[data-count='paused interrupted']")).to_have_text("8")
    ada.get_by_label("Public reason").first.fill("It was found.")

    ada.get_by_role("button", name="Ask: resume all").click()

    request = bob.locator(".request")
    expect(request).to_contain_text("Reason: It was found.", timeout=20_000)
    expect(request.locator("[data-expires]")).to_have_text(re.compile(r"1[345]:\d\d left"))
    request.get_by_role("button", name="Approve").click()
    expect(bob.locator("[data-count='open']")).to_have_text("8")
    expect(ada.locator("[data-count='open']")).to_have_text("8", timeout=20_000)
    expect(ada.locator("[data-requests]")).to_contain_text("Nothing waits for a second person.", timeout=20_000)


@pytest.mark.usefixtures("organizers")
def test_bids_are_called_and_undone_by_keyboard_alone(visit: Callable[..., Page]) -> None:
    clerk = organize(visit, "ada", FLOOR)
    expect(clerk.locator("#paddle")).to_be_focused()

    clerk.keyboard.type("260")
    press(clerk, "Enter")
    expect(clerk.get_by_text("Paddle 260: ¥2,000,000 is taken.")).to_be_visible()
    expect(clerk.locator("#paddle")).to_be_focused()
    clerk.keyboard.type("311")
    clerk.keyboard.press("Tab")
    clerk.keyboard.type("215万")
    press(clerk, "Enter")
    expect(clerk.locator("#amount-errors")).to_contain_text("¥2,100,000")
    clerk.locator("#amount").press("Control+a")
    clerk.keyboard.type("220万")
    press(clerk, "Enter")
    expect(clerk.locator("[data-floor] [data-price]")).to_have_text("¥2,200,000")
    press(clerk.get_by_role("button", name="Undo").first, "Enter")

    expect(clerk.locator("[data-floor]")).to_have_attribute("data-stage", "paused")
    clerk.goto(DESK)
    expect(clerk.locator(".request")).to_contain_text("Bid 3 of paddle 311, ¥2,200,000")


@pytest.mark.usefixtures("organizers")
def test_a_bid_from_elsewhere_brings_new_steps_to_the_console(visit: Callable[..., Page]) -> None:
    here, there = organize(visit, "ada", FLOOR), organize(visit, "bob", FLOOR)
    expect(here.locator("[name=step]").first).to_have_attribute("value", "2,000,000")

    expect(there.locator("#paddle")).to_be_focused()
    there.keyboard.type("260")
    press(there, "Enter")

    expect(here.locator("[name=step]").first).to_have_attribute("value", "2,100,000", timeout=20_000)
    expect(here.locator("[data-fresh=bids]")).to_contain_text("260")


@pytest.mark.usefixtures("organizers")
@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("width", [1280, 375])
def test_the_desk_and_the_console_are_for_everybody(visit: Callable[..., Page], language: str, width: int) -> None:
    page = organize(visit, "ada", FLOOR, language=language, viewport={"width": width, "height": 800})
    page.keyboard.type("260")
    press(page, "Enter")
    page.locator("[data-fresh=bids] button").wait_for()
    looked_at(page, "the console")
    press(page.locator("[data-fresh=bids] button"), "Enter")
    page.wait_for_url("**/floor?lot=1")

    for path in (DESK, f"{DESK}/lots/1", f"{DESK}/lots/2"):
        page.goto(path)
        looked_at(page, path)


def looked_at(page: Page, what: str) -> None:
    found = Axe().run(page).response["violations"]
    assert [(what, each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), what
