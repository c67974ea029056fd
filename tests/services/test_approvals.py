"""Acts that need two, from the request to what they did."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.admission import DepositState
from techauction.core.approval import (
    Act,
    ApprovalDecided,
    ApprovalExpired,
    ApprovalOwn,
    ApprovalSameMarket,
    ApprovalStale,
    Decision,
    SupervisorNeeded,
)
from techauction.core.bidding import LotClosed, LotPaused, NoSuchLot
from techauction.core.consigning import StageForbids
from techauction.core.lot import Stage
from techauction.core.money import ZERO, Money
from techauction.core.outcome import Ending
from techauction.core.pausing import LotNotPaused
from techauction.core.prolonging import ProlongedWrong
from techauction.core.record import round_digest
from techauction.core.refusal import NoSuch, Refusal
from techauction.core.round import HostDecides, Phase, PhaseForbids
from techauction.core.voiding import LotNotStopped, NoSuchBid, NotSold
from techauction.db import writing
from techauction.queries import auditor
from techauction.queries.announcement import announcement
from techauction.reports.record_of_sale import verify_round
from techauction.reports.settlement import compile_settlement
from techauction.reports.value_added import compile_report
from techauction.services import approvals, instructions, opening, pausing, withdrawing
from techauction.services.deeds import Subject
from techauction.services.pausing import ReasonMissing
from techauction.store.aftersale import CaseRow
from techauction.store.auction import ApprovalRow, OutcomeRow
from techauction.store.consigning import LotRow, RoundMarketRow, RoundRow
from techauction.store.money import DepositRow, PostingRow, SettlementRow
from techauction.store.notices import NoticeRow
from techauction.store.people import Role
from techauction.store.record import RecordRow
from tests.builders import CLOSES, OPENS, a_user, wan
from tests.rounds import Played, a_round_to_play

MINUTE = timedelta(minutes=1)
WHY = "A document is missing."


class Sale:
    """A round of Zhejiang's and Shanghai's, its organizers Ada and Bo (both Zhejiang's) and Cy (Shanghai's), and an auditor."""

    def __init__(self, sessions: sessionmaker[Session], *lots: dict[str, Any], markets: int = 2, **terms: Any) -> None:
        self.sessions = sessions
        with sessions.begin() as session:
            self.played: Played = a_round_to_play(session, *(lots or ({}, {})), **terms)
            self.round_id = self.played.row.id
            if markets > 1:
                session.add(RoundMarketRow(round_id=self.round_id, market_key="shanghai"))
            self.ada, self.bo, self.cy = (a_user(session, market=each).id for each in ("zhejiang", "zhejiang", "shanghai"))
            self.auditor, self.stranger = a_user(session, Role.AUDITOR).id, a_user(session, market="anhui").id
            self.lots = tuple(lot.id for lot in self.played.lots)
            self.institute = self.played.lots[0].result.institute_id

    def opened(self) -> "Sale":
        """Open the round in its time."""
        self.do(opening.open_round, round_id=self.round_id, at=OPENS)
        return self

    def do(self, use_case: Callable[..., Any], *, at: datetime, **said: Any) -> Any:
        """Do something in a transaction of its own."""
        with self.sessions() as session, writing(session):
            return use_case(session, read_clock=lambda: at, **said)

    def bid(self, lot: int, paddle: int, amount: Money, at: datetime) -> None:
        """Have a paddle bid."""
        with self.sessions() as session, writing(session):
            self.played.lots = [session.get_one(LotRow, each) for each in self.lots]
            self.played.bid(session, lot, paddle, amount, at)

    def fall(self, lot: int) -> None:
        """Let the hammer fall."""
        with self.sessions() as session, writing(session):
            self.played.lots = [session.get_one(LotRow, each) for each in self.lots]
            self.played.fall(session, lot)

    def pause(self, *lots: int, at: datetime) -> None:
        """Pause lots."""
        self.do(pausing.pause, lot_ids=[self.lots[each] for each in lots], reason=WHY, by_id=self.ada, at=at)

    def ask(self, act: Act, *lots: int, by: int | None = None, at: datetime, reason: str = WHY, **subject: Any) -> int:
        """Ask for an act; Ada does, if nobody else is named."""
        named = Subject(lot_ids=tuple(self.lots[each] for each in lots), **subject)
        found: int = self.do(
            approvals.ask, round_id=self.round_id, act=act, subject=named, reason=reason, by_id=by or self.ada, at=at
        )
        return found

    def approve(self, approval_id: int, *, by: int | None = None, at: datetime) -> None:
        """Approve; Cy does, if nobody else is named. What is answered and not done is raised."""
        answer = self.do(approvals.approve, approval_id=approval_id, by_id=by or self.cy, at=at)
        if isinstance(answer, Refusal):
            raise answer

    def lot(self, place: int) -> LotRow:
        """Return a lot as it stands."""
        with self.sessions() as session:
            return session.get_one(LotRow, self.lots[place])

    def wrong(self) -> list[str]:
        """Return what the verifier finds."""
        with self.sessions() as session:
            return [str(each) for each in verify_round(session, self.played.row.slug)]


@pytest.fixture
def sale(sessions: sessionmaker[Session]) -> Sale:
    """Return an open round of two lots."""
    return Sale(sessions).opened()


def test_a_resume_needs_two_and_stands_in_the_record(sale: Sale) -> None:
    sale.pause(0, 1, at=OPENS + MINUTE)

    asked = sale.ask(Act.RESUME, 0, 1, at=OPENS + 2 * MINUTE)

    assert sale.lot(0).stage is Stage.PAUSED
    sale.approve(asked, by=sale.bo, at=OPENS + 3 * MINUTE)
    assert [sale.lot(0).stage, sale.lot(1).stage] == [Stage.OPEN, Stage.OPEN]
    with sale.sessions() as session:
        said = session.scalars(select(RecordRow.data).where(RecordRow.lot_id == sale.lots[0]).order_by(RecordRow.seq.desc()))
        assert said.first() == {"reason": WHY, "asked_by": sale.ada, "approved_by": sale.bo}
        row = session.get_one(ApprovalRow, asked)
        assert (row.decision, row.decided_by_id, row.decided_at) == (Decision.APPROVED, sale.bo, OPENS + 3 * MINUTE)
    assert sale.wrong() == []


@pytest.mark.parametrize(
    ("by", "after", "refusal"),
    [
        ("ada", 1, ApprovalOwn),
        ("stranger", 1, NoSuch),
        ("auditor", 1, NoSuch),
        ("cy", 15, ApprovalExpired),
    ],
)
def test_who_may_not_approve_changes_nothing(sale: Sale, by: str, after: int, refusal: type[Refusal]) -> None:
    sale.pause(0, at=OPENS + MINUTE)
    asked = sale.ask(Act.RESUME, 0, at=OPENS + 2 * MINUTE)

    with pytest.raises(refusal):
        sale.approve(asked, by=getattr(sale, by), at=OPENS + 2 * MINUTE + after * MINUTE)

    assert sale.lot(0).stage is Stage.PAUSED
    with sale.sessions() as session:
        assert session.get_one(ApprovalRow, asked).decision is None


@pytest.mark.parametrize("way", [approvals.decline, approvals.take_back])
def test_a_request_that_was_turned_down_does_nothing_any_more(sale: Sale, way: Callable[..., None]) -> None:
    sale.pause(0, at=OPENS + MINUTE)
    asked = sale.ask(Act.RESUME, 0, at=OPENS + 2 * MINUTE)

    sale.do(way, approval_id=asked, by_id=sale.ada if way is approvals.take_back else sale.bo, at=OPENS + 3 * MINUTE)

    with pytest.raises(ApprovalDecided):
        sale.approve(asked, at=OPENS + 4 * MINUTE)
    assert sale.lot(0).stage is Stage.PAUSED


def test_only_the_asker_takes_back_and_only_another_declines(sale: Sale) -> None:
    asked = sale.ask(Act.PROLONG, 0, at=OPENS + MINUTE, minutes=5)

    with pytest.raises(NoSuch):
        sale.do(approvals.take_back, approval_id=asked, by_id=sale.bo, at=OPENS + MINUTE)
    with pytest.raises(ApprovalOwn):
        sale.do(approvals.decline, approval_id=asked, by_id=sale.ada, at=OPENS + MINUTE)


def test_what_changed_meanwhile_is_not_approved(sale: Sale) -> None:
    sale.bid(0, 0, wan(200), OPENS + MINUTE)
    sale.bid(0, 1, wan(210), OPENS + MINUTE)
    sale.pause(0, at=OPENS + 2 * MINUTE)
    resume = sale.ask(Act.RESUME, 0, at=OPENS + 3 * MINUTE)
    sale.approve(sale.ask(Act.VOID_BID, 0, at=OPENS + 3 * MINUTE, seq=3), at=OPENS + 4 * MINUTE)

    with pytest.raises(ApprovalStale):
        sale.approve(resume, at=OPENS + 5 * MINUTE)

    assert sale.lot(0).stage is Stage.PAUSED
    assert sale.wrong() == []


def test_what_cannot_be_done_any_more_is_stale(sale: Sale) -> None:
    first, second = (sale.ask(Act.PROLONG, 0, at=OPENS + MINUTE, minutes=5) for _ in range(2))
    sale.pause(0, at=OPENS + 2 * MINUTE)

    for asked in (first, second):
        with pytest.raises(ApprovalStale):
            sale.approve(asked, at=OPENS + 3 * MINUTE)

    assert sale.lot(0).closes_at == CLOSES


@pytest.mark.parametrize(
    ("act", "lots", "subject", "refusal"),
    [
        (Act.RESUME, (0,), {}, LotNotPaused),
        (Act.RESUME, (), {}, NoSuchLot),
        (Act.PROLONG, (1,), {"minutes": 5}, LotPaused),
        (Act.PROLONG, (0,), {"minutes": 0}, ProlongedWrong),
        (Act.VOID_BID, (0,), {"seq": 2}, LotNotStopped),
        (Act.VOID_BID, (1,), {"seq": 1}, NoSuchBid),
        (Act.VOID_OUTCOME, (0,), {}, NotSold),
        (Act.CALL_OFF, (), {}, PhaseForbids),
        (Act.OPEN_EARLY, (), {}, PhaseForbids),
    ],
)
def test_what_cannot_be_done_is_not_asked_for(
    sale: Sale, act: Act, lots: tuple[int, ...], subject: dict[str, int], refusal: type[Refusal]
) -> None:
    sale.bid(0, 0, wan(200), OPENS + MINUTE)
    sale.pause(1, at=OPENS + MINUTE)

    with pytest.raises(refusal):
        sale.ask(act, *lots, at=OPENS + 2 * MINUTE, **subject)


def test_a_request_needs_a_reason_and_an_organizer_of_the_round(sale: Sale) -> None:
    sale.pause(0, at=OPENS + MINUTE)

    with pytest.raises(ReasonMissing):
        sale.ask(Act.RESUME, 0, at=OPENS + MINUTE, reason=" ")
    for nobody in (sale.stranger, sale.auditor):
        with pytest.raises(NoSuch):
            sale.ask(Act.RESUME, 0, at=OPENS + MINUTE, by=nobody)
    with pytest.raises(HostDecides):
        sale.ask(Act.CLOSE_EARLY, at=OPENS + MINUTE, by=sale.cy)


def test_lots_are_given_more_time_whatever_is_bid_meanwhile(sale: Sale) -> None:
    asked = sale.ask(Act.PROLONG, 0, 1, at=OPENS + MINUTE, minutes=10)
    sale.bid(0, 0, wan(200), OPENS + 2 * MINUTE)

    sale.approve(asked, at=OPENS + 3 * MINUTE)

    assert [sale.lot(0).closes_at, sale.lot(1).closes_at] == [CLOSES + 10 * MINUTE] * 2
    sale.fall(0)
    assert sale.wrong() == []


def test_a_voided_bid_leaves_what_was_before_and_its_price_may_come_again(sale: Sale) -> None:
    for place, amount in enumerate((200, 210, 220)):
        sale.bid(0, place, wan(amount), OPENS + (place + 1) * MINUTE)
    sale.pause(0, at=OPENS + 5 * MINUTE)

    with pytest.raises(ApprovalSameMarket):
        sale.approve(sale.ask(Act.VOID_BID, 0, at=OPENS + 6 * MINUTE, seq=4), by=sale.bo, at=OPENS + 6 * MINUTE)
    sale.approve(sale.ask(Act.VOID_BID, 0, at=OPENS + 6 * MINUTE, seq=4), at=OPENS + 7 * MINUTE)

    lot = sale.lot(0)
    assert (lot.standing_paddle, lot.standing_amount, lot.bids, lot.run, lot.bidders) == (102, wan(210), 2, 1, [101, 102])
    with pytest.raises(NoSuchBid):
        sale.ask(Act.VOID_BID, 0, at=OPENS + 8 * MINUTE, seq=4)
    sale.approve(sale.ask(Act.RESUME, 0, at=OPENS + 8 * MINUTE), at=OPENS + 9 * MINUTE)
    sale.bid(0, 0, wan(220), OPENS + 10 * MINUTE)
    sale.fall(0)
    assert sale.wrong() == []
    with sale.sessions() as session:
        assert session.get_one(OutcomeRow, sale.lots[0]).paddle == 101
        assert "bid_voided" in session.scalars(select(NoticeRow.what)).all()


def test_in_a_round_of_one_market_the_auditor_supervises_a_void(sessions: sessionmaker[Session]) -> None:
    sale = Sale(sessions, markets=1).opened()
    sale.bid(0, 0, wan(200), OPENS + MINUTE)
    sale.pause(0, at=OPENS + MINUTE)
    asked = sale.ask(Act.VOID_BID, 0, at=OPENS + 2 * MINUTE, seq=2)

    with pytest.raises(SupervisorNeeded):
        sale.approve(asked, by=sale.bo, at=OPENS + 2 * MINUTE)
    sale.approve(asked, by=sale.auditor, at=OPENS + 2 * MINUTE)

    assert sale.lot(0).standing_paddle is None
    assert sale.wrong() == []


def sold(sessions: sessionmaker[Session], **terms: Any) -> Sale:
    """Return a round of two lots, the first of which is sold for 300万 to the second bidder."""
    sale = Sale(sessions, buyer_bps=150, seller_bps=100, **terms).opened()
    sale.bid(0, 0, wan(200), OPENS + MINUTE)
    sale.bid(0, 1, wan(300), OPENS + 2 * MINUTE)
    sale.bid(1, 0, wan(200), OPENS + 2 * MINUTE)
    sale.fall(0)
    return sale


@pytest.mark.parametrize("late", [False, True], ids=["before the close", "after the close"])
def test_a_voided_sale_is_settled_back(sessions: sessionmaker[Session], late: bool) -> None:
    sale = sold(sessions)
    if late:
        sale.fall(1)
        sale.do(lambda session, read_clock: opening.close_round(session, round_id=sale.round_id, now=read_clock()), at=CLOSES)

    sale.approve(sale.ask(Act.VOID_OUTCOME, 0, at=CLOSES + MINUTE), at=CLOSES + 2 * MINUTE)

    if not late:
        sale.fall(1)
        sale.do(lambda session, read_clock: opening.close_round(session, round_id=sale.round_id, now=read_clock()), at=CLOSES)
    assert sale.wrong() == []
    with sale.sessions() as session:
        outcome = session.get_one(OutcomeRow, sale.lots[0])
        assert (outcome.ending, outcome.reason, outcome.paddle, outcome.price) == (Ending.VOID, WHY, None, None)
        assert session.get_one(SettlementRow, sale.lots[0]).voided_at == CLOSES + 2 * MINUTE
        assert session.get_one(CaseRow, sale.lots[0]).closed_at == CLOSES + 2 * MINUTE
        deposits = session.scalars(select(DepositRow).where(DepositRow.lot_id == sale.lots[0])).all()
        assert {(each.applied, each.released == each.held, each.state) for each in deposits} == {
            (ZERO, True, DepositState.RELEASED)
        }
        assert _left_on_accounts(session, sale.lots[0]) == {}
        digest = session.get_one(RoundRow, sale.round_id).digest
        lines = compile_settlement(session, sale.played.row.slug)
        assert (lines.digest, lines.lines[0].ending, lines.lines[0].sale, lines.lines[0].start) == (
            digest,
            Ending.VOID,
            None,
            None,
        )
        sums = compile_report(session, sale.played.row.slug).totals
        assert (sums.lots_offered, sums.lots_sold, sums.lots_void, sums.hammer) == (1, 1, 1, wan(200))


def test_after_a_late_void_the_heads_shown_are_those_that_the_digest_is_over(sessions: sessionmaker[Session]) -> None:
    sale = sold(sessions)
    sale.fall(1)
    sale.do(lambda session, read_clock: opening.close_round(session, round_id=sale.round_id, now=read_clock()), at=CLOSES)

    sale.approve(sale.ask(Act.VOID_OUTCOME, 0, at=CLOSES + MINUTE), at=CLOSES + 2 * MINUTE)

    slug = sale.played.row.slug
    with sale.sessions() as session:
        page = announcement(session, slug, page=1, now=CLOSES + 3 * MINUTE)
        audited = auditor.round_(session, slug, page=1)
        assert page is not None
        assert audited is not None
        shown = {each.tile.number: each.head_hash or "" for each in page.lots}
        assert round_digest(slug, shown, page.round_head) == page.digest
        assert {each.number: each.head_hash for each in audited.lots} == shown
        assert shown[1] != session.get_one(LotRow, sale.lots[0]).head_hash


def _left_on_accounts(session: Session, lot_id: int) -> dict[str, int]:
    """Return what a lot's postings leave on the accounts that its sale touched, without the bank's and the deposits'."""
    left: dict[str, int] = {}
    for each in session.scalars(select(PostingRow).where(PostingRow.lot_id == lot_id)):
        left[each.debit] = left.get(each.debit, 0) + each.amount.minor
        left[each.credit] = left.get(each.credit, 0) - each.amount.minor
    return {
        account: sum_ for account, sum_ in left.items() if sum_ and account != "bank" and not account.startswith("deposits:")
    }


def test_a_voided_sale_whose_record_is_rewritten_is_found(sessions: sessionmaker[Session]) -> None:
    sale = sold(sessions)
    sale.approve(sale.ask(Act.VOID_OUTCOME, 0, at=CLOSES + MINUTE), at=CLOSES + 2 * MINUTE)

    with sale.sessions() as session, writing(session):
        session.get_one(SettlementRow, sale.lots[0]).voided_at = None
        session.get_one(CaseRow, sale.lots[0]).closed_at = None
        session.delete(session.scalars(select(PostingRow).where(PostingRow.what == "void_price_charged")).one())

    assert [each.partition(": ")[2].partition(":")[0] for each in sale.wrong()] == [
        "settlement_differs",
        "settlement_differs",
        "case_differs",
        "settlement_differs",
        "settlement_differs",
    ]


def test_a_round_opens_early_by_two(sessions: sessionmaker[Session]) -> None:
    sale = Sale(sessions)
    at = OPENS - 10 * MINUTE
    with sale.sessions.begin() as session:
        session.get_one(RoundRow, sale.round_id).registration_closes_at = at

    sale.approve(sale.ask(Act.OPEN_EARLY, at=at), at=at + MINUTE)

    assert sale.lot(0).stage is Stage.LISTED  # the clerk opens the lots after it
    sale.do(opening.open_lots, lot_ids=sale.lots, at=at + MINUTE)
    assert (sale.lot(0).stage, sale.lot(0).opens_at) == (Stage.OPEN, at + MINUTE)
    assert sale.wrong() == []


def test_a_round_is_called_off_by_two_and_everything_goes_back(sessions: sessionmaker[Session]) -> None:
    sale = Sale(sessions)
    at = OPENS - 10 * MINUTE

    sale.approve(sale.ask(Act.CALL_OFF, at=at), at=at + MINUTE)

    with sale.sessions() as session:
        row = session.get_one(RoundRow, sale.round_id)
        assert (row.phase, row.call_off_reason) == (Phase.CALLED_OFF, WHY)
        assert set(session.scalars(select(OutcomeRow.ending))) == {Ending.WITHDRAWN}
        assert {each.released == each.held for each in session.scalars(select(DepositRow))} == {True}
        assert "round_called_off" in session.scalars(select(NoticeRow.what)).all()
    assert sale.wrong() == []


def test_an_open_round_is_closed_early_and_what_was_sold_stays_sold(sessions: sessionmaker[Session]) -> None:
    sale = sold(sessions)
    sale.pause(1, at=CLOSES - MINUTE)

    sale.approve(sale.ask(Act.CLOSE_EARLY, at=CLOSES + MINUTE), at=CLOSES + 2 * MINUTE)

    with sale.sessions() as session:
        endings = [session.get_one(OutcomeRow, each).ending for each in sale.lots]
        assert endings == [Ending.SOLD, Ending.WITHDRAWN]
        row = session.get_one(RoundRow, sale.round_id)
        assert (row.phase, row.digest is None) == (Phase.CLOSED, False)
    assert sale.wrong() == []


def test_of_a_round_closed_early_the_bidders_of_the_lots_that_it_ends_are_told(sessions: sessionmaker[Session]) -> None:
    sale = sold(sessions)
    sale.pause(1, at=CLOSES - MINUTE)

    sale.approve(sale.ask(Act.CLOSE_EARLY, at=CLOSES + MINUTE), at=CLOSES + 2 * MINUTE)

    with sale.sessions() as session:
        notices = session.scalars(select(NoticeRow).where(NoticeRow.what == "round_closed_early")).all()
    assert {each.facts["lots"] for each in notices} == {"2"}
    assert len(notices) == len({each.user_id for each in notices})
    assert {each.facts["reason"] for each in notices} == {WHY}
    told = {each.user_id for each in notices}
    assert {*sale.played.users, sale.ada, sale.bo} <= told
    assert sale.cy not in told


def withdraw(sale: Sale, lot: int, *, at: datetime, **by: Any) -> None:
    """Withdraw a lot."""
    sale.do(withdrawing.withdraw, lot_id=sale.lots[lot], reason=WHY, by_id=sale.ada, at=at, **by)


def test_a_lot_is_withdrawn_before_it_opens_and_its_bidders_are_told(sessions: sessionmaker[Session]) -> None:
    sale = Sale(sessions)

    withdraw(sale, 0, at=OPENS - MINUTE, institute_id=sale.institute)

    with sale.sessions() as session:
        assert session.get_one(OutcomeRow, sale.lots[0]).ending is Ending.WITHDRAWN
        deposits = session.scalars(select(DepositRow).where(DepositRow.lot_id == sale.lots[0])).all()
        assert {each.state for each in deposits} == {DepositState.RELEASED}
        told = set(session.scalars(select(NoticeRow.user_id).where(NoticeRow.what == "lot_withdrawn")))
        assert {*sale.played.users, sale.ada} <= told
        assert sale.cy not in told
    sale.opened()
    assert sale.lot(1).stage is Stage.OPEN
    with pytest.raises(LotClosed):
        sale.bid(0, 0, wan(200), OPENS + MINUTE)
    assert sale.wrong() == []


@pytest.mark.parametrize("by", [{"market_key": "shanghai"}, {"institute_id": 0}])
def test_anothers_lot_is_not_withdrawn(sessions: sessionmaker[Session], by: dict[str, Any]) -> None:
    sale = Sale(sessions)

    with pytest.raises(NoSuch):
        withdraw(sale, 0, at=OPENS - MINUTE, **by)

    assert sale.lot(0).stage is Stage.LISTED


def test_a_lot_that_has_opened_is_not_withdrawn(sale: Sale) -> None:
    with pytest.raises(StageForbids):
        withdraw(sale, 0, at=OPENS + MINUTE, market_key="zhejiang")


def test_a_resume_lets_instructions_answer_what_a_void_left(sale: Sale) -> None:
    sale.bid(0, 0, wan(200), OPENS + MINUTE)
    sale.bid(0, 1, wan(290), OPENS + MINUTE)
    bidder = sale.played.paddles[2].organisation_id
    sale.do(
        instructions.place,
        lot_id=sale.lots[0],
        organisation_id=bidder,
        user_id=sale.played.users[2],
        ceiling=wan(300),
        at=OPENS + 2 * MINUTE,
    )
    assert sale.lot(0).standing_paddle == 103
    sale.pause(0, at=OPENS + 3 * MINUTE)
    for seq in (4, 3):
        sale.approve(sale.ask(Act.VOID_BID, 0, at=OPENS + 4 * MINUTE, seq=seq), at=OPENS + 4 * MINUTE)
    assert sale.lot(0).standing_paddle == 101

    sale.approve(sale.ask(Act.RESUME, 0, at=OPENS + 5 * MINUTE), at=OPENS + 6 * MINUTE)

    assert (sale.lot(0).standing_paddle, sale.lot(0).standing_amount) == (103, wan(210))
    assert sale.wrong() == []


def test_two_who_approve_at_the_same_moment_do_it_once(sale: Sale) -> None:
    asked = sale.ask(Act.PROLONG, 0, at=OPENS + MINUTE, minutes=10)
    barrier, answers = Barrier(2), []

    def approve(by: int) -> None:
        barrier.wait()
        try:
            sale.approve(asked, by=by, at=OPENS + 2 * MINUTE)
        except Refusal as refusal:
            answers.append(refusal.code)
        else:
            answers.append("done")

    threads = [Thread(target=approve, args=(by,)) for by in (sale.bo, sale.cy)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)

    assert sorted(answers) == ["approval_decided", "done"]
    assert sale.lot(0).closes_at == CLOSES + 10 * MINUTE


def test_those_who_may_approve_are_told(sale: Sale) -> None:
    sale.ask(Act.PROLONG, 0, at=OPENS + MINUTE, minutes=10)

    with sale.sessions() as session:
        told = set(session.scalars(select(NoticeRow.user_id).where(NoticeRow.what == "approval_asked")))
    assert told == {sale.bo, sale.cy}
