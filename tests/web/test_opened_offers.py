"""Sealed offers after the hammer: everybody's to see where the lot was sold, else its institute's and the auditors'."""

import itertools
import re
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from techauction.clock import ManualClock
from techauction.core.lot import Format
from techauction.core.money import Money
from techauction.core.record import Kind
from techauction.db import writing
from techauction.reports.record_of_sale import verify_round
from techauction.services import opening
from techauction.settings import Settings
from techauction.store.auction import AdmissionRow, PaddleRow
from techauction.store.consigning import LotRow
from techauction.store.record import RecordRow
from tests.builders import OPENS, wan
from tests.web.secret_house import House, a_house, ended
from tests.web.test_bidding import plain
from tests.web.test_secrets import tells

STEP = Money(9_999_983)
LESS, MORE = wan(200) + STEP.times(3), wan(200) + STEP.times(5)
"""The two offers for lot 1, which passes in under its reserve."""
EQUAL = wan(200) + STEP.times(7)
"""What both offer for lot 2, which is sold."""
INSIDERS = {
    *itertools.product(("officer", "colleague"), ("institute.lot",)),
    *itertools.product(("auditor", "administrator"), ("auditor.record",)),
}


@pytest.fixture
def house(settings: Settings, clock: ManualClock, store: Callable[[], Session]) -> Iterator[House]:
    """Yield the house with its two lots sold by sealed offers, both with a reserve that one alone of them meets."""
    with a_house(settings, clock, (wan(300), wan(210))) as made:
        with store() as session, writing(session):
            session.execute(update(LotRow).values(increment=STEP, format=Format.SEALED))
        yield made


def sold(house: House, clock: ManualClock, store: Callable[[], Session], *, rank: int | None = None) -> None:
    """Have both lots offered for, the rival later than the bidder, and let the hammer fall; `rank` is the rival's right."""
    with store() as session, writing(session):
        rival = select(PaddleRow.id).where(PaddleRow.number == 102)
        session.execute(update(AdmissionRow).where(AdmissionRow.paddle_id.in_(rival)).values(priority_rank=rank))
    clock.set(OPENS)
    house.act(opening.open_round, round_id=house.ids["round_id"][0])
    answers = [house.bid("bidder", 0, LESS), house.bid("rival", 0, MORE), house.bid("bidder", 1, EQUAL)]
    answers.append(house.bid("rival", 1, EQUAL))
    assert [each.status_code for each in answers] == [201] * 4
    ended(house, clock)


def salts(store: Callable[[], Session], lot_id: int) -> list[str]:
    with store() as session:
        row = session.scalars(select(RecordRow).where(RecordRow.lot_id == lot_id, RecordRow.kind == Kind.UNSEALED)).one()
        return [each["salt"] for each in row.data["bids"]]  # type: ignore[attr-defined]


@pytest.mark.slow
def test_the_offers_of_a_lot_passed_in_are_read_by_institute_and_auditor_alone(
    house: House, clock: ManualClock, store: Callable[[], Session]
) -> None:
    sold(house, clock, store)
    kept = salts(store, house.lots[0])

    found: dict[Money, set[tuple[str, str]]] = {LESS: set(), MORE: set()}
    for who, where, body in itertools.chain(house.told("GET", ("en", "zh")), house.live()):
        for amount, salt in zip((LESS, MORE), kept, strict=True):
            found[amount] |= {(who, where)} if tells(body, amount, salt) else set()

    mine = ("bidder_receipts.receipts", "bidder_receipts.receipt")
    assert found[LESS] - {("bidder", each) for each in mine} == INSIDERS
    assert found[MORE] - {("rival", each) for each in mine} == INSIDERS
    assert "The offers are not public" in plain(house.browsers["host"].get("/rounds/secret/lots/1"))


def test_nothing_public_says_who_offered_most_for_a_lot_passed_in(
    house: House, clock: ManualClock, store: Callable[[], Session]
) -> None:
    sold(house, clock, store)
    page = house.browsers["passer-by"].get("/rounds/secret/lots/1").text
    [state] = [body for _, where, body in house.live() if where.startswith("/saleroom/live")]

    assert not any(tells(body, amount, "no salt") for body in (page, state) for amount in (LESS, MORE))
    assert re.search(r'data-truth="[^"]*\bkept\b', page)
    assert state.count(b'"paddle":null') == 1, "of lot 1 alone"


def test_the_public_record_of_a_lot_passed_in_goes_on_from_hash_to_hash(
    house: House, clock: ManualClock, store: Callable[[], Session]
) -> None:
    sold(house, clock, store)

    def record(lot: int) -> list[dict[str, object]]:
        headers = {"Authorization": f"Bearer {house.tokens['rival']}"}
        answer = house.browsers["passer-by"].get(f"/api/v1/lots/{house.lots[lot]}/record", headers=headers)
        events: list[dict[str, object]] = answer.get_json()["events"]
        return events

    passed, bought = record(0), record(1)

    for events in (passed, bought):
        assert [each["prev_hash"] for each in events][1:] == [each["hash"] for each in events][:-1]
    opened = [next(each["data"] for each in events if each["kind"] == "unsealed") for events in (passed, bought)]
    assert opened[0] == {}
    assert [each["amount_fen"] for each in opened[1]["bids"]] == [EQUAL.minor] * 2  # type: ignore[index, call-overload]
    with store() as session:
        assert verify_round(session, "secret") == []


@pytest.mark.parametrize(
    ("rank", "loser", "why"),
    [
        (None, "rival", "That offer was made earlier, and of equal offers the earlier goes first."),
        (1, "bidder", "That paddle holds a priority right, and of equal offers a holder's goes first."),
    ],
)
def test_the_offers_of_a_sale_stand_on_page_room_and_desk_and_the_loser_of_a_tie_sees_why(
    house: House, clock: ManualClock, store: Callable[[], Session], rank: int | None, loser: str, why: str
) -> None:
    sold(house, clock, store, rank=rank)
    winner = {"rival": "bidder", "bidder": "rival"}[loser]
    room = "/bidder/rounds/secret/lots/2"

    pages = {
        who: plain(house.browsers[who].get(path))
        for who, path in [
            ("passer-by", "/rounds/secret/lots/2"),
            (loser, room),
            (winner, room),
            ("host", "/organizer/rounds/secret/desk/lots/2"),
        ]
    }

    said = "Equal: the holder of a priority right goes first" if rank else "Equal: the earlier goes first"
    for who, page in pages.items():
        assert "Opened offers" in page, who
        assert page.count(str(EQUAL)) >= 2, who
        assert said in page, who
        assert (why in page) is (who == loser), who
