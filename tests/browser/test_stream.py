"""The one stream of a browser's tabs, and how soon its silence is noticed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from techauction.clock import ManualClock
from tests.browser.rooms import PUBLIC, confirm, enter, streams
from tests.browser.wire import wire_to
from tests.builders import OPENS
from tests.serving import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BEFORE_THE_USUAL_MS = 20_000
"""Longer than ten seconds on a slow machine, and shorter than a silence that is borne far from a close."""
TEN_S_MS = 10_000
PAST_NEAR_SILENCE_MS = 12_000


def test_a_stream_near_a_close_lives_by_its_heartbeats_and_its_silence_is_noticed(
    visit: Callable[..., Page], room: Served, clock: ManualClock
) -> None:
    clock.set(OPENS + timedelta(minutes=58))
    with wire_to(int(room.url.rpartition(":")[2])) as wire:
        page = visit(base_url=wire.url)
        page.goto(PUBLIC)
        page.wait_for_timeout(PAST_NEAR_SILENCE_MS)
        expect(page.locator("[data-connection]")).to_be_hidden()

        wire.hush()

        expect(page.locator("[data-connection]")).to_be_visible(timeout=BEFORE_THE_USUAL_MS)


def test_a_silence_near_a_close_is_said_within_ten_seconds(
    visit: Callable[..., Page], room: Served, clock: ManualClock
) -> None:
    """By the page's own clock, which the test turns: how fast the machine is has no part in it."""
    clock.set(OPENS + timedelta(minutes=58))
    with wire_to(int(room.url.rpartition(":")[2])) as wire:
        page = visit(base_url=wire.url)
        page.add_init_script("delete window.SharedWorker; delete window.BroadcastChannel")
        page.clock.install()
        page.goto(PUBLIC)
        expect(page.locator("[data-connection]")).to_be_hidden()

        wire.hush()
        page.clock.run_for(TEN_S_MS)

        expect(page.locator("[data-connection]")).to_be_visible(timeout=1)


@pytest.mark.parametrize("missing", ["", "delete window.SharedWorker"])
def test_seven_tabs_over_plain_http_have_one_stream(visit: Callable[..., Page], room: Served, missing: str) -> None:
    me = enter(visit, 260)
    watcher = visit(base_url=room.url.replace("127.0.0.1", "plain.test"))
    if missing:
        watcher.context.add_init_script(missing)
    tabs = [watcher.context.new_page() for _ in range(7)]
    for tab in tabs:
        tab.goto(PUBLIC)
    assert tabs[0].evaluate("[window.isSecureContext, 'locks' in navigator]") == [False, False]

    for bid, leaving in (("0", tabs[0]), ("1", tabs[3])):
        me.locator(f"[data-rises='{bid}']").click()
        confirm(me)
        price = me.locator("dialog [data-figures]").text_content() or ""
        for tab in tabs:
            expect(tab.locator(".sale-panel [data-price]").first).to_have_text(price)
        streams(room, 2)
        leaving.close()
        tabs.remove(leaving)
        if bid == "0":
            me.close()
            me = enter(visit, 311)
    for tab in tabs:
        expect(tab.locator("[data-connection]")).to_be_hidden()
