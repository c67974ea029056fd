from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core import absence, pausing
from techauction.core.absence import Gap
from techauction.core.bidding import LotClosed, LotPaused
from techauction.core.lot import Extension, Stage
from tests.conftest import TEN
from tests.core.lots import CLOSE, a_lot

SECOND = timedelta(seconds=1)
PERIOD = timedelta(seconds=300)


def test_a_pause_in_the_timed_period_costs_nobody_a_second() -> None:
    paused = pausing.pause(a_lot(), CLOSE - 19 * SECOND)

    assert pausing.resume(paused, CLOSE - 19 * SECOND, CLOSE + PERIOD).closes_at == CLOSE + 2 * PERIOD


def test_a_pause_before_it_gives_back_the_time_that_was_left() -> None:
    paused = pausing.pause(a_lot(), TEN)

    assert pausing.resume(paused, TEN, CLOSE).closes_at == CLOSE + timedelta(hours=1)


@given(st.integers(0, 3_599), st.integers(0, 100_000), st.integers(1, 3_600))
def test_after_a_resume_there_is_never_less_time_than_before_or_than_a_full_period(at: int, away: int, length: int) -> None:
    lot = a_lot(extension=Extension(length=length * SECOND))
    stopped, back = TEN + at * SECOND, TEN + (at + away) * SECOND

    resumed = pausing.resume(pausing.pause(lot, stopped), stopped, back)

    assert resumed.stage is Stage.OPEN
    assert resumed.closes_at - back == max(length * SECOND, CLOSE - stopped)


def test_a_closed_lot_is_not_paused() -> None:
    with pytest.raises(LotClosed):
        pausing.pause(a_lot(), CLOSE)


def test_a_paused_lot_is_not_paused_again() -> None:
    with pytest.raises(LotPaused):
        pausing.pause(a_lot(stage=Stage.PAUSED), TEN)


def test_an_open_lot_is_not_resumed() -> None:
    with pytest.raises(pausing.LotNotPaused):
        pausing.resume(a_lot(), TEN, TEN)


@pytest.mark.parametrize(
    ("away", "back", "lost"),
    [
        (-1_000, -301, False),
        (-1_000, -300, False),
        (-1_000, -299, True),
        (-10, 10, True),
        (-1, 0, True),
        (0, 10, False),
    ],
)
def test_an_absence_is_a_loss_if_it_touched_the_last_period(away: int, back: int, lost: bool) -> None:
    gap = Gap(CLOSE + away * SECOND, CLOSE + back * SECOND)

    found = absence.first(a_lot(), [gap], 1)

    assert found == ((gap, True) if lost else None)
