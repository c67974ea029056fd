import sqlite3
from datetime import timedelta

import pytest
from sqlalchemy import Integer, bindparam, column, func, select, update
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.money import Money
from techauction.core.record import GENESIS, Kind
from techauction.store.consigning import LotRow
from techauction.store.record import RecordRow
from techauction.store.statements import MOST_VALUES, Changing, Matching, Reading, Writing
from tests import builders
from tests.conftest import TEN

NAMES = [column.key for column in RecordRow.__table__.c if column.key != "id"]
ADDED = Writing(RecordRow)
FOUND = Reading(
    select(RecordRow.seq, RecordRow.kind, RecordRow.amount, RecordRow.at, RecordRow.closes_at, RecordRow.data)
    .where(RecordRow.seq.in_(bindparam("seqs", expanding=True)), RecordRow.at >= bindparam("since"), RecordRow.kind == Kind.BID)
    .order_by(RecordRow.seq)
)


RAISED = Changing(
    [column("lot", Integer), column("new_bids", Integer)],
    lambda given: update(LotRow).where(LotRow.id == given.c.lot).values(bids=given.c.new_bids),
)
HELD = Matching(
    [column("lot", Integer), column("price", LotRow.start.type)],
    lambda given: (
        select(LotRow.id, LotRow.start)
        .join(given, given.c.lot == LotRow.id)
        .where(LotRow.start == given.c.price)
        .order_by(LotRow.id)
    ),
)


def a_row(lot: LotRow, seq: int, amount: Money | None) -> dict[str, object]:
    return {
        "lot_id": lot.id,
        "seq": seq,
        "run": 0,
        "kind": Kind.BID,
        "paddle": 101,
        "amount": amount,
        "closes_at": None,
        "at": TEN + timedelta(seconds=seq),
        "data": {"confirmed": False},
        "prev_hash": GENESIS,
        "hash": GENESIS,
    }


@pytest.mark.parametrize("wanted", [[], [1], [1, 3], [1, 2, 3], [1, 2, 3, 4, 5]])
def test_rows_come_back_as_their_columns_say(sessions: sessionmaker[Session], wanted: list[int]) -> None:
    with sessions() as session:
        lot = builders.a_lot(session)
        ADDED.rows(session.connection(), [a_row(lot, seq, Money(seq)) for seq in range(1, 6)])

        found = FOUND.rows(session.connection(), seqs=wanted, since=TEN)

    rows = [(seq, Kind.BID, Money(seq), TEN + timedelta(seconds=seq), None, {"confirmed": False}) for seq in wanted]
    assert [tuple(row) for row in found] == rows


def test_a_statement_keeps_to_its_other_values(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        lot = builders.a_lot(session)
        ADDED.rows(session.connection(), [a_row(lot, seq, None) for seq in (1, 2)])

        found = FOUND.rows(session.connection(), seqs=[1, 2], since=TEN + timedelta(seconds=2))

    assert [row[0] for row in found] == [2]


def test_a_change_touches_its_rows_alone(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        lots = [builders.a_lot(session) for _ in range(4)]
        RAISED.rows(session.connection(), [{"lot": lot.id, "new_bids": 7 + place} for place, lot in enumerate(lots[:3])])

        bids = [session.scalar(select(LotRow.bids).where(LotRow.id == each.id)) for each in lots]

    assert bids == [7, 8, 9, 0]


def limited(session: Session) -> Session:
    """Have the session's connection take no more values in a statement than SQLite does as it is built by default."""
    if session.get_bind().dialect.name == "sqlite":
        driver = session.connection().connection.driver_connection
        driver.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, MOST_VALUES)  # type: ignore[union-attr]
    return session


def test_more_rows_are_written_than_a_statement_has_room_for(sessions: sessionmaker[Session]) -> None:
    count = 2 * MOST_VALUES // len(NAMES) + 3
    with sessions() as session:
        lot = builders.a_lot(session)
        ADDED.rows(limited(session).connection(), [a_row(lot, seq, None) for seq in range(1, count + 1)])

        assert session.scalar(select(func.count()).select_from(RecordRow)) == count


def test_more_rows_are_changed_than_a_statement_has_room_for(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        lots = [builders.a_lot(session).id for _ in range(3)]
        others = [{"lot": -place, "new_bids": 9} for place in range(1, MOST_VALUES // 2)]
        rows = [{"lot": lots[0], "new_bids": 7}, *others, {"lot": lots[2], "new_bids": 8}]
        RAISED.rows(limited(session).connection(), rows)

        assert [session.scalar(select(LotRow.bids).where(LotRow.id == each)) for each in lots] == [7, 0, 8]


def test_nothing_is_written_for_no_rows(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        ADDED.rows(session.connection(), [])

        assert FOUND.rows(session.connection(), seqs=[1], since=TEN) == []


def test_a_table_of_values_is_matched_by_the_columns_own_types(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        lots = [builders.a_lot(session) for _ in range(3)]
        asked = [{"lot": lots[0].id, "price": lots[0].start}, {"lot": lots[1].id, "price": Money(1)}]

        found = HELD.rows(session.connection(), asked)

        assert {tuple(row) for row in found} == {(lots[0].id, lots[0].start)}
        assert HELD.rows(session.connection(), []) == []
