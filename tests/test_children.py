import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session, sessionmaker

from techauction.children import Children, ChildrenBusy, ChildTooSlow
from techauction.core.refusal import NoSuch
from techauction.core.roundfile import RoundFileWrong
from techauction.db import make_reading_engine, snapshot, writing
from techauction.jobs import child
from techauction.reports.record_of_sale import verify_round
from tests.rounds import a_round_sold
from tests.waiting import until

PATIENCE_S = 300.0
PROGRAM = "techauction.jobs.child"
KNOWN: dict[str, list[str]] = {"markets": [], "fields": [], "kinds": []}
AT = "2026-11-30T00:00:00+00:00"
SERVER = f"""
import sys
from techauction.children import Children

Children(sys.argv[1]).do("round_file", file=sys.argv[2], known={KNOWN}, at="{AT}")
"""


def sold(sessions: sessionmaker[Session]) -> str:
    with sessions() as session, writing(session):
        row = a_round_sold(session).row
        session.execute(text("UPDATE outcomes SET price = price + 1 WHERE price IS NOT NULL"))
        return row.slug


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """Return a file that a child reads until somebody has written into it."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


@pytest.fixture
def nowhere(tmp_path: Path) -> str:
    """Return the URL of a database that no job of the test reads."""
    return f"sqlite:///{tmp_path}/nowhere.db"


def writer(pipe: Path) -> int | None:
    """Return a descriptor to write into a pipe; none where nobody reads it."""
    with suppress(OSError):
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    return None


def is_read(pipe: Path) -> bool:
    if (found := writer(pipe)) is None:
        return False
    os.close(found)
    return True


@contextmanager
def held(pipe: Path) -> Iterator[None]:
    """Wait until somebody reads a pipe, and have it wait for the end of the block."""
    found: list[int | None] = []

    def is_there() -> bool:
        found.append(writer(pipe))
        return found[-1] is not None

    until(is_there)
    assert found[-1] is not None
    try:
        yield
    finally:
        os.close(found[-1])


def asked(pool: ThreadPoolExecutor, children: Children, pipe: Path) -> Future[Any]:
    """Have a child read a pipe, and return what will come of it."""
    return pool.submit(children.do, "round_file", file=str(pipe), known=KNOWN, at=AT)


def at_work() -> list[str]:
    """Return how nice each child of this process is that does a job, and what it runs."""
    asked_of = ["ps", "--ppid", str(os.getpid()), "-o", "ni=,args="]
    of_ours = subprocess.run(asked_of, capture_output=True, text=True, check=False)
    return [each for each in of_ours.stdout.splitlines() if PROGRAM in each]


def test_a_child_finds_what_this_process_would(sessions: sessionmaker[Session], database_url: str) -> None:
    slug = sold(sessions)
    with sessions() as session:
        expected = verify_round(session, slug)
    assert len(expected) > 1

    found, count = Children(database_url, limit_s=PATIENCE_S).do("verification", slug=slug, most=1)

    assert (found, count) == (expected[:1], len(expected))


def test_a_refusal_of_a_job_comes_as_it_is_and_makes_room(database_url: str) -> None:
    children = Children(database_url, most=1, limit_s=PATIENCE_S)

    for _each in range(2):
        with pytest.raises(NoSuch):
            children.do("value_added", slug="nowhere")


def test_a_child_only_reads(engine: Engine, database_url: str) -> None:
    engine.connect().close()
    reading_engine = make_reading_engine(database_url)

    with reading_engine.connect() as connection, pytest.raises(DatabaseError, match=r"read-?only"):
        connection.execute(text("UPDATE markets SET position = position + 1"))

    reading_engine.dispose()


def test_a_child_reads_one_state_whatever_is_written_meanwhile(
    engine: Engine, sessions: sessionmaker[Session], database_url: str
) -> None:
    engine.connect().close()  # as the server has it open
    reading_engine = make_reading_engine(database_url)
    rounds = text("SELECT count(*) FROM rounds")
    with Session(reading_engine) as session:
        before = snapshot(session).scalar(rounds)
        sold(sessions)

        assert session.scalar(rounds) == before
        assert snapshot(session).scalar(rounds) != before

    reading_engine.dispose()


def test_only_so_many_are_at_work_at_once_and_those_are_nice(nowhere: str, pipe: Path) -> None:
    children = Children(nowhere, most=1, limit_s=PATIENCE_S)

    with ThreadPoolExecutor(1) as pool:
        first = asked(pool, children, pipe)
        with held(pipe):
            with pytest.raises(ChildrenBusy):
                children.do("value_added", slug="nowhere")
            [niced] = at_work()
        with pytest.raises(RoundFileWrong):
            first.result(PATIENCE_S)

    assert int(niced.split()[0]) >= child.NICE


def test_one_that_takes_too_long_is_killed_and_makes_room(nowhere: str) -> None:
    children = Children(nowhere, most=1, limit_s=0)

    for _each in range(2):
        with pytest.raises(ChildTooSlow):
            children.do("value_added", slug="nowhere")

    assert not at_work()


def test_at_the_end_of_the_server_those_at_work_end_and_none_is_begun(nowhere: str, pipe: Path) -> None:
    children = Children(nowhere, limit_s=PATIENCE_S)

    with ThreadPoolExecutor(1) as pool:
        first = asked(pool, children, pipe)
        with held(pipe):
            children.end()
            with pytest.raises(ChildrenBusy):
                first.result(PATIENCE_S)
            with pytest.raises(ChildrenBusy):
                pool.submit(children.do, "value_added", slug="nowhere").result(PATIENCE_S)

    assert not at_work()


def test_a_child_ends_with_a_server_that_is_killed(nowhere: str, pipe: Path) -> None:
    server = subprocess.Popen([sys.executable, "-c", SERVER, nowhere, str(pipe)])

    with held(pipe):
        server.kill()
        server.wait(PATIENCE_S)

        until(lambda: not is_read(pipe))
