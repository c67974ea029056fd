"""The hall's screens: the board and the closing wall."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from techauction.clock import ManualClock
from techauction.core.round import Phase
from techauction.db import writing
from techauction.saleroom.auctioneer import Asked, Auctioneer
from techauction.services import opening
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import OrganisationRow, Role
from tests.builders import CLOSES, OPENS, a_lot, a_paddle, a_result, a_round, a_user, wan
from tests.web.conftest import Browser

Store = Callable[[], Session]
PATIENCE_S = 20


class Round:
    """A round of three lots in two fields, with paddles 101 and 102."""

    def __init__(self, store: Store, auctioneer: Auctioneer, clock: ManualClock) -> None:
        self.store, self.auctioneer, self.clock = store, auctioneer, clock
        with store() as session, writing(session):
            row = a_round(session, slug="joint", title_zh="长三角联合竞价", title_en="Joint auction")
            self.id = row.id
            lots = [
                a_lot(session, row, number=number, result=a_result(session, field=field, title_en=f"Result of lot {number}"))
                for number, field in ((1, "energy"), (2, "energy"), (3, "life"))
            ]
            self.lots = {lot.number or 0: lot.id for lot in lots}
            self.bidders: dict[int, tuple[int, int]] = {}
            for number in (101, 102):
                organisation: OrganisationRow = a_paddle(session, number, *lots).organisation
                self.bidders[number] = (organisation.id, a_user(session, Role.ENTERPRISE, organisation=organisation).id)

    def open(self) -> None:
        """Open it."""
        self.clock.set(OPENS)
        self.auctioneer.act(partial(opening.open_round, round_id=self.id)).result(PATIENCE_S)

    def bid(self, paddle: int, lot: int, count: int) -> None:
        """Make an offer that is taken."""
        organisation_id, user_id = self.bidders[paddle]
        asked = Asked(
            lot_id=self.lots[lot],
            organisation_id=organisation_id,
            user_id=user_id,
            session_id=None,
            amount=wan(count),
            key=uuid4().hex,
            confirmed=True,
            received_at=self.clock(),
        )
        self.auctioneer.submit(asked).result(PATIENCE_S)

    def close(self) -> None:
        """Let the hammers fall."""
        self.clock.set(CLOSES + timedelta(minutes=1))
        until = time.monotonic() + PATIENCE_S
        while not self._closed() and time.monotonic() < until:
            self.auctioneer.nudge().result(PATIENCE_S)

    def _closed(self) -> bool:
        with self.store() as session:
            return session.get_one(RoundRow, self.id).phase is Phase.CLOSED


@pytest.fixture
def round_(store: Store, auctioneer: Auctioneer, clock: ManualClock) -> Round:
    """Return the round, published."""
    return Round(store, auctioneer, clock)


def shown(page: str) -> list[int]:
    """Return the numbers of the lots that are not hidden."""
    articles = re.findall(r"<article[^>]*>", page)
    return [int(found[1]) for each in articles if " hidden" not in each and (found := re.search(r'data-number="(\d+)"', each))]


def test_the_board_shows_one_lot_and_leads_to_its_neighbours(visitor: Browser, round_: Round) -> None:
    round_.open()

    page = visitor.get("/hall/joint?lot=2").text

    assert shown(page) == [2]
    assert "Result of lot 2" in page
    assert 'href="/hall/joint?lot=1"' in page
    assert 'href="/hall/joint?lot=3"' in page


def test_without_a_number_the_board_shows_the_next_to_close(visitor: Browser, round_: Round, store: Store) -> None:
    round_.open()
    with store() as session, writing(session):
        session.get_one(LotRow, round_.lots[3]).closes_at = CLOSES - timedelta(minutes=1)

    assert shown(visitor.get("/hall/joint").text) == [3]


def test_the_board_has_no_menus_no_notices_and_no_inline_style(visitor: Browser, round_: Round) -> None:
    round_.open()

    answer = visitor.get("/hall/joint")

    assert "user-menu" not in answer.text
    assert " style=" not in answer.text
    assert "<script>" not in answer.text
    assert "style-src 'self'" in answer.headers["Content-Security-Policy"]


def test_the_board_tells_price_rate_and_paddle(visitor: Browser, round_: Round) -> None:
    round_.open()
    round_.bid(101, 1, 200)
    round_.bid(102, 1, 300)

    page = visitor.get("/hall/joint?lot=1").text

    assert "¥3,000,000" in page
    assert "+50.00%" in page
    assert re.search(r"data-leader[^>]*>102<", page)


@pytest.mark.parametrize("path", ["/hall/joint?lot=9", "/hall/nothing", "/hall/nothing/totals"])
def test_what_is_not_there_is_not_shown(visitor: Browser, round_: Round, path: str) -> None:
    del round_

    assert visitor.get(path).status_code == 404


@pytest.mark.parametrize("phase", [Phase.DRAFT, Phase.CALLED_OFF])
def test_a_round_that_is_not_held_has_no_board(visitor: Browser, store: Store, phase: Phase) -> None:
    with store() as session, writing(session):
        a_round(session, slug="other", phase=phase)

    assert visitor.get("/hall/other").status_code == 404


def test_the_totals_are_sums_by_field_and_together(visitor: Browser, round_: Round) -> None:
    round_.open()
    for lot, most in ((1, 300), (3, 210)):
        round_.bid(101, lot, 200)
        round_.bid(102, lot, most)
    round_.close()

    page = visitor.get("/hall/joint/totals").text
    rows = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip() for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)]

    assert rows[1:] == [
        "Life and health 1 of 1 ¥2,000,000 ¥2,100,000 ¥100,000 5.00%",
        "Energy saving and environmental protection 1 of 2 ¥2,000,000 ¥3,000,000 ¥1,000,000 50.00%",
        "Together 2 of 3 ¥4,000,000 ¥5,100,000 ¥1,100,000 27.50%",
    ]
    assert "Highest price" in page
    assert "+50.00%" in page


def test_the_totals_live_while_lots_are_sold_and_stand_still_afterwards(visitor: Browser, round_: Round) -> None:
    round_.open()
    ids = " ".join(str(round_.lots[number]) for number in (1, 2, 3))
    assert f'data-lots="{ids} "' in visitor.get("/hall/joint/totals").text

    round_.close()

    assert 'data-lots=""' in visitor.get("/hall/joint/totals").text


def test_the_hall_speaks_chinese(visitor: Browser, round_: Round) -> None:
    round_.open()
    headers: dict[str, Any] = {"Accept-Language": "zh-CN"}

    board, wall = (visitor.get(path, headers=headers).text for path in ("/hall/joint", "/hall/joint/totals"))

    assert "增值率" in board
    assert "长三角联合竞价" in board
    assert "成交" in wall
