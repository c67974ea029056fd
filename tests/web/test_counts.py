"""Round page, result page, board, closing wall and report count alike, and say which lots they leave out."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from techauction.custody import key_ring
from techauction.db import writing
from techauction.queries.rounds import Totals, totals_of
from techauction.reports.value_added import compile_report
from techauction.settings import Settings
from techauction.store.people import Role, UserRow
from tests.everything import everything
from tests.rounds import Played
from tests.web.conftest import Browser

LEFT_OUT = "Announced, and not counted among the lots offered: Withheld 1 · Withdrawn 1 · Void 1"


@pytest.fixture
def played(store: Callable[[], Session], settings: Settings) -> Played:
    """Return a round of nine lots, closed: four sold, two passed in, one each withheld, withdrawn and void."""
    with store() as session, writing(session):
        return everything(session, key_ring(settings))


def text(page: str) -> str:
    """Return what a page says, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_every_page_of_a_round_counts_alike(visitor: Browser, new_user: Callable[..., UserRow], played: Played) -> None:
    new_user("ada", Role.ORGANIZER, market_key="zhejiang")
    visitor.sign_in("ada")
    slug = played.row.slug
    addresses = (f"/rounds/{slug}", f"/rounds/{slug}/result", f"/hall/{slug}/totals", f"/organizer/rounds/{slug}/report")

    pages = {address: text(visitor.get(address).text) for address in addresses}
    board = text(visitor.get(f"/hall/{slug}").text)

    assert [address for address, page in (pages | {"board": board}).items() if "Sold of those offered 4 of 6" not in page] == []
    assert [
        address for address, page in (pages | {"board": board}).items() if "Start prices of lots sold ¥8,000,000" not in page
    ] == []
    assert [address for address, page in pages.items() if LEFT_OUT not in page] == []


def test_the_totals_of_a_round_are_those_of_its_report(store: Callable[[], Session], played: Played) -> None:
    with store() as session:
        totals: Totals = totals_of(session, [played.row.id])[played.row.id]
        report = compile_report(session, played.row.slug).totals

    assert (totals.offered, totals.sold, totals.void) == (report.lots_offered, report.lots_sold, report.lots_void)
    assert (totals.sold_start, totals.hammer, totals.bids) == (report.sold_start, report.hammer, report.bids)
    assert totals.lots == totals.offered + sum(count for _, count in totals.left_out)
