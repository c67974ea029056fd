"""The custodian's page, and the institute's when a key is missing."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.clock import ManualClock
from techauction.core.money import Money
from techauction.core.outcome import Ending
from techauction.core.round import Regime
from techauction.custody import PRIVATE, key_ring
from techauction.db import writing
from techauction.saleroom.auctioneer import Auctioneer
from techauction.services import opening
from techauction.settings import Settings
from techauction.store.auction import OutcomeRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import OrganisationKind, Role, UserRow
from tests import builders
from tests.builders import CLOSES, OPENS
from tests.web.conftest import Browser

Store = Callable[[], Session]
SALT = "5" * 64
RESERVE = Money(271_828_183)


@pytest.fixture
def arranged(store: Store, settings: Settings, new_user: Callable[..., UserRow]) -> dict[str, int]:
    """Keep a round under the Auction Law with one sealed reserve, its custodian and its officer."""
    custodian = new_user("custodian", Role.ORGANIZER, market_key="zhejiang")
    new_user("colleague", Role.ORGANIZER, market_key="zhejiang")
    with store() as session, writing(session):
        institute = builders.an_organisation(session, OrganisationKind.UNIVERSITY)
        row = builders.a_round(session, slug="hall", regime=Regime.AUCTION, min_admitted=1, custodian_id=custodian.id)
        result = builders.a_result(session, institute=institute, title_en="Battery")
        lot = builders.a_lot(session, row, number=1, result=result, reserve_announced=True)
        builders.a_paddle(session, 101, lot)
        builders.a_reserve(session, lot, RESERVE, salt=SALT, custody=key_ring(settings))
        found = {"round": row.id, "lot": lot.id, "custodian": custodian.id}
    new_user("officer", Role.INSTITUTE, organisation_id=institute.id, sealing_officer=True)
    return found


@pytest.fixture
def browser(app: Flask) -> Callable[[str], Browser]:
    def signed_in(name: str) -> Browser:
        client = app.test_client()
        assert isinstance(client, Browser)
        client.sign_in(name)
        return client

    return signed_in


def test_the_custodian_reads_one_reserve_at_a_time_and_each_reading_is_in_the_audit(
    browser: Callable[[str], Browser], arranged: dict[str, int], store: Store
) -> None:
    custodian = browser("custodian")

    page = custodian.get("/organizer/rounds/hall/reserves")
    answer = custodian.send(f"/organizer/rounds/hall/reserves/{arranged['lot']}", {})

    assert (page.status_code, answer.status_code) == (200, 200)
    assert "2,718,281" not in page.text
    assert "¥2,718,281.83" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "2,718,281" not in custodian.get("/organizer/rounds/hall/reserves").text
    assert "Custodian of the reserves" in custodian.get("/organizer/rounds/hall").text
    with store() as session:
        [reading] = session.scalars(select(AuditRow).where(AuditRow.what == "reserve.read"))
        assert (reading.by_id, reading.about) == (arranged["custodian"], f"lot {arranged['lot']}")


def test_nobody_else_has_the_custodians_page(browser: Callable[[str], Browser], arranged: dict[str, int], store: Store) -> None:
    colleague = browser("colleague")

    assert colleague.get("/organizer/rounds/hall/reserves").status_code == 404
    assert colleague.send(f"/organizer/rounds/hall/reserves/{arranged['lot']}", {}).status_code == 404
    with store() as session, writing(session):
        session.get_one(RoundRow, arranged["round"]).regime = Regime.EXCHANGE
    assert browser("custodian").get("/organizer/rounds/hall/reserves").status_code == 404
    assert browser("custodian").send("/organizer/rounds/hall/reserves/999", {}).status_code == 404


def test_a_reserve_whose_key_is_away_is_refused_to_its_custodian(
    browser: Callable[[str], Browser], arranged: dict[str, int], settings: Settings, store: Store
) -> None:
    (settings.instance / PRIVATE).unlink()

    answer = browser("custodian").send(f"/organizer/rounds/hall/reserves/{arranged['lot']}", {})

    assert answer.status_code == 422
    assert "The key that opens this reserve is not on the server now." in answer.text
    with store() as session:
        assert session.scalars(select(AuditRow).where(AuditRow.what == "reserve.read")).all() == []


def closed_without_key(arranged: dict[str, int], settings: Settings, auctioneer: Auctioneer, clock: ManualClock) -> Path:
    """Open and close the round while the key is elsewhere; return where it is."""
    clock.set(OPENS)
    auctioneer.act(partial(opening.open_round, round_id=arranged["round"])).result(20)
    away = settings.instance / "medium"
    (settings.instance / PRIVATE).rename(away)
    clock.set(CLOSES)
    auctioneer.nudge().result(20)
    return away


def outcome(store: Store, lot_id: int) -> OutcomeRow | None:
    with store() as session:
        return session.get(OutcomeRow, lot_id)


def test_a_lot_without_its_key_says_so_to_everybody_until_the_key_is_back(
    browser: Callable[[str], Browser],
    visitor: Browser,
    arranged: dict[str, int],
    settings: Settings,
    auctioneer: Auctioneer,
    clock: ManualClock,
    store: Store,
) -> None:
    away = closed_without_key(arranged, settings, auctioneer, clock)

    said = "Closed; what is sealed cannot be opened yet"
    assert said in _shown(visitor.get("/rounds/hall/lots/1").text)
    chinese = visitor.get("/rounds/hall/lots/1", headers={"Accept-Language": "zh-CN"}).text
    assert "已截止；封存内容暂时无法开启" in _shown(chinese)
    assert said in _shown(browser("custodian").get("/organizer/rounds/hall/desk").text)
    assert "has closed and waits for its key" in browser("custodian").get("/account/notices").text
    assert outcome(store, arranged["lot"]) is None

    away.rename(settings.instance / PRIVATE)
    auctioneer.nudge().result(20)

    ended = outcome(store, arranged["lot"])
    assert ended is not None
    assert ended.ending is Ending.PASSED_IN
    assert said not in _shown(visitor.get("/rounds/hall/lots/1").text)


def _shown(page: str) -> str:
    """Return the page without what is hidden."""
    return re.sub(r"<(\w+)[^>]*\shidden[^>]*>.*?</\1>", "", page, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"reserve": "271.8281万", "salt": SALT}, "This is not what was sealed"),
        ({"reserve": "2718281.83", "salt": "0" * 64}, "This is not what was sealed"),
        ({"reserve": "2718281.83"}, "Write the salt as it stands on the slip."),
    ],
)
def test_what_is_not_on_the_slip_is_refused(
    browser: Callable[[str], Browser],
    arranged: dict[str, int],
    settings: Settings,
    auctioneer: Auctioneer,
    clock: ManualClock,
    store: Store,
    said: dict[str, Any],
    wrong: str,
) -> None:
    closed_without_key(arranged, settings, auctioneer, clock)

    answer = browser("officer").send(f"/institute/results/{arranged['lot']}/reserve", said)

    assert answer.status_code == 422
    assert wrong in answer.text
    assert outcome(store, arranged["lot"]) is None


def test_the_slip_lets_the_hammer_fall_without_the_key(
    browser: Callable[[str], Browser],
    arranged: dict[str, int],
    settings: Settings,
    auctioneer: Auctioneer,
    clock: ManualClock,
    store: Store,
) -> None:
    closed_without_key(arranged, settings, auctioneer, clock)
    officer = browser("officer")
    assert "The reserve cannot be opened yet" in officer.get(f"/institute/results/{arranged['lot']}").text

    answer = officer.send(
        f"/institute/results/{arranged['lot']}/reserve", {"reserve": "2,718,281.83", "salt": " ".join(["55555555"] * 8)}
    )

    assert answer.status_code == 303
    ended = outcome(store, arranged["lot"])
    assert ended is not None
    assert "¥2,718,281.83" in officer.get(f"/institute/results/{arranged['lot']}").text
    with store() as session:
        assert session.get_one(LotRow, arranged["lot"]).key_missing_at is None
