from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import ManualClock
from techauction.core.admission import DepositKind, DepositRule, DepositState
from techauction.core.lot import Stage
from techauction.core.money import Money
from techauction.core.planned import PlannedRound
from techauction.core.reading import Faults
from techauction.core.refusal import NoSuch, Refusal
from techauction.core.registration import ReasonNeeded
from techauction.core.round import (
    CustodianUnfit,
    HostDecides,
    MarketHasLots,
    Phase,
    PhaseForbids,
    Regime,
    RoundNotReady,
    SlugOnRecord,
    SlugTaken,
)
from techauction.core.roundfile import Known, read
from techauction.core.seen import ChangedMeanwhile, Marks, marks_of, values_of
from techauction.reports.record_of_sale import verify_round
from techauction.services import rounds, withdrawing
from techauction.services.loading import load_round
from techauction.store import drafts
from techauction.store.audit import AuditRow
from techauction.store.consigning import RoundRow
from techauction.store.money import DepositRow
from techauction.store.notices import NoticeRow
from techauction.store.people import Role, UserRow
from tests.builders import OPENS, a_lot, a_paddle, a_round, a_user, wan
from tests.conftest import TEN
from tests.plans import FIELDS, MARKETS, a_plan


def planned(**said: Any) -> PlannedRound:
    """Return a rehearsal of Zhejiang's that opens in an hour."""
    known = Known(markets=MARKETS, fields=FIELDS, kinds=("university",))
    return replace(read(a_plan(), known, Faults(), TEN).round, **said)


def test_a_draft_is_kept_as_it_was_planned(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        by = a_user(session)
        rounds.draft(session, planned=planned(markets=("zhejiang", "anhui"), max_steps=7), by_id=by.id, now=TEN)

    with sessions() as session:
        row = session.scalars(select(RoundRow)).one()
        assert (row.phase, row.slug, row.host_market_key, row.max_steps) == (Phase.DRAFT, "rehearsal", "zhejiang", 7)
        assert {each.market_key for each in row.markets} == {"zhejiang", "anhui"}
        assert session.scalars(select(AuditRow.what)).all() == ["round.drafted"]


def seen(row: RoundRow) -> Marks:
    """Return the marks of what is shown of a draft."""
    return marks_of(values_of(row.planned()))


def decided(session: Session, row: RoundRow) -> Marks:
    """Return the marks of what is shown of a draft that is decided about."""
    return marks_of(drafts.shown(session, row))


def publish(session: Session, row: RoundRow, by: UserRow, read_clock: Callable[[], datetime], market: str = "zhejiang") -> None:
    """Publish a draft by somebody who has just been shown it."""
    seen_now = decided(session, row)
    rounds.publish(session, round_id=row.id, market_key=market, seen=seen_now, by_id=by.id, read_clock=read_clock)


def call_off(session: Session, row: RoundRow, by: UserRow, reason: str, market: str = "zhejiang") -> None:
    """Call a draft off by somebody who has just been shown it."""
    shown = decided(session, row)
    rounds.call_off(session, round_id=row.id, market_key=market, reason=reason, seen=shown, by_id=by.id, read_clock=lambda: TEN)


def revise(session: Session, row: RoundRow, changed: PlannedRound, by: UserRow, market: str = "zhejiang") -> None:
    """Change a draft by somebody who has just been shown it."""
    rounds.revise(session, round_id=row.id, market_key=market, planned=changed, seen=seen(row), by_id=by.id, now=TEN)


def test_a_draft_without_the_words_it_needs_is_not_kept(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        with pytest.raises(RoundNotReady) as refused:
            rounds.draft(session, planned=planned(buyer_bps=501), by_id=a_user(session).id, now=TEN)

        assert [each.field for each in refused.value.problems] == ["buyer_bps", "commission_note"]
        assert session.scalars(select(RoundRow)).all() == []


def test_a_custodian_is_named_under_the_auction_law_alone(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        by = a_user(session)

        with pytest.raises(CustodianUnfit):
            rounds.draft(session, planned=planned(custodian_id=by.id), by_id=by.id, now=TEN)
        assert rounds.draft(session, planned=planned(custodian_id=by.id, regime=Regime.AUCTION), by_id=by.id, now=TEN)


def test_two_rounds_have_no_name_in_common(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        by = a_user(session)
        first = rounds.draft(session, planned=planned(), by_id=by.id, now=TEN)
        second = rounds.draft(session, planned=planned(slug="other"), by_id=by.id, now=TEN)

        with pytest.raises(SlugTaken):
            rounds.draft(session, planned=planned(), by_id=by.id, now=TEN)
        with pytest.raises(SlugTaken):
            rounds.revise(
                session,
                round_id=second.id,
                market_key="zhejiang",
                planned=planned(slug=first.slug),
                seen=seen(second),
                by_id=by.id,
                now=TEN,
            )


def test_a_draft_may_change_in_everything_but_its_host(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        by = a_user(session)
        row = rounds.draft(session, planned=planned(markets=("zhejiang", "anhui")), by_id=by.id, now=TEN)
        changed = planned(
            slug="changed",
            markets=("zhejiang", "jiangsu"),
            deposit=DepositRule(kind=DepositKind.FIXED, fixed=Money(7)),
            extension_cap_s=600,
        )

        revise(session, row, changed, by)
        session.expire_all()

        assert (row.slug, row.deposit_rule().fixed, row.extension_cap_s) == ("changed", Money(7), 600)
        assert {each.market_key for each in row.markets} == {"zhejiang", "jiangsu"}


def test_a_market_with_lots_in_the_round_cannot_leave_it(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        by = a_user(session)
        row = rounds.draft(session, planned=planned(markets=("zhejiang", "anhui")), by_id=by.id, now=TEN)
        a_lot(session, row, market="anhui")

        with pytest.raises(MarketHasLots):
            rounds.revise(
                session, round_id=row.id, market_key="zhejiang", planned=planned(), seen=seen(row), by_id=by.id, now=TEN
            )


def test_a_draft_keeps_its_name_once_a_lot_was_withdrawn_under_it(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        by = a_user(session)
        row = rounds.draft(session, planned=planned(), by_id=by.id, now=TEN)
        lot = a_lot(session, row)
        withdrawing.withdraw(session, lot_id=lot.id, reason="Sold elsewhere.", by_id=by.id, read_clock=lambda: TEN)

        with pytest.raises(SlugOnRecord):
            rounds.revise(
                session,
                round_id=row.id,
                market_key="zhejiang",
                planned=planned(slug="other"),
                seen=seen(row),
                by_id=by.id,
                now=TEN,
            )
        rounds.revise(
            session, round_id=row.id, market_key="zhejiang", planned=planned(max_steps=7), seen=seen(row), by_id=by.id, now=TEN
        )

        assert (row.slug, row.max_steps) == ("rehearsal", 7)
        assert verify_round(session, "rehearsal") == []


def test_a_draft_that_paddles_are_bound_to_keeps_its_name(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        by = a_user(session)
        row = rounds.draft(session, planned=planned(), by_id=by.id, now=TEN)
        a_paddle(session, 101, a_lot(session, row))  # as a file does that is loaded without being published

        with pytest.raises(SlugOnRecord):
            revise(session, row, planned(slug="other"), by)

        assert verify_round(session, "rehearsal") == []


def test_a_published_round_cannot_be_changed(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        by, row = a_user(session), a_round(session)

        with pytest.raises(PhaseForbids):
            rounds.revise(
                session, round_id=row.id, market_key="zhejiang", planned=planned(), seen=seen(row), by_id=by.id, now=TEN
            )


@pytest.mark.parametrize(("market", "refusal"), [("anhui", HostDecides), ("jiangsu", NoSuch)])
def test_only_the_host_decides_about_a_round(sessions: sessionmaker[Session], market: str, refusal: type[Refusal]) -> None:
    with sessions() as session:
        by = a_user(session, market=market)
        row = rounds.draft(session, planned=planned(markets=("zhejiang", "anhui")), by_id=by.id, now=TEN)

        with pytest.raises(refusal):
            revise(session, row, planned(), by, market)
        with pytest.raises(refusal):
            rounds.publish(
                session, round_id=row.id, market_key=market, seen=decided(session, row), by_id=by.id, read_clock=lambda: TEN
            )
        with pytest.raises(refusal):
            rounds.call_off(
                session,
                round_id=row.id,
                market_key=market,
                reason="Rain.",
                seen=decided(session, row),
                by_id=by.id,
                read_clock=lambda: TEN,
            )


def test_a_round_in_order_is_published(sessions: sessionmaker[Session], clock: ManualClock) -> None:
    with sessions() as session:
        by = a_user(session)
        row = rounds.draft(session, planned=planned(), by_id=by.id, now=TEN)
        a_lot(session, row)

        rounds.publish(
            session, round_id=row.id, market_key="zhejiang", seen=decided(session, row), by_id=by.id, read_clock=clock
        )

        assert (row.phase, row.published_at) == (Phase.PUBLISHED, TEN)


def test_a_round_that_contradicts_itself_is_not_published_and_says_why(
    sessions: sessionmaker[Session], clock: ManualClock
) -> None:
    with sessions() as session:
        by = a_user(session)
        row = rounds.draft(session, planned=planned(closes_at=OPENS, rehearsal=False), by_id=by.id, now=TEN)
        a_lot(session, row, number=4, start=None)
        a_lot(session, row, number=None, start=None, stage=Stage.SUBMITTED)

        with pytest.raises(RoundNotReady) as refused:
            rounds.publish(
                session, round_id=row.id, market_key="zhejiang", seen=decided(session, row), by_id=by.id, read_clock=clock
            )

        assert [(each.path, each.code) for each in refused.value.problems] == [
            ("opens_at", "notice_too_short"),
            ("closes_at", "not_after_opening"),
            ("lots[4].start", "missing"),
        ]
        assert row.phase is Phase.DRAFT


def test_a_round_called_off_gives_the_deposits_back_and_tells_everybody(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        row = load_round(session, a_plan(), now=TEN)
        by = a_user(session, market="zhejiang")
        bidder = a_user(session, Role.ENTERPRISE, organisation=None)
        stranger = a_user(session, market="anhui")
        concerned = _bidder_of(session, row)

        rounds.call_off_announced(session, row=row, lots=row.lots, reason="Rain.", two=None, now=TEN)

        assert (row.phase, row.call_off_reason) == (Phase.CALLED_OFF, "Rain.")
        assert {each.state for each in session.scalars(select(DepositRow))} == {DepositState.RELEASED}
        told = {(notice.user_id, notice.what, notice.facts["reason"]) for notice in session.scalars(select(NoticeRow))}
        assert told == {(by.id, "round_called_off", "Rain."), (concerned, "round_called_off", "Rain.")}
        assert not {bidder.id, stranger.id} & {user_id for user_id, *_ in told}


def _bidder_of(session: Session, row: RoundRow) -> int:
    deposit = session.scalars(select(DepositRow)).first()
    assert deposit is not None
    assert deposit.paddle.round_id == row.id
    return a_user(session, Role.ENTERPRISE, organisation=deposit.paddle.organisation).id


@pytest.mark.parametrize("phase", [Phase.PUBLISHED, Phase.OPEN, Phase.CLOSED, Phase.CALLED_OFF])
def test_only_a_draft_is_called_off_by_one_and_nothing_that_has_opened_at_all(
    sessions: sessionmaker[Session], phase: Phase
) -> None:
    with sessions() as session:
        by, row = a_user(session), a_round(session, phase=phase)

        with pytest.raises(PhaseForbids):
            rounds.call_off(
                session,
                round_id=row.id,
                market_key="zhejiang",
                reason="Rain.",
                seen=decided(session, row),
                by_id=by.id,
                read_clock=lambda: TEN,
            )
        if phase is not Phase.PUBLISHED:
            with pytest.raises(PhaseForbids):
                rounds.call_off_announced(session, row=row, lots=[], reason="Rain.", two=None, now=TEN)


def test_a_round_is_not_called_off_without_a_reason(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        by, row = a_user(session), a_round(session, phase=Phase.DRAFT)

        with pytest.raises(ReasonNeeded):
            rounds.call_off(
                session,
                round_id=row.id,
                market_key="zhejiang",
                reason=" ",
                seen=decided(session, row),
                by_id=by.id,
                read_clock=lambda: TEN,
            )


@pytest.mark.parametrize("act", ["publish", "call_off"])
def test_a_draft_is_decided_about_as_it_was_shown_under_its_lock(sessions: sessionmaker[Session], act: str) -> None:
    with sessions() as session:
        by, row = a_user(session), a_round(session, phase=Phase.DRAFT, published_at=None, rehearsal=True)
        lot = a_lot(session, row)
        said: dict[str, Any] = {"round_id": row.id, "market_key": "zhejiang", "by_id": by.id, "read_clock": lambda: TEN}
        said |= {"seen": decided(session, row)} | ({"reason": "Rain."} if act == "call_off" else {})
        lot.start = wan(300)
        session.flush()

        with pytest.raises(ChangedMeanwhile) as refused:
            getattr(rounds, act)(session, **said)

        assert (refused.value.names, row.phase) == ((f"lot_{lot.number}",), Phase.DRAFT)


def test_a_draft_whose_opening_has_passed_is_not_published(sessions: sessionmaker[Session], clock: ManualClock) -> None:
    with sessions() as session:
        by = a_user(session)
        row = rounds.draft(session, planned=planned(), by_id=by.id, now=TEN)
        a_lot(session, row)
        clock.advance(timedelta(hours=1))

        with pytest.raises(RoundNotReady):
            rounds.publish(
                session, round_id=row.id, market_key="zhejiang", seen=decided(session, row), by_id=by.id, read_clock=clock
            )
