import sqlite3
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session, sessionmaker

from techauction.db import writing

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@SQLITE
def test_a_write_transaction_holds_the_lock_before_its_first_statement(engine: Engine, sessions: sessionmaker[Session]) -> None:
    another_process = sqlite3.connect(engine.url.database or "", timeout=0, isolation_level=None)
    with sessions() as session, writing(session), pytest.raises(sqlite3.OperationalError, match="locked"):
        another_process.execute("BEGIN IMMEDIATE")

    another_process.execute("BEGIN IMMEDIATE")
    another_process.close()


@SQLITE
def test_writers_of_a_process_wait_for_each_other_and_not_for_sqlite(engine: Engine, sessions: sessionmaker[Session]) -> None:
    @event.listens_for(engine, "connect")
    def impatient(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout = 0")

    gate = Barrier(8)

    def write(_place: int) -> None:
        gate.wait()
        for _ in range(5):
            with sessions() as session, writing(session):
                largest = session.scalar(text("SELECT max(position) FROM fields")) or 0
                session.execute(text("UPDATE fields SET position = :more WHERE key = 'energy'"), {"more": largest + 1})

    with sessions() as session:
        before = session.scalar(text("SELECT max(position) FROM fields")) or 0
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))

    with sessions() as session:
        assert session.scalar(text("SELECT max(position) FROM fields")) == before + 40
