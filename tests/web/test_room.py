"""What the room says and takes without scripts: the total payable, instructions, matches, sealed offers, the watch list."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.app import create_app
from techauction.clock import ManualClock
from techauction.core.lot import Format
from techauction.core.money import Money
from techauction.custody import PRIVATE
from techauction.db import db, writing
from techauction.saleroom.auctioneer import Auctioneer
from techauction.services import opening
from techauction.settings import Settings
from techauction.store.auction import AdmissionRow, InstructionRow
from techauction.store.consigning import LotRow, WatchRow
from techauction.store.people import MarketRow, Role, UserRow
from tests.builders import OPENS, a_deposit, a_lot, a_paddle, a_round, an_organisation, wan
from tests.web.conftest import Browser
from tests.web.test_bidding import plain

PATIENCE_S = 20
ASCENDING, SEALED, OTHER = (f"/bidder/rounds/joint/lots/{number}" for number in (1, 2, 3))


SAYINGS = ("The system bids for you up to", "Your ceiling is reached", "Over your ceiling", "Raise your ceiling")


@dataclass
class Room:
    """Three open lots, the second by sealed offers, and two bidders; the first holds a priority right at the first lot."""

    lots: list[int]
    me: Browser
    rival: Browser
    store: Callable[[], Session]

    def bid(self, browser: Browser, path: str, amount: str, **more: str) -> None:
        """Post the form; it must be taken."""
        answer = browser.send(path, {"amount": amount, "key": uuid4().hex, **more})
        assert answer.status_code == 303, plain(answer)

    def colleague(self, new_user: Callable[..., UserRow]) -> Browser:
        """Return the browser of another user of the first bidder's enterprise."""
        with self.store() as session:
            organisation_id = session.scalars(select(UserRow.organisation_id).where(UserRow.sign_in_name == "bidder")).one()
        new_user("colleague", Role.ENTERPRISE, organisation_id=organisation_id)
        browser = self.me.application.test_client()
        assert isinstance(browser, Browser)
        assert browser.sign_in("colleague").status_code == 303
        return browser

    def ceilings(self) -> list[Money]:
        """Return the ceilings of the instructions that count."""
        with self.store() as session:
            return list(session.scalars(select(InstructionRow.ceiling).where(InstructionRow.ended_at.is_(None))))

    def lot(self, place: int) -> LotRow:
        """Return a lot's present state."""
        with self.store() as session:
            return session.get_one(LotRow, self.lots[place])


@pytest.fixture
def room(
    app: Flask,
    store: Callable[[], Session],
    clock: ManualClock,
    auctioneer: Auctioneer,
    new_user: Callable[..., UserRow],
) -> Room:
    """Return the room just after its opening."""
    with store() as session, writing(session):
        session.get_one(MarketRow, "zhejiang").telephone = "0571 8888 0000"
        round_ = a_round(session, slug="joint", min_admitted=1, title_en="Joint round", buyer_bps=200)
        lots = [
            a_lot(session, round_, number=1),
            a_lot(session, round_, number=2, format=Format.SEALED),
            a_lot(session, round_, number=3),
        ]
        organisations = [an_organisation(session) for _ in range(2)]
        for number, organisation in zip((260, 311), organisations, strict=True):
            paddle = a_paddle(session, number, *lots, organisation=organisation)
            for lot in lots:
                a_deposit(session, paddle, lot, wan(20))
        session.scalars(select(AdmissionRow).order_by(AdmissionRow.id)).first().priority_rank = 1  # type: ignore[union-attr]
        ids, lot_ids, round_id = [each.id for each in organisations], [each.id for each in lots], round_.id
    clock.set(OPENS)
    auctioneer.act(partial(opening.open_round, round_id=round_id)).result(PATIENCE_S)
    browsers = []
    for name, organisation_id in zip(("bidder", "rival"), ids, strict=True):
        new_user(name, Role.ENTERPRISE, organisation_id=organisation_id)
        browser = app.test_client()
        assert isinstance(browser, Browser)
        assert browser.sign_in(name).status_code == 303
        browsers.append(browser)
    return Room(lot_ids, *browsers, store=store)


def test_an_amount_is_read_back_with_what_it_would_come_to_and_by_when(room: Room) -> None:
    said = room.me.send("/bidder/amounts", {"lot": room.lots[0], "text": "250万"}).get_json()

    assert said["refusal"] is None
    assert said["payable"] == {
        "price": "¥2,500,000",
        "commission": "¥50,000",
        "total": "¥2,550,000",
        "deposit": "¥200,000",
        "due": "¥2,350,000",
        "confirmed_by": "2026-11-04",
        "signed_by": "2026-11-11",
        "paid_by": "2026-11-18",
    }


def test_no_address_carries_an_amount_that_is_read_back(room: Room) -> None:
    assert room.me.get(f"/bidder/amounts?lot={room.lots[0]}&text=250万").status_code == 405
    assert room.me.post("/bidder/amounts", data={"lot": room.lots[0], "text": "250万"}).status_code == 400


@pytest.mark.parametrize("text", ["351万", "999", "many"])
def test_no_address_on_a_sealed_lots_page_carries_an_amount(room: Room, text: str) -> None:
    refused = room.me.send(SEALED, {"amount": text, "key": uuid4().hex})

    assert refused.status_code == 422
    assert "amount=" not in refused.text.replace('name="amount"', "")
    assert "The nearest lawful amounts" in plain(refused)


def test_the_way_to_look_again_carries_no_amount_of_a_sealed_offer(room: Room, settings: Settings, clock: ManualClock) -> None:
    assert room.lots
    app = create_app(settings, clock, Auctioneer(sessionmaker(), clock))  # nobody works there, so no answer comes
    app.test_client_class = Browser
    me = app.test_client()
    assert isinstance(me, Browser)
    me.sign_in("bidder")

    page = me.send(SEALED, {"amount": "350万", "key": "a-key-to-look-by"})

    with app.app_context():
        db.engine.dispose()
    assert page.status_code == 503
    links = re.findall(r'href="([^"]*/offers/[^"]*)"', page.text)
    assert links == [f"{SEALED}/offers/a-key-to-look-by"]


def test_without_scripts_the_page_says_the_same_before_the_bid(room: Room) -> None:
    page = plain(room.me.get(f"{ASCENDING}?amount=2,500,000"))

    assert "Total payable ¥2,550,000" in page
    assert "Remaining due ¥2,350,000" in page
    assert "Price paid, at the latest 2026-11-18" in page
    assert "0571 8888 0000" in page


def test_the_quick_steps_are_eight_and_the_start_price(room: Room) -> None:
    offered = r'data-rises="(\d+)"\s+data-fen'
    before = re.findall(offered, room.me.get(ASCENDING).text)
    room.bid(room.rival, ASCENDING, "200万")
    after = re.findall(offered, room.me.get(ASCENDING).text)

    assert before == ["0", *after]
    assert len(after) == 8


def test_a_spent_instruction_says_so_and_offers_to_be_raised(room: Room) -> None:
    room.me.change(f"{ASCENDING}/instruction", {"ceiling": "220万"}, shown_at=ASCENDING)

    def now_said() -> list[str]:
        card = room.me.get(ASCENDING).text.split('id="instruction"')[1].split("</section>")[0]
        shown = re.sub(r"<span data-when=[^>]*hidden>.*?</span>", "", card, flags=re.DOTALL)
        return [each for each in SAYINGS if each in shown] + (
            ["open"] if re.search(r"data-open-when=\S+\s+open", shown) else []
        )

    assert now_said() == ["The system bids for you up to"]
    room.bid(room.rival, ASCENDING, "210万")
    assert now_said() == ["Your ceiling is reached", "Raise your ceiling", "open"]
    room.bid(room.rival, ASCENDING, "230万")

    assert now_said() == ["Over your ceiling", "Raise your ceiling", "open"]
    assert "Over your ceiling. Raise it" in plain(room.me.get(ASCENDING))
    assert "ver your ceiling" not in plain(room.rival.get(ASCENDING))
    room.me.change(f"{ASCENDING}/instruction", {"ceiling": "300万"}, shown_at=ASCENDING)
    assert now_said() == ["The system bids for you up to"]


def test_whoever_was_outbid_is_told_by_whom_here_and_on_every_other_lots_page(room: Room) -> None:
    room.bid(room.me, ASCENDING, "200万")
    room.bid(room.rival, ASCENDING, "220万")

    assert "You do not lead Outbid by paddle 311" in plain(room.me.get(ASCENDING))
    assert "You were outbid" in plain(room.me.get(OTHER))
    assert "Outbid" not in plain(room.rival.get(ASCENDING))


def test_ones_own_bids_are_marked_in_the_history_with_their_receipts(room: Room) -> None:
    room.bid(room.me, ASCENDING, "200万")

    assert f"/bidder/receipts/{room.lots[0]}/2" in room.me.get(ASCENDING).text
    assert f"/bidder/receipts/{room.lots[0]}/2" not in room.rival.get(ASCENDING).text


def test_an_instruction_is_left_bids_and_is_withdrawn(room: Room) -> None:
    answer = room.me.change(f"{ASCENDING}/instruction", {"ceiling": "300万"}, shown_at=ASCENDING)
    assert answer.status_code == 303
    room.bid(room.rival, ASCENDING, "220万")

    page = plain(room.me.get(ASCENDING))
    assert "The system bids for you up to ¥3,000,000" in page
    assert room.lot(0).standing_paddle == 260
    assert "3,000,000" not in plain(room.rival.get(ASCENDING)).partition("Standing instruction")[2].partition("History")[0]

    assert room.me.change(f"{ASCENDING}/instruction/withdraw", {}, shown_at=ASCENDING).status_code == 303
    with room.store() as session:
        assert session.scalars(select(InstructionRow.ended_at)).one() is not None


def test_a_colleagues_ceiling_is_not_overwritten_unseen(room: Room, new_user: Callable[..., UserRow]) -> None:
    colleague = room.colleague(new_user)
    before = re.search(r'name="seen" [^>]*value="([^"]*)"', room.me.get(ASCENDING).text)
    assert before
    assert colleague.change(f"{ASCENDING}/instruction", {"ceiling": "300万"}, shown_at=ASCENDING).status_code == 303

    refused = room.me.send(f"{ASCENDING}/instruction", {"ceiling": "250万", "seen": before[1]})

    assert refused.status_code == 422
    assert "Another changed this meanwhile to: 3,000,000. Here stands yours; send it again to keep yours." in plain(refused)
    assert 'value="250万"' in refused.text
    assert room.ceilings() == [wan(300)]
    unmarked = room.me.send(f"{ASCENDING}/instruction", {"ceiling": "250万"})
    assert (unmarked.status_code, room.ceilings()) == (422, [wan(300)])
    marked = re.search(r'name="seen" [^>]*value="([^"]*)"', refused.text)
    assert marked
    assert room.me.send(f"{ASCENDING}/instruction", {"ceiling": "250万", "seen": marked[1]}).status_code == 303
    assert room.ceilings() == [wan(250)]


def test_a_colleagues_ceiling_is_not_withdrawn_unseen(room: Room, new_user: Callable[..., UserRow]) -> None:
    colleague = room.colleague(new_user)
    room.me.change(f"{ASCENDING}/instruction", {"ceiling": "250万"}, shown_at=ASCENDING)
    before = re.search(r'name="seen" value="([^"]*)"', room.me.get(ASCENDING).text)
    assert before
    colleague.change(f"{ASCENDING}/instruction", {"ceiling": "300万"}, shown_at=ASCENDING)

    refused = room.me.send(f"{ASCENDING}/instruction/withdraw", {"seen": before[1]})

    assert refused.status_code == 303
    assert "Somebody else changed this while you had it open." in plain(room.me.get(ASCENDING))
    assert room.ceilings() == [wan(300)]


@pytest.mark.parametrize(
    ("ceiling", "said"), [("", "Write your ceiling."), ("1", "¥2,000,000"), ("205万", "¥2,100,000"), ("many", "is no amount")]
)
def test_a_ceiling_that_is_no_good_is_refused_beside_its_field(room: Room, ceiling: str, said: str) -> None:
    page = room.me.change(f"{ASCENDING}/instruction", {"ceiling": ceiling}, shown_at=ASCENDING)

    assert page.status_code == 422
    beside = re.search(r'id="ceiling-errors">(.*?)</div>\s*</div>', page.text, re.DOTALL)
    assert beside
    assert said in beside[1]


def test_a_ceiling_that_bids_cannot_come_to_is_told_before_it_is_left(room: Room) -> None:
    asked = {"lot": room.lots[0], "for": "instruction"}

    between = room.me.send("/bidder/amounts", {**asked, "text": "3,050,000"})
    lawful = room.me.send("/bidder/amounts", {**asked, "text": "500万"})

    assert between.get_json()["refusal"]["code"] == "instruction_off_grid"
    assert lawful.get_json()["refusal"] is None


@pytest.mark.parametrize("path", ["instruction", "instruction/withdraw", "priority/waive"])
def test_one_bidder_may_not_flood_the_house_with_acts(
    room: Room, settings: Settings, clock: ManualClock, auctioneer: Auctioneer, path: str
) -> None:
    assert room.lots
    app = create_app(replace(settings, rate_limits=True, bids_per_second=1), clock, auctioneer)
    app.test_client_class = Browser
    me = app.test_client()
    assert isinstance(me, Browser)
    me.sign_in("bidder")

    codes = [me.send(f"{ASCENDING}/{path}", {"ceiling": "1"}).status_code for _ in range(20)]

    with app.app_context():
        db.engine.dispose()
    assert 429 in codes


def test_a_holder_of_a_priority_right_matches_by_one_press_and_everybody_sees_the_mark(room: Room) -> None:
    room.bid(room.rival, ASCENDING, "220万")
    assert "data-match" in room.me.get(ASCENDING).text
    assert "data-match" not in room.me.get(OTHER).text
    assert "data-match" not in room.rival.get(ASCENDING).text

    room.bid(room.me, ASCENDING, "2,200,000", matching="y")

    public = plain(room.rival.get("/rounds/joint/lots/1"))
    assert "Paddle 260 leads Priority" in public
    assert "Paddle 260 matched it by its priority right" in public
    assert "Priority" in plain(room.rival.get("/rounds/joint"))


def test_a_right_that_was_waived_matches_no_more(room: Room) -> None:
    assert room.me.send(f"{ASCENDING}/priority/waive").status_code == 303
    room.bid(room.rival, ASCENDING, "220万")

    page = room.me.get(ASCENDING)
    assert "You have waived your priority right" in plain(page)
    assert "data-match" not in page.text
    refused = room.me.send(ASCENDING, {"amount": "220万", "key": uuid4().hex, "matching": "y"})
    assert refused.status_code == 422


def test_that_the_house_cannot_read_offers_is_said_only_while_it_cannot(room: Room, settings: Settings) -> None:
    key = settings.instance / PRIVATE
    assert key.is_file()
    assert "not even the house" not in plain(room.me.get(SEALED))
    assert "The key is with the house" in plain(room.me.get(SEALED))

    key.rename(key.with_name("taken-away"))

    assert "not even the house" in plain(room.me.get(SEALED))


def test_a_sealed_offer_is_made_once_and_only_its_bidder_is_told_that_it_is_in(room: Room) -> None:
    assert "You have made no offer" in plain(room.me.get(SEALED))

    room.bid(room.me, SEALED, "350万")

    mine, theirs = plain(room.me.get(SEALED)), plain(room.rival.get(SEALED))
    assert "Your sealed offer of ¥3,500,000 was taken" in mine
    assert "Your sealed offer is in" in mine
    assert "You have made no offer" in theirs
    assert "3,500,000" not in theirs
    assert "Your sealed offer is in" in plain(room.me.get("/bidder"))
    assert room.lot(1).standing_amount is None
    assert room.me.send(SEALED, {"amount": "360万", "key": uuid4().hex}).status_code == 422
    assert room.me.get("/bidder/receipts").status_code == 200
    assert room.me.get(f"/bidder/receipts/{room.lots[1]}/2").status_code == 404


def test_looking_again_at_a_sealed_offer_that_was_taken_says_so_without_its_sum(room: Room) -> None:
    room.bid(room.me, SEALED, "350万", key="a-key-to-look-by")
    room.me.get(SEALED)

    assert room.me.get(f"{SEALED}/offers/a-key-to-look-by").status_code == 303

    page = plain(room.me.get(SEALED))
    assert "Your sealed offer was taken at" in page
    assert "3,500,000" not in page


def test_the_rules_of_a_sealed_lot_are_its_own(room: Room) -> None:
    page = plain(room.rival.get("/rounds/joint/lots/2"))

    assert "Each paddle makes one sealed offer" in page
    assert "moves the close" not in page


def test_a_lot_is_watched_from_its_page_and_stands_on_the_watch_list(room: Room) -> None:
    public = "/rounds/joint/lots/3"
    assert "Watch this lot" in plain(room.me.get(public))

    answer = room.me.send(f"/account/watching/{room.lots[2]}/add", {"next": public})
    again = room.me.send(f"/account/watching/{room.lots[2]}/add")

    assert (answer.status_code, answer.headers["Location"], again.status_code) == (303, public, 303)
    assert "Stop watching" in plain(room.me.get(public))
    assert OTHER in room.me.get("/account/watching").text
    room.me.send(f"/account/watching/{room.lots[2]}/remove")
    assert "You watch no lot yet" in plain(room.me.get("/account/watching"))
    with room.store() as session:
        assert session.scalars(select(WatchRow)).all() == []


def test_a_lot_that_is_not_there_cannot_be_watched(room: Room) -> None:
    assert room.me.send("/account/watching/9999/add").status_code == 404


def test_a_stranger_watches_nothing(room: Room, visitor: Browser) -> None:
    assert "Watch this lot" not in plain(visitor.get("/rounds/joint/lots/1"))
    assert room.lots


def test_whoever_bought_reads_what_is_due_and_by_when(room: Room, clock: ManualClock, auctioneer: Auctioneer) -> None:
    room.bid(room.me, ASCENDING, "200万")
    closes_at = room.lot(0).closes_at
    assert closes_at is not None
    clock.set(closes_at)
    auctioneer.nudge().result(PATIENCE_S)

    page = plain(room.me.get(ASCENDING))

    assert "You bought this lot" in page
    assert "Total payable ¥2,040,000" in page
    assert "Deposit applied − ¥200,000" in page
    assert "Remaining due ¥1,840,000" in page
    assert "Contract signed, at the latest 2026-11-11" in page
    assert "Remaining due ¥" not in plain(room.rival.get(ASCENDING))


def test_only_who_bid_is_told_that_another_bought(room: Room, clock: ManualClock, auctioneer: Auctioneer) -> None:
    room.bid(room.me, ASCENDING, "200万")
    room.bid(room.rival, ASCENDING, "210万")
    room.bid(room.rival, OTHER, "200万")
    closes_at = room.lot(0).closes_at
    assert closes_at is not None
    clock.set(closes_at)
    auctioneer.nudge().result(PATIENCE_S)
    told = re.compile(
        r'<p class="standing-banner[^>]*data-when="not-mine\+ended[^"]*"( hidden)?>.*?You did not buy this lot', re.DOTALL
    )

    said = {path: told.search(room.me.get(path).text) for path in (ASCENDING, OTHER)}

    assert {path: found and found[1] for path, found in said.items()} == {ASCENDING: None, OTHER: " hidden"}
