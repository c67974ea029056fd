from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core import hammer
from techauction.core.lot import Stage
from techauction.core.money import Money
from techauction.core.outcome import PassedIn, PassedInFor, Sold, WithheldFor
from tests.core.lots import CLOSE, a_bid, a_lot, wan

LED = a_bid(7, wan(230))


def test_the_highest_bid_at_the_close_buys_the_lot() -> None:
    assert hammer.fall(a_lot(standing=LED), None, CLOSE) == Sold(7, wan(230))


def test_a_lot_without_a_bid_passes_in() -> None:
    assert hammer.fall(a_lot(), None, CLOSE) == PassedIn(PassedInFor.NO_BID)


def test_a_lot_with_too_few_bidders_passes_in() -> None:
    assert hammer.fall(a_lot(standing=LED, rules={"min_bidding": 2}), None, CLOSE) == PassedIn(PassedInFor.TOO_FEW_BIDDERS)


@given(st.integers(1, 10**12), st.integers(1, 10**12))
def test_no_lot_is_sold_under_its_reserve(bid: int, reserve: int) -> None:
    ending = hammer.fall(a_lot(standing=a_bid(7, Money(bid))), Money(reserve), CLOSE)

    assert ending == (Sold(7, Money(bid)) if bid >= reserve else PassedIn(PassedInFor.RESERVE_NOT_MET))


def test_the_hammer_waits_for_the_close() -> None:
    with pytest.raises(hammer.HammerTooEarly):
        hammer.fall(a_lot(standing=LED), None, CLOSE - timedelta(microseconds=1))


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.OPEN])
def test_the_hammer_falls_on_open_lots_only(stage: Stage) -> None:
    with pytest.raises(hammer.HammerTooEarly):
        hammer.fall(a_lot(standing=LED, stage=stage), None, CLOSE)


def test_the_result_does_not_depend_on_when_the_hammer_is_heard() -> None:
    lot = a_lot(standing=LED)

    assert hammer.fall(lot, wan(230), CLOSE) == hammer.fall(lot, wan(230), CLOSE + timedelta(days=3))


@pytest.mark.parametrize(
    ("admitted", "announced", "sealed", "reason"),
    [
        (2, False, False, None),
        (2, True, True, None),
        (1, False, False, WithheldFor.TOO_FEW_ADMITTED),
        (2, True, False, WithheldFor.RESERVE_NOT_SEALED),
    ],
)
def test_a_lot_is_withheld_for_too_few_bidders_or_a_missing_seal(
    admitted: int, announced: bool, sealed: bool, reason: WithheldFor | None
) -> None:
    assert hammer.withhold(admitted=admitted, min_admitted=2, reserve_announced=announced, reserve_sealed=sealed) is reason
