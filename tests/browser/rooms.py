"""An open round with its bidders, and what they do in their browsers."""

from collections.abc import Callable
from functools import partial

from playwright.sync_api import Page, expect
from sqlalchemy import select

from techauction.clock import ManualClock
from techauction.core.lot import Format
from techauction.db import db, writing
from techauction.identity import passwords
from techauction.services import accounts, opening
from techauction.store.auction import AdmissionRow
from techauction.store.people import Role
from tests.browser.conftest import PASSWORD, sign_in
from tests.builders import OPENS, a_lot, a_paddle, a_round, an_organisation
from tests.serving import Served
from tests.waiting import until

LOT = "/bidder/rounds/joint/lots/1"
WITH_PRIORITY = "/bidder/rounds/joint/lots/3"
"""Where paddle 260 holds a priority right."""
SEALED = "/bidder/rounds/joint/lots/8"
PUBLIC = "/rounds/joint/lots/1"
PATIENCE_S = 20
LOST_MS = 20_000


def open_room(installation: Served, clock: ManualClock) -> Served:
    """Open a round of eight lots from 200万 by 10万, the last by sealed offers, with bidders 260, 311 and 412."""
    process = installation.process
    with process.app.app_context(), writing(db.session()) as session:
        round_ = a_round(session, slug="joint", min_admitted=1, rehearsal=True, title_en="Joint round")
        lots = [a_lot(session, round_, number=number) for number in range(1, 8)]
        lots.append(a_lot(session, round_, number=8, format=Format.SEALED))
        hashed = passwords(process.settings).hash(PASSWORD)
        for paddle in (260, 311, 412):
            organisation = an_organisation(session)
            row = a_paddle(session, paddle, *lots, organisation=organisation)
            if paddle == 260:
                mine = select(AdmissionRow).where(AdmissionRow.paddle_id == row.id, AdmissionRow.lot_id == lots[2].id)
                session.scalars(mine).one().priority_rank = 1
            accounts.create_user(
                session,
                sign_in_name=f"bidder{paddle}",
                name=f"Bidder {paddle}",
                role=Role.ENTERPRISE,
                password_hash=hashed,
                organisation_id=organisation.id,
                now=clock(),
            )
        round_id = round_.id
    clock.set(OPENS)
    process.auctioneer.act(partial(opening.open_round, round_id=round_id)).result(PATIENCE_S)
    return installation


def enter(visit: Callable[..., Page], paddle: int, path: str = LOT, *, script: str = "", **more: object) -> Page:
    """Sign a bidder in, in a window of its own, and go to a page; `script` runs before each page's own."""
    page = visit(**more)
    if script:
        page.context.add_init_script(script)
    sign_in(page, f"bidder{paddle}")
    page.goto(path)
    return page


def confirm(page: Page) -> None:
    """Say yes in the dialogue."""
    page.locator("dialog[open] [data-yes]").click()


def shows(page: Page, price: str, *, leads: bool) -> None:
    """Expect the price, and whether the page's bidder leads."""
    expect(page.locator(".price-large [data-price]")).to_have_text(price)
    expect(page.locator(".lot-side .standing-banner:visible strong")).to_have_text("You lead" if leads else "You do not lead")


def streams(room: Served, count: int) -> None:
    """Expect so many streams at the house: a page's own may come after the page, and no tab may have one too many."""
    until(lambda: room.process.gallery.watching >= count)
    assert room.process.gallery.watching == count
