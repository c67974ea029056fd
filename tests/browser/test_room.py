"""The live pages in a real browser: prices as they are bid, one stream for all tabs, and honesty when it is lost."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import update

from techauction.clock import ManualClock
from techauction.db import db, writing
from techauction.store.people import UserSessionRow
from tests.browser.conftest import PASSWORD, fill, send
from tests.browser.rooms import LOST_MS, LOT, PATIENCE_S, PUBLIC, SEALED, confirm, enter, shows, streams
from tests.builders import OPENS
from tests.serving import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.usefixtures("room")
def test_two_bidders_see_each_others_bids_as_they_are_taken(visit: Callable[..., Page]) -> None:
    me, rival = enter(visit, 260), enter(visit, 311, viewport={"width": 375, "height": 740})

    me.locator("[data-rises='2']").click()
    expect(me.locator("dialog [data-figures]")).to_have_text("¥2,200,000")
    expect(me.locator("dialog [data-capitals]")).to_have_text("贰佰贰拾万元整")
    confirm(me)
    shows(me, "¥2,200,000", leads=True)
    shows(rival, "¥2,200,000", leads=False)

    rival.locator(".bid-bar-button").click()
    confirm(rival)
    shows(rival, "¥2,300,000", leads=True)
    shows(me, "¥2,300,000", leads=False)
    expect(me.locator("[data-history] tr").first).to_contain_text("Paddle 311 bid")

    me.locator("[name=amount]").fill("２４０ 万")
    expect(me.locator("[data-reading]")).to_have_text("¥2,400,000 贰佰肆拾万元整")
    me.get_by_role("button", name="Place bid", exact=True).first.click()
    confirm(me)
    shows(me, "¥2,400,000", leads=True)


@pytest.mark.usefixtures("room")
def test_a_refused_amount_offers_the_nearest_two(visit: Callable[..., Page]) -> None:
    me = enter(visit, 260)

    me.locator("[name=amount]").fill("205万")
    expect(me.locator("[data-sentence]")).to_contain_text("¥2,050,000")
    me.locator("[data-nearest] button").nth(1).click()
    confirm(me)

    shows(me, "¥2,100,000", leads=True)


def test_a_bid_in_the_last_minutes_shows_the_lot_extended(visit: Callable[..., Page], room: Served, clock: ManualClock) -> None:
    assert room.url
    me = enter(visit, 260)
    clock.set(OPENS + timedelta(minutes=58))

    me.locator("[data-rises='0']").click()
    confirm(me)

    expect(me.locator(".sale-panel [data-when='extended+going']")).to_be_visible()
    expect(me.locator(".sale-panel [data-closes]").first).to_have_text("2026-11-02 12:03:00")


def test_a_lot_that_is_hammered_says_who_bought_it(visit: Callable[..., Page], room: Served, clock: ManualClock) -> None:
    me, public = enter(visit, 260), visit()
    public.goto(PUBLIC)
    me.locator("[data-rises='0']").click()
    confirm(me)
    shows(me, "¥2,000,000", leads=True)

    clock.set(OPENS + timedelta(hours=3))
    room.process.auctioneer.nudge().result(PATIENCE_S)

    expect(me.locator(".standing-banner:visible strong")).to_have_text("You bought this lot")
    expect(public.locator(".panel-leader")).to_contain_text("Sold to paddle 260")
    expect(me.locator("[data-bidding]")).to_be_hidden()


@pytest.mark.parametrize(
    "missing", ["", "delete window.SharedWorker", "delete window.SharedWorker; delete window.BroadcastChannel"]
)
def test_eight_tabs_see_the_same_price_over_one_stream(visit: Callable[..., Page], room: Served, missing: str) -> None:
    me = enter(visit, 260)
    watcher = visit()
    if missing:
        watcher.context.add_init_script(missing)
    alone = "BroadcastChannel" in missing
    tabs = [watcher.context.new_page() for _ in range(3 if alone else 8)]
    for tab in tabs:
        tab.goto(PUBLIC)

    me.locator("[data-rises='0']").click()
    confirm(me)

    for tab in tabs:
        expect(tab.locator(".panel-leader")).to_contain_text("Paddle 260 leads")
    streams(room, 1 + (len(tabs) if alone else 1))
    tabs[0].close()
    me.wait_for_timeout(500)
    for tab in tabs[1:]:
        expect(tab.locator("[data-connection]")).to_be_hidden()


def test_a_page_that_lost_its_stream_says_so_and_stops_bidding(visit: Callable[..., Page], room: Served) -> None:
    me = enter(visit, 260)
    expect(me.locator("[name=amount]")).to_be_enabled()

    room.process.close_soon()

    expect(me.locator("[data-connection]")).to_be_visible(timeout=LOST_MS)
    expect(me.locator("[name=amount]")).to_be_disabled()
    expect(me.locator("[data-rises='0']")).to_have_attribute("aria-disabled", "true")


def test_a_bidder_whose_sign_in_ended_reads_so_and_comes_back_with_the_amount(visit: Callable[..., Page], room: Served) -> None:
    me = enter(visit, 260)
    with room.process.app.app_context(), writing(db.session()) as session:
        session.execute(update(UserSessionRow).values(revoked_at=OPENS))

    me.locator("[name=amount]").fill("230万")
    me.get_by_role("button", name="Place bid", exact=True).first.click()
    expect(me.locator("[data-said='signed-out']")).to_contain_text("nothing was offered")
    expect(me.locator("[data-said='unreachable']")).to_be_hidden()
    expect(me.locator("[data-sign-in-ended]")).to_be_visible()

    me.locator("[data-back]").click()
    fill(me, sign_in_name="bidder260", password=PASSWORD)
    send(me, "Sign in")

    expect(me.locator("[name=amount]")).to_have_value("230万")
    expect(me.locator(".alert-info").first).to_contain_text("Nothing has been sent yet")
    expect(me.locator(".price-large [data-price]")).to_have_text("¥2,000,000")
    me.get_by_role("button", name="Place bid", exact=True).first.click()
    confirm(me)
    shows(me, "¥2,300,000", leads=True)


@pytest.mark.usefixtures("room")
def test_a_bid_is_placed_without_scripts(visit: Callable[..., Page]) -> None:
    me = enter(visit, 260, java_script_enabled=False)

    me.locator("[data-rises='1']").click()
    expect(me.locator("[name=amount]")).to_have_value("2,100,000")
    expect(me.locator("[data-reading]")).to_have_text("¥2,100,000 贰佰壹拾万元整")
    me.get_by_role("button", name="Place bid", exact=True).first.click()

    expect(me.locator(".alert-success").first).to_contain_text("Your bid of ¥2,100,000 was taken")
    shows(me, "¥2,100,000", leads=True)


@pytest.mark.parametrize(("language", "width"), [("zh", 1280), ("en", 360)])
@pytest.mark.usefixtures("room")
def test_the_rooms_pages_can_be_used_by_everybody(visit: Callable[..., Page], language: str, width: int) -> None:
    page = enter(visit, 260, language=language, viewport={"width": width, "height": 800})
    page.locator("[data-rises='0']").click()
    confirm(page)

    paths = (
        "/",
        "/rounds/joint",
        PUBLIC,
        "/rounds/joint/result",
        "/bidder",
        "/bidder/receipts",
        "/account/watching",
        SEALED,
        LOT,
    )
    for path in paths:
        page.goto(path)
        looked_at(page, path)
    page.goto(LOT.replace("/1", "/2"))
    page.locator("[data-rises='1']").click()
    page.locator("dialog[open] [data-yes]").wait_for()
    looked_at(page, "the dialogue")


def looked_at(page: Page, what: str) -> None:
    found = Axe().run(page).response["violations"]
    assert [(what, each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), what
