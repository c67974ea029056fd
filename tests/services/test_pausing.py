"""Stopping all lots at once, while some of them close."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.bidding import LotClosed
from techauction.core.lot import Stage
from techauction.services import opening, pausing
from techauction.store.consigning import LotRow
from tests.builders import CLOSES, OPENS, a_user
from tests.rounds import Played, a_round_to_play


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
