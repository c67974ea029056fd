import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session, sessionmaker

from techauction.children import Children, ChildrenBusy, ChildTooSlow
from techauction.core.refusal import NoSuch
from techauction.db import make_reading_engine, writing
from techauction.jobs import child
from techauction.reports.record_of_sale import verify_round
from tests.rounds import a_round_sold

PATIENCE_S = 20


def sold(sessions: sessionmaker[Session]) -> str:
    with sessions() as session, writing(session):
        row = a_round_sold(session).row
        session.execute(text("UPDATE outcomes SET price = price + 1 WHERE price IS NOT NULL"))
        return row.slug


def test_a_child_finds_what_this_process_would(sessions: sessionmaker[Session], database_url: str) -> None:
    slug = sold(sessions)
    with sessions() as session:
        expected = verify_round(session, slug)
    assert len(expected) > 1

    found, count = Children(database_url).do("verification", slug=slug, most=1)

    assert (found, count) == (expected[:1], len(expected))


def test_a_refusal_of_a_job_comes_as_it_is(database_url: str) -> None:
    with pytest.raises(NoSuch):
        Children(database_url).do("value_added", slug="nowhere")


def test_a_child_only_reads(engine: Engine, database_url: str) -> None:
    reading = make_reading_engine(database_url)

    with reading.connect() as connection, pytest.raises(DatabaseError, match=r"read-?only"):
        connection.execute(text("UPDATE markets SET position = position + 1"))

    reading.dispose()
    engine.dispose()


def test_only_so_many_are_at_work_at_once(database_url: str) -> None:
    with pytest.raises(ChildrenBusy):
        Children(database_url, most=0).do("value_added", slug="nowhere")


def test_one_that_is_done_makes_room(sessions: sessionmaker[Session], database_url: str) -> None:
    slug, children = sold(sessions), Children(database_url, most=1)

    for _each in range(2):
        assert len(list(children.do("verification", slug=slug, most=1))) == 2
        with pytest.raises(NoSuch):
            children.do("value_added", slug="nowhere")


def test_one_that_takes_too_long_is_killed(sessions: sessionmaker[Session], database_url: str) -> None:
    slug, children = sold(sessions), Children(database_url, most=1, limit_s=0)

    with pytest.raises(ChildTooSlow):
        children.do("verification", slug=slug, most=1)
    with pytest.raises(ChildTooSlow):  # and it made room
        children.do("verification", slug=slug, most=1)

    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_at_the_end_of_the_server_none_is_begun(database_url: str) -> None:
    children = Children(database_url)
    children.end()

    with ThreadPoolExecutor(1) as pool, pytest.raises(ChildrenBusy):
        pool.submit(children.do, "value_added", slug="nowhere").result(PATIENCE_S)


def test_a_child_is_nice_and_ends_with_whoever_asked() -> None:
    asking = subprocess.Popen(
        [sys.executable, "-m", "techauction.jobs.child"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + PATIENCE_S
    while os.getpriority(os.PRIO_PROCESS, asking.pid) < child.NICE and time.monotonic() < until:
        time.sleep(0.05)
    niced = os.getpriority(os.PRIO_PROCESS, asking.pid)
    assert asking.stdin is not None
    asking.stdin.close()  # as at the end of the server, however it came

    assert niced >= child.NICE
    assert asking.wait(PATIENCE_S) not in (None, -signal.SIGKILL)
