"""What the law and its bidders want said of a round and its lots, and that it is true."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from techauction.core.admission import DepositKind
from techauction.core.money import Money
from techauction.core.round import Regime
from techauction.custody import PRIVATE
from techauction.db import writing
from techauction.settings import Settings
from techauction.store.people import Role
from tests.builders import a_lot, a_paddle, a_reserve, a_round, a_user, wan
from tests.web.conftest import Browser

LOT = "/rounds/joint/lots/4"
NOT_THE_HOUSE = "Nobody else can read it before the close, not even the house"
CUSTODIAN = "One custodian of the house may read it, and each reading is put into the audit"


def plain(text: str) -> str:
    """Return a page's words without its marks, and with one space between them."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))


@pytest.fixture
def announce(store: Callable[[], Session]) -> Callable[..., None]:
    """Return a maker of a published round with lot 4, which has a reserve."""

    def made(*, custodian: bool = False, **terms: Any) -> None:
        with store() as session, writing(session):
            if custodian:
                terms |= {"regime": Regime.AUCTION, "custodian_id": a_user(session, Role.ORGANIZER).id}
            row = a_round(session, slug="joint", **terms)
            lot = a_lot(session, row, number=4, reserve_announced=True)
            a_reserve(session, lot, wan(300))
            a_paddle(session, 260, lot)

    return made


def test_who_may_read_a_reserve_is_said_as_it_is(visitor: Browser, announce: Callable[..., None], settings: Settings) -> None:
    announce()

    assert "The key is with the house" in plain(visitor.get(LOT).text)
    assert NOT_THE_HOUSE not in plain(visitor.get(LOT).text)
    away = Path(settings.instance) / PRIVATE
    away.rename(away.with_suffix(".away"))
    assert NOT_THE_HOUSE in plain(visitor.get(LOT).text)


def test_a_custodian_who_may_read_reserves_is_not_kept_from_bidders(visitor: Browser, announce: Callable[..., None]) -> None:
    announce(custodian=True)

    said = plain(visitor.get(LOT).text)

    assert CUSTODIAN in said
    assert NOT_THE_HOUSE not in said
    assert "shows it to nobody before" not in said
    assert "拍卖法" in plain(visitor.get("/rounds/joint", headers={"Accept-Language": "zh-CN"}).text)


@pytest.mark.parametrize(
    ("terms", "on_round", "on_lot"),
    [
        (
            {"deposit_kind": DepositKind.FIXED, "deposit_fixed": Money(20_000_077)},
            "One sum of ¥200,000.77 for the whole round",
            "The deposit is ¥200,000.77 for the whole round",
        ),
        ({"deposit_share_bps": 1_250}, "For each lot 12.5% of its start price", "The deposit for this lot is ¥250,000."),
    ],
)
def test_the_announcement_says_what_a_deposit_is_for_and_what_becomes_of_it(
    visitor: Browser, announce: Callable[..., None], terms: dict[str, Any], on_round: str, on_lot: str
) -> None:
    announce(**terms)

    assert on_round in plain(visitor.get("/rounds/joint").text)
    said = plain(visitor.get(LOT).text)
    assert on_lot in said
    assert "the deposit goes towards the price" in said
    assert "it is forfeited" in said


@pytest.mark.parametrize(
    ("bps", "said"),
    [(0, "The buyer pays no commission."), (150, "Besides the hammer price the buyer pays a commission of 1.5% of it.")],
)
def test_a_lots_page_says_what_the_buyer_pays_besides(
    visitor: Browser, announce: Callable[..., None], bps: int, said: str
) -> None:
    announce(buyer_bps=bps)

    assert said in plain(visitor.get(LOT).text)
