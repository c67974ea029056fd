"""What is done to a lot that never opened is refused by name, and changes nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.approval import Act
from techauction.core.lot import LotNeverOpened, Stage
from techauction.core.outcome import Ending
from techauction.db import writing
from techauction.services import approvals, floor, pausing
from techauction.services.deeds import Subject
from techauction.store.auction import ApprovalRow, OutcomeRow
from techauction.store.record import RecordRow
from tests.builders import a_lot, a_round, a_user
from tests.conftest import TEN

WHY = "A document is missing."


def pause(session: Session, round_id: int, lot_id: int, by_id: int) -> None:
    del round_id
    pausing.pause(session, lot_ids=[lot_id], reason=WHY, by_id=by_id, read_clock=lambda: TEN)


def undo(session: Session, round_id: int, lot_id: int, by_id: int) -> None:
    floor.undo(session, round_id=round_id, lot_id=lot_id, seq=1, by_id=by_id, read_clock=lambda: TEN)


def ask(act: Act, **subject: Any) -> Callable[..., None]:
    def asked(session: Session, round_id: int, lot_id: int, by_id: int) -> None:
        about = Subject(lot_ids=(lot_id,), **subject)
        approvals.ask(session, round_id=round_id, act=act, subject=about, reason=WHY, by_id=by_id, read_clock=lambda: TEN)

    return asked


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize("act", [pause, undo, ask(Act.PROLONG, minutes=10), ask(Act.VOID_BID, seq=1)])
def test_a_lot_that_never_opened_is_left_alone(sessions: sessionmaker[Session], act: Callable[..., None], ended: bool) -> None:
    with sessions() as session, writing(session):
        lot = a_lot(session, a_round(session), stage=Stage.ENDED if ended else Stage.LISTED)
        if ended:
            session.add(OutcomeRow(lot_id=lot.id, ending=Ending.WITHDRAWN, ended_at=TEN))
        by_id, round_id, lot_id = a_user(session).id, lot.round_id, lot.id

    with sessions() as session, pytest.raises(LotNeverOpened), writing(session):
        act(session, round_id, lot_id, by_id)

    with sessions() as session:
        kept = [session.scalar(select(func.count()).select_from(row)) for row in (RecordRow, ApprovalRow)]
    assert kept == [0, 0]
