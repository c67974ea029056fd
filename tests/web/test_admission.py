"""From an enterprise's registration to its paddle, page by page."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from techauction.clock import ManualClock
from techauction.core.lot import Stage
from techauction.core.round import Phase
from techauction.db import writing
from techauction.store.auction import PaddleRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.money import ReceiptRow
from techauction.store.people import OrganisationRow, Role, Standing, UserRow
from tests.builders import a_lot, a_result, a_round, an_organisation, wan
from tests.conftest import TEN
from tests.web.conftest import PASSWORD, Browser

CODE = "91330100716105852F"
REGISTRATION = {
    "name_zh": "甬江储能有限公司",
    "name_en": "Yongjiang Storage Ltd",
    "credit_code": CODE,
    "province": "Zhejiang",
    "market": "zhejiang",
    "legal_representative": "王一",
    "agent": "李二",
    "telephone": "0574-12345678",
    "email": "li@example.org",
    "sign_in_name": "yongjiang",
    "password": PASSWORD,
    "again": PASSWORD,
}
Store = Callable[[], Session]
NewUser = Callable[..., UserRow]


@pytest.fixture
def browser(app: Flask) -> Callable[[str], Browser]:
    """Return a maker of browsers that are signed in."""

    def make(sign_in_name: str) -> Browser:
        client = app.test_client()
        assert isinstance(client, Browser)
        assert client.sign_in(sign_in_name).status_code == 303
        return client

    return make


@pytest.fixture
def lots(store: Store) -> list[LotRow]:
    """Keep a published round `spring` of Zhejiang's with three lots that need 20万 each."""
    with store() as session, writing(session):
        round_ = a_round(session, slug="spring")
        return [a_lot(session, round_, number=number) for number in (1, 2, 3)]


@pytest.fixture
def bidder(store: Store, new_user: NewUser, browser: Callable[[str], Browser]) -> Browser:
    """Return the browser of an approved enterprise."""
    with store() as session, writing(session):
        organisation_id = an_organisation(session, name_en="Taihu Robotics").id
    new_user("taihu", Role.ENTERPRISE, organisation_id=organisation_id)
    return browser("taihu")


@pytest.fixture
def organizer(new_user: NewUser, browser: Callable[[str], Browser]) -> Browser:
    """Return the browser of an organizer of Zhejiang's."""
    new_user("olga", Role.ORGANIZER, market_key="zhejiang")
    return browser("olga")


def asked(bidder: Browser, *lots: LotRow) -> None:
    """Ask for a paddle for these lots."""
    data = {"lots": [lot.id for lot in lots], "rules_accepted": "y"}
    assert bidder.send("/bidder/rounds/spring/paddle", data).status_code == 303


def paddle_page(store: Store) -> str:
    """Return the organizers' address of the one paddle there is."""
    with store() as session:
        return f"/organizer/rounds/spring/paddles/{session.scalars(select(PaddleRow.id)).one()}"


def receipt(amount: str = "20万", reference: str = "B1", value_at: str = "2026-11-02T09:00") -> dict[str, str]:
    """Return a receipt as an organizer writes it, with Shanghai's time."""
    return {"amount": amount, "reference": reference, "value_at": value_at}


def test_an_enterprise_registers_is_approved_pays_and_gets_its_paddle(
    visitor: Browser, organizer: Browser, store: Store, lots: list[LotRow]
) -> None:
    assert visitor.send("/register", REGISTRATION).headers["Location"] == "/bidder/paddles"
    assert "waits for approval" in visitor.get("/bidder/paddles").text

    with store() as session:
        organisation_id = session.scalars(select(OrganisationRow.id).where(OrganisationRow.credit_code == CODE)).one()
    assert organizer.send(f"/organizer/enterprises/{organisation_id}/approve").status_code == 303
    asked(visitor, *lots[:2])
    instructions = visitor.get("/bidder/rounds/spring/paddle").text
    assert "¥400,000" in instructions
    assert "肆拾万元整" in instructions
    assert "2026-11-02 11:00:00" in instructions

    page = paddle_page(store)
    assert organizer.send(f"{page}/receipts", receipt("40万")).status_code == 303
    assert organizer.send(f"{page}/issue", {"number": "260"}).status_code == 303

    assert "You are paddle 260" in visitor.get("/bidder/rounds/spring/paddle").text
    assert "260" in visitor.get("/bidder/paddles").text


def test_a_registration_that_cannot_be_read_says_so_beside_each_field(visitor: Browser, store: Store) -> None:
    wrong = {**REGISTRATION, "credit_code": "913301007161058520", "email": "li", "telephone": "call me", "again": "other"}

    page = visitor.send("/register", {**wrong, "password": "short", "sign_in_name": "!"})

    assert page.status_code == 422
    for field in ("credit_code", "email", "telephone", "again", "password", "sign_in_name"):
        assert f'id="{field}-errors"' in page.text
    assert 'id="name_zh-errors"' not in page.text
    assert "short" not in page.text
    with store() as session:
        assert session.scalar(select(func.count()).select_from(OrganisationRow)) == 0


@pytest.mark.parametrize(
    ("again", "beside"),
    [({"sign_in_name": "another"}, "credit_code"), ({"credit_code": "12100000400000624D"}, "sign_in_name")],
)
def test_what_is_registered_already_is_refused_beside_its_field(
    app: Flask, visitor: Browser, again: dict[str, str], beside: str
) -> None:
    visitor.send("/register", REGISTRATION)
    stranger = app.test_client()
    assert isinstance(stranger, Browser)

    page = stranger.send("/register", {**REGISTRATION, **again})

    assert page.status_code == 422
    assert f'id="{beside}-errors"' in page.text


def test_all_that_is_taken_is_said_at_once_with_everything_else(app: Flask, visitor: Browser) -> None:
    visitor.send("/register", REGISTRATION)
    stranger = app.test_client()
    assert isinstance(stranger, Browser)

    page = stranger.send("/register", {**REGISTRATION, "telephone": ""})

    assert page.status_code == 422
    for field in ("credit_code", "sign_in_name", "telephone"):
        assert f'id="{field}-errors"' in page.text, field


def test_a_request_without_lots_and_without_the_rules_hears_of_both(bidder: Browser, lots: list[LotRow]) -> None:
    assert lots
    page = bidder.send("/bidder/rounds/spring/paddle", {})

    assert page.status_code == 422
    assert "Name at least one lot" in page.text
    assert 'id="rules_accepted-errors"' in page.text


def test_a_receipt_that_is_late_and_known_says_both(
    bidder: Browser, organizer: Browser, store: Store, lots: list[LotRow]
) -> None:
    asked(bidder, *lots[:2])
    page = paddle_page(store)
    assert organizer.send(f"{page}/receipts", receipt()).status_code == 303

    refused = organizer.send(f"{page}/receipts", receipt(value_at="2026-11-09T09:00", amount=""))

    assert refused.status_code == 422
    for field in ("amount", "value_at", "reference"):
        assert f'id="{field}-errors"' in refused.text, field


def test_registering_twice_registers_once(visitor: Browser, store: Store) -> None:
    for _press in range(2):
        assert visitor.send("/register", REGISTRATION).status_code == 303

    with store() as session:
        assert session.scalar(select(func.count()).select_from(OrganisationRow)) == 1


def test_an_enterprise_that_waits_asks_in_vain(
    store: Store, new_user: NewUser, browser: Callable[[str], Browser], lots: list[LotRow]
) -> None:
    with store() as session, writing(session):
        organisation_id = an_organisation(session, standing=Standing.REGISTERED).id
    new_user("waiting", Role.ENTERPRISE, organisation_id=organisation_id)

    page = browser("waiting").send("/bidder/rounds/spring/paddle", {"lots": [lots[0].id], "rules_accepted": "y"})

    assert page.status_code == 422
    assert "not approved yet" in page.text


def test_asking_without_rules_or_lots_is_refused_beside_them(bidder: Browser, lots: list[LotRow]) -> None:
    unaccepted = bidder.send("/bidder/rounds/spring/paddle", {"lots": [lots[0].id]})
    unnamed = bidder.send("/bidder/rounds/spring/paddle", {"rules_accepted": "y"})

    assert (unaccepted.status_code, unnamed.status_code) == (422, 422)
    assert 'id="rules_accepted-errors"' in unaccepted.text
    assert 'id="lots-errors"' in unnamed.text
    assert "checked" in unaccepted.text


def test_all_lots_are_named_by_one_box_but_ones_own(
    store: Store, new_user: NewUser, browser: Callable[[str], Browser], lots: list[LotRow]
) -> None:
    with store() as session, writing(session):
        organisation = an_organisation(session)
        a_lot(session, session.get_one(RoundRow, lots[0].round_id), number=4, result=a_result(session, institute=organisation))
        organisation_id = organisation.id
    new_user("both", Role.ENTERPRISE, organisation_id=organisation_id)
    client = browser("both")

    assert "Your own lot" in client.get("/bidder/rounds/spring/paddle").text
    client.send("/bidder/rounds/spring/paddle", {"every_lot": "y", "rules_accepted": "y"})

    with store() as session:
        paddle = session.scalars(select(PaddleRow)).one()
        assert {each.lot_id for each in paddle.admissions} == {lot.id for lot in lots}


def test_asking_twice_asks_once(bidder: Browser, store: Store, lots: list[LotRow]) -> None:
    for _press in range(2):
        asked(bidder, lots[0])

    with store() as session:
        assert session.scalar(select(func.count()).select_from(PaddleRow)) == 1


def test_after_registration_closed_the_page_says_so(bidder: Browser, clock: ManualClock, lots: list[LotRow]) -> None:
    clock.set(TEN + timedelta(hours=1))

    page = bidder.send("/bidder/rounds/spring/paddle", {"lots": [lots[0].id], "rules_accepted": "y"})

    assert page.status_code == 422
    assert "Registration closed at 2026-11-02 11:00:00" in page.text


def test_a_lot_of_another_round_cannot_be_named(bidder: Browser, store: Store, lots: list[LotRow]) -> None:
    with store() as session, writing(session):
        elsewhere = a_lot(session)

    page = bidder.send("/bidder/rounds/spring/paddle", {"lots": [lots[0].id, elsewhere.id], "rules_accepted": "y"})

    assert page.status_code == 422
    with store() as session:
        assert session.scalar(select(func.count()).select_from(PaddleRow)) == 0


def test_a_round_that_was_not_announced_is_not_found(bidder: Browser, store: Store) -> None:
    with store() as session, writing(session):
        a_round(session, slug="draft", phase=Phase.DRAFT)

    for slug in ("draft", "nowhere"):
        assert bidder.get(f"/bidder/rounds/{slug}/paddle").status_code == 404


def test_the_same_reference_twice_is_refused_beside_it(
    bidder: Browser, organizer: Browser, store: Store, lots: list[LotRow]
) -> None:
    asked(bidder, lots[0])
    page = paddle_page(store)
    organizer.send(f"{page}/receipts", receipt())

    again = organizer.send(f"{page}/receipts", receipt())

    assert again.status_code == 422
    assert 'id="reference-errors"' in again.text
    with store() as session:
        assert session.scalar(select(func.count()).select_from(ReceiptRow)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "-5"},
        {"amount": "1e9"},
        {"amount": "0.001"},
        {"amount": ""},
        {"value_at": "yesterday"},
        {"value_at": "2026-11-02T11:00"},
        {"value_at": "2026-11-02T10:30"},
        {"reference": ""},
    ],
)
def test_a_receipt_that_is_not_in_order_is_refused_beside_its_field(
    bidder: Browser, organizer: Browser, store: Store, lots: list[LotRow], wrong: dict[str, str]
) -> None:
    asked(bidder, lots[0])

    answer = organizer.send(f"{paddle_page(store)}/receipts", {**receipt(), **wrong})

    assert answer.status_code == 422
    assert re.findall(r'id="(\w+)-errors"', answer.text) == list(wrong)


@pytest.mark.parametrize("number", ["100", "10000", "-1", "many", "1e3", "９９"])
def test_a_number_that_no_paddle_may_have_is_refused(
    bidder: Browser, organizer: Browser, store: Store, lots: list[LotRow], number: str
) -> None:
    asked(bidder, lots[0])
    page = paddle_page(store)
    organizer.send(f"{page}/receipts", receipt())

    answer = organizer.send(f"{page}/issue", {"number": number})

    assert answer.status_code == 422
    assert 'id="number-errors"' in answer.text


def test_issuing_twice_is_refused_by_name(bidder: Browser, organizer: Browser, store: Store, lots: list[LotRow]) -> None:
    asked(bidder, lots[0])
    page = paddle_page(store)
    organizer.send(f"{page}/receipts", receipt())
    organizer.send(f"{page}/issue")

    again = organizer.send(f"{page}/issue")

    assert again.status_code == 422
    assert "Paddle 101 is issued already" in again.text


def test_a_paddle_is_voided_through_the_auctioneer(
    bidder: Browser, organizer: Browser, store: Store, lots: list[LotRow]
) -> None:
    asked(bidder, lots[0])
    page = paddle_page(store)
    organizer.send(f"{page}/receipts", receipt())
    organizer.send(f"{page}/issue")

    assert organizer.send(f"{page}/void", {"reason": ""}).status_code == 422
    assert organizer.send(f"{page}/void", {"reason": "Its mandate has expired."}).status_code == 303

    assert "Its mandate has expired." in bidder.get("/bidder/rounds/spring/paddle").text
    assert organizer.send(f"{page}/void", {"reason": "Once more."}).status_code == 422


def test_a_paddle_that_leads_cannot_be_voided(bidder: Browser, organizer: Browser, store: Store, lots: list[LotRow]) -> None:
    asked(bidder, lots[0])
    page = paddle_page(store)
    organizer.send(f"{page}/receipts", receipt())
    organizer.send(f"{page}/issue")
    with store() as session, writing(session):
        lot = session.get_one(LotRow, lots[0].id)
        lot.stage, lot.standing_paddle, lot.standing_amount, lot.standing_at = Stage.PAUSED, 101, wan(200), TEN

    answer = organizer.send(f"{page}/void", {"reason": "Its mandate has expired."})

    assert answer.status_code == 422
    assert "stands at lot 1" in answer.text


def test_what_was_paid_over_the_deposit_is_recorded_as_gone_back(
    bidder: Browser, organizer: Browser, store: Store, lots: list[LotRow]
) -> None:
    asked(bidder, lots[0])
    page = paddle_page(store)
    organizer.send(f"{page}/receipts", receipt("25万"))
    assert "¥50,000" in organizer.get(page).text
    assert "¥50,000 was received over" in bidder.get("/bidder/rounds/spring/paddle").text

    assert organizer.send(f"{page}/surplus").status_code == 303

    assert organizer.send(f"{page}/surplus").status_code == 422
    assert "was received over" not in bidder.get("/bidder/rounds/spring/paddle").text


def test_a_refused_registration_says_why(visitor: Browser, organizer: Browser, store: Store) -> None:
    visitor.send("/register", REGISTRATION)
    with store() as session:
        organisation_id = session.scalars(select(OrganisationRow.id).where(OrganisationRow.credit_code == CODE)).one()

    assert organizer.send(f"/organizer/enterprises/{organisation_id}/refuse", {"reason": " "}).status_code == 422
    organizer.send(f"/organizer/enterprises/{organisation_id}/refuse", {"reason": "The licence is out of date."})

    assert "The licence is out of date." in visitor.get("/bidder/paddles").text
    assert "Refused" in organizer.get("/organizer/enterprises?standing=refused").text


def test_organizers_of_other_markets_find_nothing(
    bidder: Browser, store: Store, new_user: NewUser, browser: Callable[[str], Browser], lots: list[LotRow]
) -> None:
    asked(bidder, lots[0])
    page = paddle_page(store)
    with store() as session:
        organisation_id = session.scalars(select(PaddleRow.organisation_id)).one()
    new_user("anna", Role.ORGANIZER, market_key="anhui")
    stranger = browser("anna")

    addresses = [page, "/organizer/rounds/spring/paddles", f"/organizer/enterprises/{organisation_id}"]
    assert [stranger.get(address).status_code for address in addresses] == [404] * 3
    posts = {
        f"{page}/receipts": receipt(),
        f"{page}/issue": {},
        f"{page}/surplus": {},
        f"{page}/void": {"reason": "No."},
        f"/organizer/enterprises/{organisation_id}/approve": {},
        f"/organizer/enterprises/{organisation_id}/refuse": {"reason": "No."},
    }
    assert [stranger.send(address, data).status_code for address, data in posts.items()] == [404] * 6


def test_a_paddle_is_found_under_its_own_round_only(
    bidder: Browser, organizer: Browser, store: Store, lots: list[LotRow]
) -> None:
    asked(bidder, lots[0])
    with store() as session, writing(session):
        a_round(session, slug="autumn")
    elsewhere = paddle_page(store).replace("spring", "autumn")

    assert organizer.get(elsewhere).status_code == 404
    assert organizer.send(f"{elsewhere}/issue").status_code == 404


def test_the_list_of_paddles_may_be_narrowed(bidder: Browser, organizer: Browser, lots: list[LotRow]) -> None:
    asked(bidder, lots[0])

    assert "Taihu Robotics" in organizer.get("/organizer/rounds/spring/paddles").text
    assert "Taihu Robotics" in organizer.get("/organizer/rounds/spring/paddles?state=asked").text
    assert "Taihu Robotics" not in organizer.get("/organizer/rounds/spring/paddles?state=issued").text
    assert organizer.get("/organizer/rounds/spring/paddles?state=nonsense&page=-3").status_code == 200
