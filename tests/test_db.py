import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session, sessionmaker

from techauction.db import checkpoint, writing
from techauction.postgresql import CommitUnknown
from techauction.sqlite_files import DatabaseFilesGone

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


def position(session: Session) -> int:
    return session.scalar(text("SELECT position FROM fields WHERE key = 'energy'")) or 0


def moved(sessions: sessionmaker[Session], to: int) -> None:
    with sessions() as session, writing(session):
        session.execute(text("UPDATE fields SET position = :to WHERE key = 'energy'"), {"to": to})


@SQLITE
@pytest.mark.parametrize("end", ["-wal", "-shm", ""])
def test_nothing_is_written_once_a_file_of_the_database_was_removed_and_what_was_committed_is_saved(
    engine: Engine, sessions: sessionmaker[Session], tmp_path: Path, end: str
) -> None:
    database = Path(engine.url.database or "")
    with sessions() as reading:
        position(reading)
        reading.rollback()  # its connection stays open, as a server's do
        moved(sessions, 1_000)
        still_there = tmp_path / "still-there.db"
        still_there.hardlink_to(database)
        database.with_name(database.name + end).unlink()

        for to in (1_001, 1_002):
            with pytest.raises(DatabaseFilesGone):
                moved(sessions, to)
        with sessions() as another, pytest.raises(DatabaseFilesGone), writing(another):
            pass

    with closing(sqlite3.connect(f"{still_there.as_uri()}?immutable=1", uri=True)) as connection:
        assert connection.execute("SELECT position FROM fields WHERE key = 'energy'").fetchone() == (1_000,)


@SQLITE
def test_a_commit_into_a_wal_that_was_removed_is_unknown(engine: Engine, sessions: sessionmaker[Session]) -> None:
    def move() -> None:
        with sessions() as session, writing(session):
            session.execute(text("UPDATE fields SET position = 1000 WHERE key = 'energy'"))
            Path(f"{engine.url.database}-wal").unlink()

    with pytest.raises(CommitUnknown):
        move()


@SQLITE
def test_an_engine_that_was_closed_and_opened_again_writes(engine: Engine, sessions: sessionmaker[Session]) -> None:
    moved(sessions, 1_000)
    engine.dispose()

    moved(sessions, 1_001)

    with sessions() as session:
        assert position(session) == 1_001


@SQLITE
def test_a_checkpoint_waits_for_the_writers_of_its_process(engine: Engine, sessions: sessionmaker[Session]) -> None:
    with ThreadPoolExecutor(1) as thread:
        with sessions() as session, writing(session):
            begun = thread.submit(checkpoint, engine)
            with pytest.raises(TimeoutError):
                begun.result(timeout=0.2)
        begun.result(timeout=10)
