"""A served process that cannot take bids over a close, by the real clock: stopped, or with its disk full."""

import os
import resource
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from techauction.clock import SystemClock
from techauction.core.record import Kind
from techauction.db import snapshot
from techauction.reports.record_of_sale import verify_round
from tests.saleroom.installation import PATIENCE_S, Installation, Service

pytestmark = pytest.mark.slow

Cause = Callable[[Installation, Service], AbstractContextManager[datetime]]

SECOND = timedelta(seconds=1)
PERIOD_S = 3


@pytest.fixture
def house(request: pytest.FixtureRequest, migrated_file: Path, tmp_path: Path) -> Iterator[Installation]:
    """Yield an installation on SQLite whose lot closes one period after it opens; the gap is the test's."""
    shutil.copy(migrated_file, tmp_path / "techauction.db")
    made = Installation(
        tmp_path / "instance",
        f"sqlite:///{tmp_path / 'techauction.db'}",
        bidders=1,
        gap_s=request.param,
        closes_at=SystemClock()() + SECOND,
        extension_length_s=PERIOD_S,
        extension_trigger_s=1,
    )
    yield made
    made.close()


def close_of(house: Installation) -> datetime:
    """Return the lot's close."""
    found = house.lot().closes_at
    assert found is not None
    return found


def sleep_until(at: datetime) -> None:
    """Wait by the machine's clock."""
    time.sleep(max(0.0, (at - SystemClock()()).total_seconds()))


@contextmanager
def stopped(house: Installation, service: Service) -> Iterator[datetime]:
    """Have the process stand still."""
    os.kill(service.process.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, service.process.pid, os.WSTOPPED | os.WNOWAIT)
    yield close_of(house)
    os.kill(service.process.pid, signal.SIGCONT)


@contextmanager
def full(house: Installation, service: Service) -> Iterator[datetime]:
    """Have no file of the process grow, as on a full disk."""
    _soft, hard = resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (0, hard))
    yield close_of(house)
    resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (hard, hard))


def wait_for(house: Installation, *kinds: Kind) -> set[Kind]:
    """Wait until one of these is on the record; return what is."""
    until = time.monotonic() + 2 * PATIENCE_S
    while not (found := {row.kind for row in house.record()}) & set(kinds):
        assert time.monotonic() < until, found
        time.sleep(0.1)
    return found


CAUSES = pytest.mark.parametrize("cause", [stopped, full])


@CAUSES
@pytest.mark.parametrize("house", [2], indirect=True)
def test_a_lot_over_whose_close_nobody_could_bid_is_not_sold(house: Installation, cause: Cause) -> None:
    with house.served() as service:
        with cause(house, service) as close:
            overtaken = SystemClock()() >= close  # on a machine so slow it is the hammer's already
            sleep_until(close + 2.2 * SECOND)
        found = wait_for(house, Kind.INTERRUPTED, Kind.HAMMERED)

        assert overtaken or Kind.HAMMERED not in found
        with house.sessions() as session:
            assert verify_round(snapshot(session), house.slug) == []


@CAUSES
@pytest.mark.parametrize("house", [3_600], indirect=True)
def test_a_shorter_absence_over_the_close_gives_a_full_period(house: Installation, cause: Cause) -> None:
    with house.served() as service:
        with cause(house, service) as close:
            overtaken = SystemClock()() >= close
            sleep_until(close + 1.2 * SECOND)
        wait_for(house, Kind.HAMMERED)

        given = [row for row in house.record() if row.kind is Kind.PROLONGED]
        assert overtaken or given
        assert all(row.data["cause"] == "absence" and row.closes_at == row.at + PERIOD_S * SECOND for row in given)
        with house.sessions() as session:
            assert verify_round(snapshot(session), house.slug) == []
