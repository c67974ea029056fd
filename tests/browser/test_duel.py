"""Bidders against each other in a real browser: a duel to the hammer, the phone, the dialogue, rights and sealed offers."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from techauction.clock import ManualClock
from tests.browser.rooms import LOST_MS, PATIENCE_S, SEALED, WITH_PRIORITY, confirm, enter, shows
from tests.browser.wire import wire_to
from tests.builders import OPENS
from tests.serving import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE = {"width": 375, "height": 740}
TONES = """
  const Tone = window.OscillatorNode;
  window.OscillatorNode = class extends Tone {
    constructor(context, options) { super(context, options); document.documentElement.dataset.sounded = "yes"; }
  };
"""
"""Notes on the page that it asked the browser for a tone."""


def bid(page: Page, rises: int) -> None:
    page.locator(f"[data-rises='{rises}']").click()
    confirm(page)


def test_two_duel_through_an_extension_to_the_hammer_while_a_third_is_cut_off_and_comes_back(
    visit: Callable[..., Page], room: Served, clock: ManualClock
) -> None:
    with wire_to(int(room.url.rpartition(":")[2])) as wire:
        me, rival, third = enter(visit, 260), enter(visit, 311), enter(visit, 412, base_url=wire.url)
        bid(me, 0)
        for page, leads in ((me, True), (rival, False), (third, False)):
            shows(page, "¥2,000,000", leads=leads)

        wire.cut()
        expect(third.locator("[data-connection]")).to_be_visible(timeout=LOST_MS)
        expect(third.locator("[name=amount]")).to_be_disabled()
        bid(rival, 2)
        shows(me, "¥2,200,000", leads=False)
        expect(me.locator(".lot-side .standing-banner:visible")).to_contain_text("Outbid by paddle 311")
        clock.set(OPENS + timedelta(minutes=58))
        bid(me, 1)
        shows(rival, "¥2,300,000", leads=False)
        expect(rival.locator(".sale-panel [data-when='extended+going']")).to_be_visible()
        expect(rival.locator(".sale-panel [data-closes]").first).to_have_text("2026-11-02 12:03:00")
        assert third.locator(".price-large [data-price]").inner_text() == "¥2,000,000"

        wire.mend()
        expect(third.locator("[data-connection]")).to_be_hidden(timeout=LOST_MS)
        shows(third, "¥2,300,000", leads=False)
        bid(third, 1)
        shows(me, "¥2,400,000", leads=False)
        clock.set(OPENS + timedelta(hours=3))
        room.process.auctioneer.nudge().result(PATIENCE_S)

        expect(third.locator(".lot-side .standing-banner:visible strong")).to_have_text("You bought this lot")
        for page in (me, rival):
            expect(page.locator(".lot-side .standing-banner:visible strong")).to_have_text("You did not buy this lot")
            expect(page.locator("[data-bidding]")).to_be_hidden()


@pytest.mark.usefixtures("room")
def test_a_bid_is_placed_on_a_phone_by_keyboard_alone(visit: Callable[..., Page]) -> None:
    me = enter(visit, 260, viewport=PHONE)

    go_to(me, "[data-rises='1']")
    me.keyboard.press("Enter")
    expect(me.locator("dialog[open] [data-figures]")).to_have_text("¥2,100,000")
    go_to(me, "[data-yes]")
    me.keyboard.press("Enter")

    shows(me, "¥2,100,000", leads=True)
    expect(me.locator("[data-announce]")).to_have_text("You lead with ¥2,100,000.")
    expect(me.locator(".bid-bar-lead")).to_be_visible()


def go_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"{selector} cannot be reached by Tab")


@pytest.mark.usefixtures("room")
def test_the_dialogue_says_what_a_bid_comes_to_and_follows_the_price(visit: Callable[..., Page]) -> None:
    me, rival = enter(visit, 260), enter(visit, 311)
    me.locator("[data-rises='1']").click()
    dialog = me.locator("dialog[open]")
    expect(dialog.locator("[data-payable=due]")).to_have_text("¥2,100,000")
    expect(dialog.locator("[data-payable=paid_by]")).to_have_text("2026-11-18")

    bid(rival, 5)

    expect(dialog.locator("[data-moved-why]")).to_have_text("The least lawful bid now is ¥2,600,000.")
    expect(dialog.locator("[data-yes]")).to_be_disabled()
    dialog.locator("[data-instead]").click()
    expect(dialog.locator("[data-figures]")).to_have_text("¥2,600,000")
    confirm(me)
    shows(rival, "¥2,600,000", leads=False)


@pytest.mark.usefixtures("room")
def test_a_tone_tells_of_being_outbid_once_it_was_switched_on(visit: Callable[..., Page]) -> None:
    me, rival = enter(visit, 260, script=TONES), enter(visit, 311)
    sounded = me.locator("html[data-sounded]")
    bid(me, 0)
    shows(me, "¥2,000,000", leads=True)
    expect(sounded).to_have_count(0)
    me.locator("[data-sound]").check()
    expect(sounded).to_have_count(1)
    me.reload()
    expect(me.locator("[data-sound]")).to_be_checked()
    me.locator("h1").click()
    expect(sounded).to_have_count(0)

    bid(rival, 1)

    expect(sounded).to_have_count(1)
    shows(me, "¥2,100,000", leads=False)


@pytest.mark.usefixtures("room")
def test_an_instruction_bids_for_its_bidder_who_alone_sees_it(visit: Callable[..., Page]) -> None:
    me, rival = enter(visit, 260), enter(visit, 311)
    me.locator("[name=ceiling]").fill("510万")
    me.locator("#instruction-form button[type=submit]").click()
    expect(me.locator("dialog[open] [data-capitals]")).to_have_text("伍佰壹拾万元整")
    with me.expect_navigation():
        confirm(me)
    expect(me.locator(".instruction-now")).to_contain_text("¥5,100,000")

    bid(rival, 2)

    expect(rival.locator(".price-large [data-price]")).not_to_have_text("¥2,000,000")
    expect(me.locator(".lot-side .standing-banner:visible strong")).to_have_text("You lead")
    assert "5,100,000" not in rival.locator("body").inner_text()


@pytest.mark.usefixtures("room")
def test_a_priority_right_takes_the_standing_bid_at_its_own_amount(visit: Callable[..., Page]) -> None:
    me, rival = enter(visit, 260, WITH_PRIORITY), enter(visit, 311, WITH_PRIORITY)
    bid(rival, 3)
    me.get_by_role("button", name="Match the standing bid").click()
    expect(me.locator("dialog[open] [data-figures]")).to_have_text("¥2,300,000")
    confirm(me)

    shows(me, "¥2,300,000", leads=True)
    shows(rival, "¥2,300,000", leads=False)
    expect(rival.locator(".panel-leader")).to_contain_text("Priority")
    for page in (me, rival):
        moved_on = truth(page)
        page.reload()
        assert truth(page) == moved_on
    assert {"priority", "outbid", "has-bid"} <= truth(rival)


def truth(page: Page) -> set[str]:
    """Return what the page holds for true: from the server at first, then by its script."""
    return set((page.locator("[data-main]").get_attribute("data-truth") or "").split())


@pytest.mark.usefixtures("room")
def test_a_sealed_offer_is_made_once_and_others_see_only_that_there_is_one(visit: Callable[..., Page]) -> None:
    me, rival = enter(visit, 260, SEALED), enter(visit, 311, SEALED)
    me.locator("[name=amount]").fill("350万")
    me.get_by_role("button", name="Seal this offer").first.click()
    expect(me.locator("dialog[open] #confirm-title")).to_contain_text("Seal this offer?")
    confirm(me)

    expect(me.locator(".lot-side .standing-banner:visible strong")).to_have_text("Your sealed offer is in")
    expect(me.locator("[data-bidding]")).to_be_hidden()
    expect(rival.locator(".panel-facts [data-bids]")).to_have_text("1")
    expect(rival.locator("[name=amount]")).to_be_enabled()
    assert "3,500,000" not in rival.locator("body").inner_text()


@pytest.mark.usefixtures("room")
def test_other_lots_of_ones_own_are_seen_from_every_lots_page(visit: Callable[..., Page]) -> None:
    me, rival = enter(visit, 260), enter(visit, 311)
    bid(me, 0)
    shows(me, "¥2,000,000", leads=True)
    me.goto(WITH_PRIORITY)
    first = me.locator(".other").first
    expect(first.locator(".other-lead")).to_be_visible()

    bid(rival, 1)

    expect(first.locator("[data-price]")).to_have_text("¥2,100,000")
    expect(first.locator(".other-behind")).to_be_visible()
    expect(me.locator(".price-large [data-price]")).to_have_text("¥2,000,000")
