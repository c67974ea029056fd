"""What follows the stream on an open page: the history with its voids, a spent instruction, the opened offers."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy.orm import Session

from techauction.clock import Clock, ManualClock
from techauction.core.approval import Act
from techauction.services import pausing, voiding
from techauction.store.consigning import LotRow
from tests.browser.rooms import LOT, PATIENCE_S, PUBLIC, SEALED, confirm, enter, shows
from tests.builders import OPENS
from tests.rounds import by_two
from tests.serving import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def bid(page: Page, rises: int) -> None:
    page.locator(f"[data-rises='{rises}']").click()
    confirm(page)


def void(session: Session, *, lot_id: int, seq: int, read_clock: Clock) -> None:
    """Pause a lot and take a bid back, as two agreed."""
    lot, now = session.get_one(LotRow, lot_id), read_clock()
    two = by_two(session, lot.round_id, Act.VOID_BID, at=now, reason="A slip.", lot_ids=(lot_id,), seq=seq)
    pausing.pause(session, lot_ids=[lot_id], reason="We look at a bid.", by_id=two.asked_by, read_clock=read_clock)
    voiding.void_bid(session, lot=lot, seq=seq, reason="A slip.", two=two, now=now)


def said(rows: Locator) -> list[str]:
    """Return what the visible rows say, each in one line."""
    return [" ".join(each.split()) for each in rows.all_inner_texts()]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_void_strikes_the_bid_through_on_open_pages_as_a_reload_does(
    visit: Callable[..., Page], room: Served, language: str
) -> None:
    me, rival = enter(visit, 260, language=language), enter(visit, 311, language=language)
    public = visit(language=language)
    public.goto(PUBLIC)
    bid(me, 0)
    expect(rival.locator("[data-history] tr")).to_have_count(2)
    bid(rival, 1)
    for page in (me, rival, public):
        expect(page.locator("[data-history] tr")).to_have_count(3)
    lot_id = int(public.locator("[data-main]").get_attribute("data-lot") or 0)

    room.process.auctioneer.act(partial(void, lot_id=lot_id, seq=3)).result(PATIENCE_S)

    for page in (me, rival, public):
        rows = page.locator("[data-history] tr")
        expect(rows).to_have_count(5)
        expect(page.locator("[data-history] del")).to_have_text("¥2,100,000")
        expect(page.locator("[data-voided-note]")).to_be_visible()
        banner = page.locator(".standing-banner:visible")
        live = (said(rows), said(page.locator("[data-voided-note]")), said(banner))
        page.reload()
        assert live == (said(rows), said(page.locator("[data-voided-note]")), said(banner))


def test_a_sale_that_is_voided_shows_so_on_an_open_page(visit: Callable[..., Page], room: Served, clock: ManualClock) -> None:
    me = enter(visit, 260)
    bid(me, 0)
    shows(me, "¥2,000,000", leads=True)
    clock.set(OPENS + timedelta(hours=3))
    room.process.auctioneer.nudge().result(PATIENCE_S)
    public = visit()
    public.goto(PUBLIC)
    lot_id = int(public.locator("[data-main]").get_attribute("data-lot") or 0)

    def void_sale(session: Session, *, read_clock: Clock) -> None:
        lot = session.get_one(LotRow, lot_id)
        two = by_two(session, lot.round_id, Act.VOID_OUTCOME, at=read_clock(), reason="A slip.", lot_ids=(lot_id,))
        voiding.void_outcome(session, lot=lot, reason="A slip.", two=two, now=read_clock())

    room.process.auctioneer.act(void_sale).result(PATIENCE_S)

    badges = public.locator(".sale-panel .badge:visible")
    expect(badges).to_have_text(["Void"])
    expect(public.locator("[data-history] tr").first).to_contain_text("A slip.")
    live = said(public.locator("[data-history] tr"))
    public.reload()
    assert live == said(public.locator("[data-history] tr"))


@pytest.mark.usefixtures("room")
def test_an_instruction_that_a_rivals_bid_spends_says_so_at_once_and_is_raised(visit: Callable[..., Page]) -> None:
    me = enter(visit, 260)
    me.locator("[name=ceiling]").fill("210万")
    me.get_by_role("button", name="Leave instruction").first.click()
    with me.expect_navigation():
        confirm(me)
    shows(me, "¥2,000,000", leads=True)
    now = me.locator(".instruction-now")
    expect(now).to_contain_text("The system bids for you up to")
    rival = enter(visit, 311)

    bid(rival, 2)

    shows(me, "¥2,200,000", leads=False)
    expect(now.get_by_text("Over your ceiling")).to_be_visible()
    expect(now.get_by_text("The system bids for you up to")).to_be_hidden()
    expect(me.locator("[name=ceiling]")).to_be_visible()
    me.locator(".standing-banner:visible").get_by_role("link", name="Raise it").click()
    me.locator("[name=ceiling]").fill("230万")
    me.get_by_role("button", name="Leave instruction").first.click()
    with me.expect_navigation():
        confirm(me)
    shows(me, "¥2,300,000", leads=True)
    assert me.url.partition("#")[0].endswith(LOT)


def test_the_opened_offers_come_into_a_page_that_was_open(visit: Callable[..., Page], room: Served, clock: ManualClock) -> None:
    me, rival, public = enter(visit, 260, SEALED), enter(visit, 311, SEALED), visit()
    public.goto(SEALED.replace("/bidder", ""))
    for page, amount in ((me, "210万"), (rival, "230万")):
        page.locator("[name=amount]").fill(amount)
        page.locator("#bid button[type=submit]:visible").first.click()
        confirm(page)
        expect(page.locator("[data-bidding]")).to_be_hidden()
    expect(public.locator("[data-bids]").first).to_have_text("2")
    expect(public.locator("[data-offers] tbody tr")).to_have_count(0)

    clock.set(OPENS + timedelta(hours=3))
    room.process.auctioneer.nudge().result(PATIENCE_S)

    for page in (me, public):
        offers = page.locator("[data-offers] tbody tr")
        expect(offers).to_have_count(2)
        expect(offers.first).to_contain_text("¥2,300,000")
        expect(offers.last).to_contain_text("¥2,100,000")
    expect(me.locator("[data-offers] .is-mine")).to_contain_text("¥2,100,000")
