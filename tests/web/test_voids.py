from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.approval import Act
from techauction.core.record import Kind
from techauction.db import writing
from techauction.queries.live import events_after
from techauction.saleroom.answers import event
from techauction.services import opening, pausing, voiding
from techauction.store.people import Role, UserRow
from techauction.store.record import RecordRow
from tests.builders import OPENS, wan
from tests.rounds import Played, a_round_to_play, by_two
from tests.web.conftest import Browser

MINUTE = timedelta(minutes=1)


@pytest.fixture
def played(store: Callable[[], Session]) -> Played:
    """Return an open round of one lot, whose second bid was voided."""
    with store() as session, writing(session):
        played = a_round_to_play(session, {})
        lot = played.lots[0]
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        played.bid(session, 0, 0, wan(200), OPENS)
        played.bid(session, 0, 1, wan(230), OPENS)
        two = by_two(session, played.row.id, Act.VOID_BID, at=OPENS + MINUTE, reason="Why.", lot_ids=(lot.id,), seq=3)
        pausing.pause(session, lot_ids=[lot.id], reason="Why.", by_id=two.asked_by, read_clock=lambda: OPENS + MINUTE)
        voiding.void_bid(session, lot=lot, seq=3, reason="Why.", two=two, now=OPENS + MINUTE)
        return played


def test_the_voiding_event_names_the_paddle_and_the_sum(played: Played, store: Callable[[], Session]) -> None:
    with store() as session:
        [event] = session.scalars(select(RecordRow).where(RecordRow.kind == Kind.VOIDED))

    assert (event.data["bid_paddle"], event.data["bid_fen"]) == (102, wan(230).minor)
    assert event.lot_id == played.lots[0].id


def test_the_live_history_tells_what_an_event_took_back(played: Played, store: Callable[[], Session]) -> None:
    with store() as session:
        told = [event(each) for each in events_after(session, lot_id=played.lots[0].id, seq=0)]

    assert [each["kind"] for each in told] == ["opened", "bid", "bid", "paused", "voided"]
    assert [each["reason"] for each in told] == ["", "", "", "Why.", "Why."]
    assert [each["void"] for each in told[:-1]] == [None] * 4
    void = told[-1]["void"]
    assert isinstance(void, dict)
    assert void["bids"] == [{"seq": 3, "paddle": 102, "amount_fen": wan(230).minor}]
    assert void["markets"] == [{"zh": "浙江技术交易市场", "en": "Zhejiang Technology Exchange"}]
    assert [each["without_bids"] for each in told] == [(), (), (), (), (102,)]


def test_a_voided_bid_is_struck_through_on_the_public_page(visitor: Browser, played: Played) -> None:
    page = visitor.get(f"/rounds/{played.row.slug}/lots/1").text

    assert page.count("<del>¥2,300,000</del>") == 1
    assert "<del>¥2,000,000</del>" not in page
    assert "Voided by event 5." in page
    assert "Bid 3 of paddle 102, ¥2,300,000, does not count." in page
    assert "Two persons agreed to it: Zhejiang Technology Exchange" in page
    assert "2 bids were made; 1 of them was voided and does not count." in page


def test_a_bidder_reads_which_of_its_own_bids_was_voided(
    visitor: Browser, new_user: Callable[..., UserRow], played: Played
) -> None:
    new_user("bidder", Role.ENTERPRISE, organisation_id=played.paddles[1].organisation_id)
    visitor.sign_in("bidder")

    mine = visitor.get("/bidder/receipts").text

    assert "<del>¥2,300,000</del>" in mine
    assert "Voided by event 5. Two persons agreed to it: Zhejiang Technology Exchange." in " ".join(mine.split())


def test_the_result_page_says_why_it_counts_differently(visitor: Browser, played: Played) -> None:
    assert "2 bids were made; 1 of them was voided" in visitor.get(f"/rounds/{played.row.slug}/result").text


@pytest.mark.parametrize(
    ("role", "address"),
    [
        (Role.AUDITOR, "/auditor/rounds/{slug}/lots/1"),
        (Role.ORGANIZER, "/organizer/rounds/{slug}/desk/lots/1"),
        (Role.ORGANIZER, "/organizer/rounds/{slug}/floor?lot=1"),
    ],
)
def test_whoever_reads_bids_reads_what_was_voided(
    visitor: Browser, new_user: Callable[..., UserRow], played: Played, role: Role, address: str
) -> None:
    new_user("ada", role, **({"market_key": "zhejiang"} if role is Role.ORGANIZER else {}))
    visitor.sign_in("ada")

    page = visitor.get(address.format(slug=played.row.slug))

    assert page.status_code == 200
    assert "<del>¥2,300,000</del>" in page.text
    assert "Voided by event 5." in page.text
