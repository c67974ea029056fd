"""What there may be only one of, the database itself keeps to one."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.handoff import CaseKind
from techauction.core.money import Money
from techauction.core.outcome import Ending
from techauction.core.record import Kind
from techauction.store.aftersale import CaseRow
from techauction.store.auction import OutcomeRow
from techauction.store.record import RecordRow
from tests.builders import OPENS, a_lot, wan


def _event(lot_id: int, **more: Any) -> Any:
    values = {"lot_id": lot_id, "seq": 1, "run": 0, "kind": Kind.BID, "at": OPENS, "data": {}, "prev_hash": "", "hash": ""}
    return insert(RecordRow).values(values | more)


def _bid(lot_id: int, seq: int) -> Any:
    return _event(lot_id, seq=seq, paddle=100 + seq, amount=wan(200))


def _paused(lot_id: int, _seq: int) -> Any:
    return _event(lot_id, kind=Kind.PAUSED)


def _case(lot_id: int, _seq: int) -> Any:
    return insert(CaseRow).values(lot_id=lot_id, kind=CaseKind.SOLD, opened_at=OPENS)


def _outcome(lot_id: int, seq: int) -> Any:
    return insert(OutcomeRow).values(lot_id=lot_id, ending=Ending.SOLD, paddle=seq, price=Money(1), ended_at=OPENS)


@pytest.fixture
def lot_id(sessions: sessionmaker[Session]) -> int:
    """Return a lot."""
    with sessions.begin() as session:
        return a_lot(session).id


def _twice(sessions: sessionmaker[Session], lot_id: int, one: Callable[[int, int], Any]) -> None:
    with sessions.begin() as session:
        session.execute(one(lot_id, 1))
    with sessions() as session, pytest.raises(IntegrityError):
        session.execute(one(lot_id, 2))


def test_a_price_stands_once_in_a_run(sessions: sessionmaker[Session], lot_id: int) -> None:
    _twice(sessions, lot_id, _bid)


def test_a_place_in_the_record_is_taken_once(sessions: sessionmaker[Session], lot_id: int) -> None:
    _twice(sessions, lot_id, _paused)


def test_a_lot_has_one_case(sessions: sessionmaker[Session], lot_id: int) -> None:
    _twice(sessions, lot_id, _case)


def test_a_lot_has_one_outcome(sessions: sessionmaker[Session], lot_id: int) -> None:
    _twice(sessions, lot_id, _outcome)
