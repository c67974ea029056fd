"""What needs two at the desk, the bids of one lot, and withdrawing."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.clock import ManualClock
from techauction.core.absence import Decided
from techauction.core.bidding import ReceivedInTime
from techauction.core.lot import Stage
from techauction.core.money import ZERO
from techauction.core.outcome import Ending
from techauction.core.round import Phase
from techauction.core.stuck import Duty
from techauction.db import writing
from techauction.services import opening, processes, stuck
from techauction.settings import Settings
from techauction.store.auction import ApprovalRow, OfferRow, OutcomeRow
from techauction.store.consigning import LotRow, RoundMarketRow, RoundRow
from techauction.store.money import DepositRow
from techauction.store.people import Role, UserRow
from tests.builders import CLOSES, OPENS, a_user, wan
from tests.rounds import Played, a_round_to_play
from tests.web.conftest import PASSWORD, Browser

MINUTE = timedelta(minutes=1)
WHY = "A document is missing."


class Desk:
    """A round of two lots that Zhejiang and Shanghai hold, open since OPENS, and browsers for those around it."""

    def __init__(self, app: Flask, store: Callable[[], Session], new_user: Callable[..., UserRow], clock: ManualClock) -> None:
        self.app, self.store, self.clock, self._new_user = app, store, clock, new_user
        with store() as session, writing(session):
            self.played: Played = a_round_to_play(session, {}, {}, slug="the-round")
            session.add(RoundMarketRow(round_id=self.played.row.id, market_key="shanghai"))
            self.institute = self.played.lots[0].result.institute_id
        self.at = "/organizer/rounds/the-round/desk"
        self.ada = self.browser("ada", Role.ORGANIZER, market_key="zhejiang")
        self.cy = self.browser("cyril", Role.ORGANIZER, market_key="shanghai")

    def browser(self, name: str, role: Role, **more: Any) -> Browser:
        """Return somebody's browser."""
        self._new_user(name, role, **more)
        client = self.app.test_client()
        assert isinstance(client, Browser)
        client.sign_in(name, PASSWORD)
        return client

    def open(self) -> "Desk":
        """Open the round in its time."""
        with self.store() as session, writing(session):
            opening.open_round(session, round_id=self.played.row.id, read_clock=lambda: OPENS)
        self.clock.set(OPENS + MINUTE)
        return self

    def bid(self, paddle: int, amount: int) -> None:
        """Have a paddle bid so many 万 on the first lot."""
        with self.store() as session, writing(session):
            self.played.lots = [session.get_one(LotRow, lot.id) for lot in self.played.lots]
            self.played.bid(session, 0, paddle, wan(amount), self.clock())

    def lot(self, place: int = 0) -> LotRow:
        """Return a lot as it stands."""
        with self.store() as session:
            return session.get_one(LotRow, self.played.lots[place].id)

    def request(self) -> ApprovalRow:
        """Return the last request."""
        with self.store() as session:
            return session.scalars(select(ApprovalRow).order_by(ApprovalRow.id.desc())).first() or ApprovalRow()


@pytest.fixture
def desk(app: Flask, store: Callable[[], Session], new_user: Callable[..., UserRow], clock: ManualClock) -> Desk:
    return Desk(app, store, new_user, clock)


def text(page: str) -> str:
    """Return what a page says, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_a_resume_is_asked_for_by_one_and_approved_by_another(desk: Desk) -> None:
    desk.open()
    desk.ada.send(f"{desk.at}/pause", {"reason": WHY, "all": "1"})

    asked = desk.ada.send(f"{desk.at}/ask/resume", {"reason": "It was found.", "all": "1"})

    assert asked.status_code == 303
    assert desk.lot().stage is Stage.PAUSED
    mine, theirs = text(desk.ada.get(desk.at).text), text(desk.cy.get(desk.at).text)
    for page in (mine, theirs):
        assert "Resume lots Ada asked" in page
        assert "Reason: It was found." in page
        assert re.search(rf"· stopped at 2026-11-02 11:0\d:\d\d: {WHY}", page)
    assert "Take back" in mine
    assert "Approve Decline" not in mine
    assert "Approve Decline" in theirs
    assert desk.cy.send(f"{desk.at}/requests/{desk.request().id}/approve").status_code == 303
    assert [desk.lot(0).stage, desk.lot(1).stage] == [Stage.OPEN, Stage.OPEN]
    assert "Approved Resume lots · It was found. · Ada → Cyril" in text(desk.ada.get(desk.at).text)


def test_the_own_request_is_not_approved_and_the_desk_says_why(desk: Desk) -> None:
    desk.open()
    desk.ada.send(f"{desk.at}/ask/prolong", {"reason": WHY, "all": "1", "minutes": "10"})
    closes_at = desk.lot().closes_at

    answer = desk.ada.send(f"{desk.at}/requests/{desk.request().id}/approve")

    assert re.search(r"· planned close 2026-11-02 12:00", text(answer.text))
    assert answer.status_code == 422
    assert "You asked for this yourself; another must approve it." in answer.text
    assert desk.lot().closes_at == closes_at


@pytest.mark.parametrize(("who", "way"), [("cy", "decline"), ("ada", "take-back")])
def test_a_request_is_turned_down(desk: Desk, who: str, way: str) -> None:
    desk.open()
    desk.ada.send(f"{desk.at}/ask/prolong", {"reason": WHY, "all": "1", "minutes": "10"})
    at = f"{desk.at}/requests/{desk.request().id}"

    answer = getattr(desk, who).send(f"{at}/{way}")

    assert answer.status_code == 303
    late = desk.cy.send(f"{at}/approve")
    assert (late.status_code, "That comes too late: the request is" in late.text) == (422, True)


def test_a_request_that_nobody_approves_expires(desk: Desk) -> None:
    desk.open()
    desk.ada.send(f"{desk.at}/ask/prolong", {"reason": WHY, "all": "1", "minutes": "10"})
    desk.clock.advance(15 * MINUTE)

    answer = desk.cy.send(f"{desk.at}/requests/{desk.request().id}/approve")

    assert (answer.status_code, "Nobody approved this before" in answer.text) == (422, True)
    assert "Expired" in text(desk.ada.get(desk.at).text)


def test_what_changed_meanwhile_is_said_and_nothing_is_done(desk: Desk) -> None:
    desk.open()
    desk.ada.send(f"{desk.at}/ask/prolong", {"reason": WHY, "lot": str(desk.lot().id), "minutes": "10"})
    desk.ada.send(f"{desk.at}/pause", {"reason": WHY, "all": "1"})

    answer = desk.cy.send(f"{desk.at}/requests/{desk.request().id}/approve")

    assert (answer.status_code, "Something has changed since this was asked" in answer.text) == (422, True)


def test_a_bid_is_voided_from_its_lots_page(desk: Desk) -> None:
    desk.open()
    desk.bid(0, 200)
    desk.bid(1, 210)
    at = f"{desk.at}/lots/1"
    refused = desk.ada.send(f"{at}/void", {"reason": WHY, "seq": "3"})
    assert (refused.status_code, "Pause the lot first" in refused.text) == (422, True)
    assert desk.ada.send(f"{at}/pause", {"reason": WHY}).status_code == 303
    assert "Ask: void bid 3" in text(desk.ada.get(at).text)

    assert desk.ada.send(f"{at}/void", {"reason": "The wrong paddle.", "seq": "3"}).status_code == 303

    shown = text(desk.cy.get(desk.at).text)
    assert re.search(r"Bid 3 of paddle 102, ¥2,100,000, made at .*, is voided. Then ¥2,000,000 of paddle 101 stands.", shown)
    assert desk.cy.send(f"{desk.at}/requests/{desk.request().id}/approve").status_code == 303
    assert desk.lot().standing_paddle == 101
    assert "The wrong paddle." in desk.ada.get(at).text
    public = text(desk.app.test_client().get("/rounds/the-round/lots/1", headers={"Accept-Language": "en"}).text)
    assert "Voided" in public
    assert "The wrong paddle." in public


def test_a_sale_is_voided_from_its_lots_page(desk: Desk) -> None:
    desk.open()
    desk.bid(0, 200)
    with desk.store() as session, writing(session):
        desk.played.lots = [session.get_one(LotRow, lot.id) for lot in desk.played.lots]
        desk.played.fall(session, 0)
    at = f"{desk.at}/lots/1"
    assert "Ask: void the sale" in desk.ada.get(at).text

    assert desk.ada.send(f"{at}/void-outcome", {"reason": "The buyer is the seller."}).status_code == 303
    assert desk.cy.send(f"{desk.at}/requests/{desk.request().id}/approve").status_code == 303

    with desk.store() as session:
        assert session.get_one(OutcomeRow, desk.lot().id).ending is Ending.VOID
    assert "The buyer is the seller." in desk.ada.get(desk.at).text
    assert "The buyer is the seller." in desk.app.test_client().get("/rounds/the-round/lots/1").text


def test_an_announced_round_is_called_off_by_two(desk: Desk) -> None:
    alone = desk.ada.send("/organizer/rounds/the-round/call-off", {"reason": WHY})
    assert alone.status_code == 422

    assert desk.cy.send(f"{desk.at}/ask/call_off", {"whole-reason": WHY}).status_code == 422
    assert desk.ada.send(f"{desk.at}/ask/call_off", {"whole-reason": WHY}).status_code == 303
    assert desk.cy.send(f"{desk.at}/requests/{desk.request().id}/approve").status_code == 303

    with desk.store() as session:
        assert session.scalars(select(RoundRow.phase)).one() is Phase.CALLED_OFF
    assert WHY in desk.app.test_client().get("/rounds/the-round/lots/1").text


def test_a_round_opens_early_by_two(desk: Desk) -> None:
    too_early = desk.ada.send(f"{desk.at}/ask/open_early", {"whole-reason": "Everybody is here."})
    assert too_early.status_code == 422
    assert "Registration and deposits are open until" in too_early.text
    with desk.store() as session, writing(session):
        session.get_one(RoundRow, desk.played.row.id).registration_closes_at = desk.clock()

    desk.ada.send(f"{desk.at}/ask/open_early", {"whole-reason": "Everybody is here."})

    assert desk.cy.send(f"{desk.at}/requests/{desk.request().id}/approve").status_code == 303

    assert desk.lot().stage is Stage.OPEN


def test_an_open_round_is_closed_early_by_two(desk: Desk) -> None:
    desk.open()
    missing = desk.ada.send(f"{desk.at}/ask/close_early", {"whole-reason": " "})
    assert (missing.status_code, "Give a reason: it will be public." in missing.text) == (422, True)
    desk.ada.send(f"{desk.at}/ask/close_early", {"whole-reason": "The hall burns."})

    assert desk.cy.send(f"{desk.at}/requests/{desk.request().id}/approve").status_code == 303

    assert [desk.lot(0).stage, desk.lot(1).stage] == [Stage.ENDED, Stage.ENDED]
    assert "The hall burns." in desk.app.test_client().get("/rounds/the-round/lots/1").text


@pytest.mark.parametrize(
    "address", ["ask/void_bid", "ask/void_outcome", "ask/fly", "requests/99/approve", "requests/99/decline", "lots/9/pause"]
)
def test_what_is_not_there_is_not_found(desk: Desk, address: str) -> None:
    assert desk.ada.send(f"{desk.at}/{address}", {"reason": WHY}).status_code == 404


def test_another_rounds_request_is_nobodys_to_decide(desk: Desk) -> None:
    desk.open()
    desk.ada.send(f"{desk.at}/ask/prolong", {"reason": WHY, "all": "1", "minutes": "10"})
    stranger = desk.browser("eve", Role.ORGANIZER, market_key="anhui")
    with desk.store() as session, writing(session):
        a_user(session, market="anhui")
        other = a_round_to_play(session, {}, slug="theirs", host_market_key="anhui")
        assert other.row.slug == "theirs"

    answer = stranger.send(f"/organizer/rounds/theirs/desk/requests/{desk.request().id}/approve")

    assert answer.status_code == 404
    assert desk.request().decision is None


def test_the_desk_tells_how_the_sale_does(desk: Desk) -> None:
    desk.open()
    desk.ada.send(f"{desk.at}/ask/prolong", {"reason": WHY, "all": "1", "minutes": "10"})

    facts = desk.cy.get(f"{desk.at}/facts").get_json()

    assert facts | {"pulse_s": None} == {
        "waiting": 0,
        "watching": 0,
        "joined": 0,
        "dropped": 0,
        "late_ms": None,
        "pulse_s": None,
        "tick_s": None,
        "requests": [desk.request().id],
    }
    assert "Approve" in desk.cy.get(f"{desk.at}/requests").text


def test_in_a_round_of_one_market_an_auditor_supervises_a_void(desk: Desk) -> None:
    with desk.store() as session, writing(session):
        session.delete(session.get_one(RoundMarketRow, (desk.played.row.id, "shanghai")))
    auditor = desk.browser("aud", Role.AUDITOR)
    desk.open()
    desk.bid(0, 200)
    desk.ada.send(f"{desk.at}/lots/1/pause", {"reason": WHY})
    desk.ada.send(f"{desk.at}/lots/1/void", {"reason": WHY, "seq": "2"})
    assert "Bid 2 of paddle 101" in text(auditor.get("/auditor/approvals").text)

    assert auditor.send("/auditor/approvals/99/approve").status_code == 404
    assert auditor.send(f"/auditor/approvals/{desk.request().id}/approve").status_code == 303

    assert desk.lot().standing_paddle is None
    assert auditor.send(f"/auditor/approvals/{desk.request().id}/decline").status_code == 422


def test_an_institute_withdraws_its_lot_before_it_opens(desk: Desk) -> None:
    institute = desk.browser("inst", Role.INSTITUTE, organisation_id=desk.institute)
    at = f"/institute/results/{desk.lot().id}/withdraw"
    assert "Withdraw the lot" in institute.get(f"/institute/results/{desk.lot().id}").text
    assert institute.send(at, {"reason": ""}).status_code == 422

    assert institute.send(at, {"reason": "It is licensed elsewhere."}).status_code == 303

    assert desk.lot().stage is Stage.ENDED
    assert "It is licensed elsewhere." in desk.ada.get(desk.at).text
    assert "It is licensed elsewhere." in desk.app.test_client().get("/rounds/the-round/lots/1").text
    assert institute.get(at).status_code == 404
    assert institute.send(f"/institute/results/{desk.lot(1).id}/withdraw", {"reason": "Mine."}).status_code == 404


def test_an_open_lot_is_not_withdrawn(desk: Desk) -> None:
    institute = desk.browser("inst", Role.INSTITUTE, organisation_id=desk.institute)
    desk.open()

    answer = institute.send(f"/institute/results/{desk.lot().id}/withdraw", {"reason": "Too late."})

    assert (answer.status_code, "the lot is open" in answer.text) == (422, True)
    assert desk.lot().stage is Stage.OPEN


def test_a_market_withdraws_its_own_lots_only(desk: Desk) -> None:
    assert desk.cy.send(f"{desk.at}/lots/1/withdraw", {"reason": "Not mine."}).status_code == 404
    assert desk.ada.send(f"{desk.at}/lots/1/withdraw", {"reason": "The institute asks for it."}).status_code == 303

    assert [desk.lot(0).stage, desk.lot(1).stage] == [Stage.ENDED, Stage.LISTED]


@pytest.mark.parametrize(("language", "said"), [("en", "In time, but the lot had ended"), ("zh", "按时到达，但标的已结束")])
def test_what_was_here_in_time_and_met_a_fallen_hammer_is_shown(desk: Desk, language: str, said: str) -> None:
    desk.open()
    lot, paddle = desk.played.lots[0], desk.played.paddles[0]
    refusal = ReceivedInTime(OPENS + MINUTE, OPENS + 2 * MINUTE)
    with desk.store() as session, writing(session):
        session.add(
            OfferRow(
                lot_id=lot.id,
                organisation_id=paddle.organisation_id,
                user_id=desk.played.users[0],
                key="a-key-of-mine",
                amount=wan(210),
                received_at=OPENS + MINUTE,
                decided_at=OPENS + 3 * MINUTE,
                code=refusal.code,
                facts=refusal.as_json(),
            )
        )
    bidder = desk.browser("bidder", Role.ENTERPRISE, organisation_id=paddle.organisation_id)
    for each in (desk.ada, bidder):
        each.set_cookie("language", language)

    at_desk, in_room = desk.ada.get(desk.at).text, bidder.get(f"/bidder/rounds/the-round/lots/{lot.number}").text

    assert said in at_desk
    assert "2,100,000" in at_desk
    assert {"en": "Your offer was here in time", "zh": "按时到达"}[language] in in_room


def test_an_idle_desk_shows_no_age_of_a_proof_that_nobody_asks_for(desk: Desk) -> None:
    with desk.store() as session, writing(session):
        processes.begin(session, now=OPENS - 12 * MINUTE)
    assert desk.cy.get(f"{desk.at}/facts").get_json()["pulse_s"] is None

    desk.open()

    assert desk.cy.get(f"{desk.at}/facts").get_json()["pulse_s"] == 13 * 60


def test_the_desk_names_a_process_that_died_and_the_lots_that_closed_about_then(desk: Desk) -> None:
    desk.open()
    with desk.store() as session, writing(session):
        session.get_one(LotRow, desk.played.lots[1].id).closes_at = CLOSES + MINUTE
        died = processes.begin(session, now=OPENS)
        processes.beat(session, died, proven_at=CLOSES, decided=Decided(CLOSES - timedelta(seconds=5)))
        processes.begin(session, now=CLOSES + MINUTE)
    desk.clock.set(CLOSES + MINUTE)
    desk.app.extensions["techauction"].auctioneer.nudge().result(20)

    said = text(desk.cy.get(desk.at).text)

    assert f"Selling process {died} died. What it had received after 2026-11-02 11:59:55, and not decided" in said
    assert "Lots that closed within 5 s of it: 1." in said


def test_the_desk_warns_before_the_opening_of_what_will_be_withheld(desk: Desk) -> None:
    def wanting(*, admitted: int, reserve: bool) -> str:
        with desk.store() as session, writing(session):
            session.get_one(RoundRow, desk.played.row.id).min_admitted = admitted
            session.get_one(LotRow, desk.played.lots[1].id).reserve_announced = reserve
        return text(desk.ada.get(desk.at).text)

    assert "will be withheld" not in wanting(admitted=3, reserve=False)
    unsealed = wanting(admitted=3, reserve=True)
    assert "As things stand 1 lot will be withheld at the opening; the list below says why. Lot 2" in unsealed
    assert unsealed.count("Will be withheld: its reserve is announced and not sealed") == 1
    few = wanting(admitted=4, reserve=False)
    assert "As things stand 2 lots will be withheld at the opening; the list below says why. Lot 1 · Lot 2" in few
    assert few.count("Will be withheld: fewer than 4 paddles are admitted and have paid") == 2
    assert few.count("Admitted 3") == 2


def test_the_desk_warns_by_what_the_opening_decides(desk: Desk) -> None:
    with desk.store() as session, writing(session):
        deposit = session.scalars(select(DepositRow).where(DepositRow.lot_id == desk.played.lots[0].id)).first()
        assert deposit is not None
        deposit.held = ZERO
        session.get_one(RoundRow, desk.played.row.id).min_admitted = 3
    warned = text(desk.ada.get(desk.at).text)

    desk.open()

    assert "will be withheld at the opening; the list below says why. Lot 1" in warned
    assert [desk.lot(0).stage, desk.lot(1).stage] == [Stage.ENDED, Stage.OPEN]
    assert "will be withheld" not in text(desk.ada.get(desk.at).text)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_desk_says_that_no_bid_is_taken_because_the_database_was_removed(
    desk: Desk, settings: Settings, language: str
) -> None:
    said = {"en": "The house takes no bids", "zh": "系统已停止接受报价"}[language]
    desk.open()
    desk.ada.set_cookie("language", language)
    assert said not in desk.ada.get(desk.at).text

    Path(f"{settings.database_url.removeprefix('sqlite:///')}-wal").unlink()

    assert said in desk.ada.get(desk.at).text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_desk_names_a_lot_that_could_not_be_opened(desk: Desk, language: str) -> None:
    said = {"en": "Lot 2: could not be opened", "zh": "标的2：无法开拍"}[language]
    since = {"en": ", since 2026-11-02 11:00:00", "zh": "，自2026-11-02 11:00:00起"}[language]
    with desk.store() as session, writing(session):
        lot_id = desk.played.lots[1].id
        opening.begin_round(session, round_id=desk.played.row.id, read_clock=lambda: OPENS)
        stuck.tell(session, lot_id=lot_id, duty=Duty.OPENING, now=OPENS)
    desk.ada.set_cookie("language", language)

    assert (said + since).casefold() in text(desk.ada.get(desk.at).text).casefold()
    assert said.casefold() in desk.ada.get("/account/notices").text.casefold()
