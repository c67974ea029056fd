from datetime import timedelta

import pytest

from techauction.core.bidding import LotClosed, LotPaused
from techauction.core.lot import Extension, Stage
from techauction.core.prolonging import ProlongedWrong, prolong
from tests.conftest import TEN
from tests.core.lots import CLOSE, a_lot

MINUTE = timedelta(minutes=1)


def test_a_lot_is_given_more_time() -> None:
    after = prolong(a_lot(), 10 * MINUTE, CLOSE - MINUTE)

    assert (after.closes_at, after.scheduled_closes_at, after.stage) == (CLOSE + 10 * MINUTE, CLOSE + 10 * MINUTE, Stage.OPEN)


def test_what_all_extensions_may_come_to_is_reckoned_from_the_later_close() -> None:
    lot = prolong(a_lot(extension=Extension(cap=MINUTE)), 10 * MINUTE, TEN)

    moved = lot.rules.extension.close_after(lot.closes_at, lot.closes_at, lot.scheduled_closes_at)

    assert moved == CLOSE + 11 * MINUTE


@pytest.mark.parametrize("by", [timedelta(0), -MINUTE, timedelta(seconds=59), timedelta(days=1, seconds=1)])
def test_a_close_is_never_moved_earlier_or_out_of_sight(by: timedelta) -> None:
    with pytest.raises(ProlongedWrong):
        prolong(a_lot(), by, TEN)


def test_only_an_open_lot_is_prolonged() -> None:
    with pytest.raises(LotPaused):
        prolong(a_lot(stage=Stage.PAUSED), MINUTE, TEN)
    with pytest.raises(LotClosed):
        prolong(a_lot(), MINUTE, CLOSE)
