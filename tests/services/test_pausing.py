"""Stopping all lots at once, while some of them close."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.approval import Act
from techauction.core.bidding import LotClosed
from techauction.core.lot import Stage
from techauction.core.record import Kind
from techauction.reports.record_of_sale import verify_round
from techauction.services import opening, pausing, voiding
from techauction.store.consigning import LotRow
from techauction.store.record import RecordRow
from tests.builders import CLOSES, OPENS, a_user, wan
from tests.rounds import Played, a_round_to_play, by_two


@pytest.fixture
def played(sessions: sessionmaker[Session]) -> Played:
    """Return an open round of two lots; the second closes a minute after the first."""
    with sessions.begin() as session:
        played = a_round_to_play(session, {}, {}, stagger_s=60)
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        return played


def pause_both(session: Session, played: Played, *, leave_closed: bool) -> list[Stage]:
    pausing.pause(
        session,
        lot_ids=[each.id for each in played.lots],
        reason="Fire.",
        by_id=a_user(session).id,
        read_clock=lambda: CLOSES,
        leave_closed=leave_closed,
    )
    session.flush()
    return list(session.scalars(select(LotRow.stage).order_by(LotRow.number)))


def test_a_lot_whose_close_has_come_does_not_keep_the_others_from_being_stopped(
    sessions: sessionmaker[Session], played: Played
) -> None:
    with sessions.begin() as session:
        assert pause_both(session, played, leave_closed=True) == [Stage.OPEN, Stage.PAUSED]


def test_lots_that_were_named_are_stopped_all_or_none(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions() as session, pytest.raises(LotClosed):
        pause_both(session, played, leave_closed=False)


def test_where_every_lot_has_closed_there_is_nothing_to_stop(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions() as session, pytest.raises(LotClosed):
        pausing.pause(
            session,
            lot_ids=[each.id for each in played.lots],
            reason="Fire.",
            by_id=a_user(session).id,
            read_clock=lambda: CLOSES + timedelta(hours=1),
            leave_closed=True,
        )


def test_a_bid_voided_after_the_clock_was_set_back_says_by_how_much(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {})
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        played.bid(session, 0, 0, wan(200), OPENS + timedelta(minutes=2))
        pausing.distrust(session, drift=-timedelta(minutes=1), read_clock=lambda: OPENS + timedelta(minutes=2))
        session.flush()
        lot, back = opening.lot_for_update(session, played.lots[0].id), OPENS + timedelta(minutes=1)
        two = by_two(session, lot.round_id, Act.VOID_BID, at=back, reason="Wrong.", lot_ids=(lot.id,), seq=2)
        voiding.void_bid(session, lot=lot, seq=2, reason="Wrong.", two=two, now=back)
        session.flush()

        assert session.scalars(select(RecordRow.data).where(RecordRow.kind == Kind.VOIDED)).one()["set_back_us"] == 60_000_000
        assert verify_round(session, played.row.slug) == []
