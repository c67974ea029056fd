import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from techauction.app import create_app
from techauction.clock import ManualClock
from techauction.db import db, make_engine, writing
from techauction.saleroom.auctioneer import Auctioneer
from techauction.services import opening
from techauction.settings import Settings
from techauction.store.auction import OfferRow, PaddleRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import Role, UserRow
from tests.builders import OPENS, a_deposit, a_lot, a_paddle, a_round, an_organisation, wan
from tests.web.conftest import Browser

Store = Callable[[], Session]
LOT = "/bidder/rounds/joint/lots/4"
PATIENCE_S = 20


@dataclass
class Room:
    """An open lot, its two bidders' browsers, and a third enterprise's without a paddle."""

    lot_id: int
    me: Browser
    rival: Browser
    stranger: Browser
    store: Store

    def bid(self, browser: Browser, amount: str, key: str | None = None, **more: str) -> TestResponse:
        """Post the form as its page has it."""
        return browser.send(LOT, {"amount": amount, "key": key or uuid4().hex, **more})

    def lot(self) -> LotRow:
        """Return the lot's present state."""
        with self.store() as session:
            return session.scalars(select(LotRow).where(LotRow.id == self.lot_id)).one()

    def offers(self) -> list[OfferRow]:
        """Return the offers decided."""
        with self.store() as session:
            return list(session.scalars(select(OfferRow).order_by(OfferRow.id)))


@pytest.fixture
def room(app: Flask, store: Store, clock: ManualClock, auctioneer: Auctioneer, new_user: Callable[..., UserRow]) -> Room:
    """Return a room in which a lot of 200万 by 10万 has just opened."""
    with store() as session, writing(session):
        round_ = a_round(session, slug="joint", min_admitted=1, title_en="Joint round")
        lot = a_lot(session, round_, number=4)
        organisations = [an_organisation(session) for _ in range(3)]
        for number, organisation in zip((260, 311), organisations, strict=False):
            paddle = a_paddle(session, number, lot, organisation=organisation)
            a_deposit(session, paddle, lot, wan(20))
        ids, lot_id, round_id = [each.id for each in organisations], lot.id, round_.id
    clock.set(OPENS)
    auctioneer.act(partial(opening.open_round, round_id=round_id)).result(PATIENCE_S)
    browsers = []
    for name, organisation_id in zip(("bidder", "rival", "stranger"), ids, strict=True):
        new_user(name, Role.ENTERPRISE, organisation_id=organisation_id)
        browser = app.test_client()
        assert isinstance(browser, Browser)
        assert browser.sign_in(name).status_code == 303
        browsers.append(browser)
    return Room(lot_id, *browsers, store=store)


def hidden_key(page: TestResponse) -> str:
    found = re.search(r'name="key" type="hidden" value="([^"]+)"|id="key"[^>]*value="([^"]+)"', page.text)
    assert found, page.text
    return found[1] or found[2]


def plain(page: TestResponse) -> str:
    """Return what a reader sees: the page's text without its tags and its hidden parts."""
    text = re.sub(r"<(\w+)[^>]*\shidden>.*?</\1>", " ", page.text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_a_bid_by_the_plain_form_stands_and_the_page_after_it_shows_it(room: Room) -> None:
    answer = room.bid(room.me, "200万")

    assert answer.status_code == 303
    page = room.me.get(answer.headers["Location"])
    assert "Your bid of ¥2,000,000 was taken at 2026-11-02 11:00:00.000 for paddle 260." in plain(page)
    assert "Me, paddle 260" in plain(page)
    assert "You lead" in plain(page)
    assert room.lot().standing_paddle == 260


def test_whoever_is_outbid_reads_that_it_does_not_lead(room: Room) -> None:
    room.bid(room.me, "200万")
    room.bid(room.rival, "220万")

    page = plain(room.me.get(LOT))

    assert "You do not lead" in page
    assert "¥2,200,000" in page
    assert "Paddle 311 leads" in page


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("205万", "The nearest lawful amounts are ¥2,000,000 and ¥2,100,000"),
        ("1", "The least lawful bid now is ¥2,000,000"),
        ("9000万", "The highest lawful bid now is ¥3,000,000"),
        ("1e9", "is no amount"),
        ("-3", "must be more than zero"),
        ("", "Write your bid."),
    ],
)
def test_a_refusal_stands_beside_the_field_with_the_two_nearest_amounts_to_choose(room: Room, amount: str, said: str) -> None:
    page = room.bid(room.me, amount)

    assert page.status_code == 422
    beside = re.search(r'id="amount-errors">(.*?)</div>\s*</div>', page.text, re.DOTALL)
    assert beside
    assert said in beside[1]
    assert plain(page).count("Bid ¥") >= 2
    assert room.lot().standing_paddle is None


def test_one_of_the_nearest_amounts_is_bid_by_one_press(room: Room) -> None:
    page = room.bid(room.me, "205万")
    found = re.search(r'name="amount" value="(2,100,000)" />\s*<input type="hidden" name="key" value="(\w+)"', page.text)
    assert found

    assert room.bid(room.me, found[1], key=found[2]).status_code == 303


def test_ones_own_standing_bid_cannot_be_raised(room: Room) -> None:
    room.bid(room.me, "200万")

    page = room.bid(room.me, "210万")

    assert page.status_code == 422
    assert "you lead" in plain(page)


def test_a_form_sent_twice_is_one_bid_and_gets_the_first_answer(room: Room) -> None:
    key = hidden_key(room.me.get(LOT))

    first, second = room.bid(room.me, "200万", key=key), room.bid(room.me, "200万", key=key)

    assert (first.status_code, second.status_code) == (303, 303)
    assert room.lot().bids == 1


def test_the_same_key_with_another_amount_is_refused(room: Room) -> None:
    room.bid(room.me, "200万", key="one-key-for-two")

    page = room.bid(room.me, "210万", key="one-key-for-two")

    assert page.status_code == 422
    assert "This form was already used for another offer" in plain(page)


def test_every_form_shown_has_a_key_of_its_own(room: Room) -> None:
    assert hidden_key(room.me.get(LOT)) != hidden_key(room.me.get(LOT))


def test_a_form_without_a_key_places_nothing(room: Room) -> None:
    page = room.me.send(LOT, {"amount": "200万"})

    assert page.status_code == 422
    assert not room.offers()


def test_an_amount_over_the_collar_is_placed_only_when_confirmed(room: Room, store: Store) -> None:
    with store() as session, writing(session):
        session.scalars(select(RoundRow)).one().max_steps = 50
    amount = "610万"

    page = room.bid(room.me, amount)
    assert page.status_code == 422
    assert "Confirm the amount once more" in plain(page)
    assert 'name="confirmed"' in page.text

    assert room.bid(room.me, amount, confirmed="y").status_code == 303


def test_an_enterprise_without_a_paddle_is_told_so_and_places_nothing(room: Room) -> None:
    assert "You have no paddle that is admitted to this lot." in plain(room.stranger.get(LOT))

    page = room.bid(room.stranger, "200万")

    assert page.status_code == 422
    assert "You have no paddle that is admitted to this lot." in plain(page)
    assert room.lot().bids == 0


def test_a_voided_paddle_may_not_bid(room: Room, clock: ManualClock) -> None:
    with room.store() as session, writing(session):
        session.scalars(select(PaddleRow).where(PaddleRow.number == 260)).one().voided_at = clock()

    assert "This paddle was voided" in plain(room.me.get(LOT))
    assert room.bid(room.me, "200万").status_code == 422


@pytest.mark.parametrize("path", ["/bidder/rounds/joint/lots/5", "/bidder/rounds/other/lots/4"])
def test_a_lot_that_is_not_there_is_not_found(room: Room, path: str) -> None:
    assert room.me.get(path).status_code == 404
    assert room.me.send(path, {"amount": "1", "key": "a-key-of-mine"}).status_code == 404


def test_an_amount_in_the_address_fills_the_form(room: Room) -> None:
    page = room.me.get(f"{LOT}?amount=2,300,000")

    assert 'value="2,300,000"' in page.text
    assert not room.offers()


def test_my_lots_say_for_each_whether_i_lead(room: Room) -> None:
    room.bid(room.me, "200万")

    mine, theirs = plain(room.me.get("/bidder")), plain(room.rival.get("/bidder"))

    assert "You lead" in mine
    assert "Me, paddle 260" in mine
    assert "¥200,000" in mine  # the deposit
    assert "You do not lead" in theirs
    assert "You are not admitted to any lot yet" in plain(room.stranger.get("/bidder"))


@dataclass
class SlowHouse:
    """The same house with an auctioneer that has not begun: an offer is queued, and no answer comes in time."""

    auctioneer: Auctioneer
    me: Browser


@pytest.fixture
def slow(room: Room, settings: Settings, clock: ManualClock) -> Iterator[SlowHouse]:
    """Yield a slow house for the room's bidder."""
    assert room.lot_id
    engine = make_engine(settings.database_url)
    auctioneer = Auctioneer(sessionmaker(engine, expire_on_commit=False), clock)
    app = create_app(settings, clock, auctioneer)
    app.test_client_class = Browser
    me = app.test_client()
    assert isinstance(me, Browser)
    me.sign_in("bidder")
    yield SlowHouse(auctioneer, me)
    auctioneer.stop()
    engine.dispose()
    with app.app_context():
        db.engine.dispose()


def test_an_offer_whose_fate_is_unknown_is_called_so_until_its_key_tells(room: Room, slow: SlowHouse) -> None:
    page = room.bid(slow.me, "200万", key="a-key-to-look-by")
    again = slow.me.get(f"{LOT}/offers/a-key-to-look-by?fen=200000000")

    for each in (page, again):
        assert each.status_code == 503
        assert "Your offer may stand, or may not" in plain(each)
        assert f"{LOT}/offers/a-key-to-look-by" in each.text

    slow.auctioneer.start()
    slow.auctioneer.nudge().result(PATIENCE_S)
    assert slow.me.get(f"{LOT}/offers/a-key-to-look-by").status_code == 303
    assert "Your bid of ¥2,000,000 was taken" in plain(slow.me.get(LOT))
    assert room.bid(slow.me, "200万", key="a-key-to-look-by").status_code == 303
    assert room.lot().bids == 1


def test_a_house_that_takes_no_more_offers_says_so_and_places_nothing(room: Room, slow: SlowHouse) -> None:
    slow.auctioneer.stop()

    page = room.bid(slow.me, "200万")

    assert page.status_code == 503
    assert not room.offers()


def test_looking_again_at_a_refused_offer_tells_why(room: Room) -> None:
    room.bid(room.me, "1", key="a-key-to-look-by")

    assert "The least lawful bid now is ¥2,000,000" in plain(room.me.get(f"{LOT}/offers/a-key-to-look-by"))
    assert room.rival.get(f"{LOT}/offers/a-key-to-look-by").status_code == 503


@pytest.mark.usefixtures("room")
def test_only_enterprises_may_bid(app: Flask, new_user: Callable[..., UserRow]) -> None:
    new_user("ada", Role.AUDITOR)
    auditor = app.test_client()
    assert isinstance(auditor, Browser)
    auditor.sign_in("ada")

    assert auditor.get(LOT).status_code == 403
    assert app.test_client().get(LOT).status_code == 303


def test_a_bid_without_the_forms_token_is_refused(room: Room) -> None:
    assert room.me.post(LOT, data={"amount": "200万", "key": uuid4().hex}).status_code == 400
    assert not room.offers()


def test_a_bidder_takes_a_signed_receipt_of_each_bid_home(app: Flask, room: Room) -> None:
    room.bid(room.me, "200万")

    listed = room.me.get("/bidder/receipts")
    receipt = room.me.get(f"/bidder/receipts/{room.lot_id}/2")

    assert f"/bidder/receipts/{room.lot_id}/2" in listed.text
    assert receipt.headers["Content-Disposition"] == "attachment; filename=joint-4-2.jws"
    said = app.extensions["techauction"].signer.check(receipt.text)
    assert (said.seq, said.amount) == (2, wan(200))


def test_a_receipt_is_its_bidders_own(room: Room) -> None:
    room.bid(room.me, "200万")

    assert f"/{room.lot_id}/2" not in room.rival.get("/bidder/receipts").text
    assert room.rival.get(f"/bidder/receipts/{room.lot_id}/2").status_code == 404
    assert room.me.get(f"/bidder/receipts/{room.lot_id}/3").status_code == 404
