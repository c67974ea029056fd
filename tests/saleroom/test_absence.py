"""By the real clock: nobody can bid for a while over a close, for one cause or another, and nobody loses a lot by it.

How long anything takes here changes no answer: each test reads the close while nobody can move it, and lets the absence last
until well after it.
"""

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from techauction.core.record import Kind
from tests.saleroom.causes import CAUSES, PERIOD, SECOND, Cause, House, busy


def cases(**causes: str) -> list[Any]:
    """Return the cases: what is wrong, and where: `sqlite`, or `postgresql`, with so many processes."""
    return [
        pytest.param(
            CAUSES[name], each[:-1], int(each[-1]), id=f"{name}-{each}", marks=() if "sqlite" in each else pytest.mark.slow
        )
        for name, wheres in causes.items()
        for each in wheres.split()
    ]


@pytest.fixture
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Yield a maker of a house on a database of the test's own."""
    made: list[House] = []

    def make(where: str, processes: int, *, gap_s: int) -> House:
        if where == "sqlite":
            shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "techauction.db")
            url = f"sqlite:///{tmp_path / 'techauction.db'}"
        else:
            url = request.getfixturevalue("postgresql_url")
        made.append(House(url, gap_s=gap_s, processes=processes))
        return made[-1]

    yield make
    for each in made:
        each.stop()


@pytest.mark.parametrize(
    ("cause", "where", "processes"),
    cases(
        locked="sqlite1 postgresql1 postgresql2",
        gone="postgresql1 postgresql2",
        busy="sqlite1 postgresql2",
        deaf="sqlite1 postgresql2",
    ),
)
def test_an_absence_longer_than_the_gap_interrupts_the_lot(
    house: Callable[..., House], cause: Cause, where: str, processes: int
) -> None:
    sold = house(where, processes, gap_s=2)

    with cause(sold) as close:
        assert sold.clock() < close
        sold.wait_until(close + 2.2 * SECOND)
    sold.wait_for(Kind.INTERRUPTED, Kind.HAMMERED)

    assert Kind.HAMMERED not in sold.kinds()
    sold.is_sound()


@pytest.mark.parametrize(
    ("cause", "where", "processes"),
    cases(locked="sqlite1 postgresql2", gone="postgresql1", busy="sqlite1 postgresql2"),
)
def test_a_shorter_one_at_the_closing_instant_gives_a_full_period_by_itself(
    house: Callable[..., House], cause: Cause, where: str, processes: int
) -> None:
    sold = house(where, processes, gap_s=3_600)

    with cause(sold) as close:
        assert sold.clock() < close
        sold.wait_until(close + 1.1 * SECOND)
    sold.wait_for(Kind.HAMMERED)

    given = [row for row in sold.sale.record() if row.kind is Kind.PROLONGED]
    assert given
    assert all(row.data["cause"] == "absence" and row.closes_at == row.at + PERIOD for row in given)
    assert close in {datetime.fromisoformat(str(row.data["from"])) for row in given}
    assert sold.sale.record()[-1].closes_at == given[-1].closes_at
    sold.is_sound()


@pytest.mark.slow
def test_nobody_is_missed_while_one_of_two_processes_sells(house: Callable[..., House]) -> None:
    sold = house("postgresql", 2, gap_s=2)
    stuck, sold.auctioneers = sold.auctioneers, sold.auctioneers[:1]

    with busy(sold) as close:
        sold.wait_until(close + 2.2 * SECOND)
        sold.auctioneers = stuck
        sold.wait_for(Kind.HAMMERED, Kind.INTERRUPTED, Kind.PROLONGED)
        [last] = [row for row in sold.sale.record() if row.kind is not Kind.OPENED]

    # Under a great load the other may have been away itself; then the lot is not hammered either.
    assert last.kind is not Kind.HAMMERED or (last.data["unheard"], last.at >= close + 3 * SECOND) == (1, True)
    sold.is_sound()
