from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from techauction.core import ascending
from techauction.core.increment import Ladder
from techauction.core.lawful import nearest, quick_steps
from techauction.core.lot import Bid, Lot, Rules, Stage
from techauction.core.money import FEN_PER_WAN, Money
from techauction.core.offer import Offer
from tests.core.lots import holder

TEN = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)


def wan(count: int) -> Money:
    return Money(count * FEN_PER_WAN)


def a_lot(standing: Money | None = None, *, max_steps: int = 10, increment: Money | None = None) -> Lot:
    close = TEN + timedelta(hours=1)
    return Lot(
        stage=Stage.OPEN,
        start=wan(200),
        ladder=Ladder.flat(increment or wan(10)),
        rules=Rules(max_steps=max_steps, collar=0),
        opens_at=TEN,
        closes_at=close,
        scheduled_closes_at=close,
        standing=None if standing is None else Bid(260, standing, TEN),
    )


def test_before_any_bid_the_first_quick_step_is_the_start_price() -> None:
    assert [step.amount for step in quick_steps(a_lot())] == [wan(200 + 10 * rises) for rises in range(9)]


def test_after_a_bid_eight_quick_steps_rise_from_it() -> None:
    steps = quick_steps(a_lot(wan(290)))

    assert [(step.rises, step.amount) for step in steps] == [(rises, wan(290 + 10 * rises)) for rises in range(1, 9)]


def test_no_quick_step_rises_by_more_increments_than_the_round_allows() -> None:
    assert [step.rises for step in quick_steps(a_lot(wan(290), max_steps=2))] == [1, 2]


def test_a_lawful_amount_is_nearest_to_itself() -> None:
    assert nearest(a_lot(wan(290)), wan(310)) == (wan(310),)


def test_an_amount_off_the_grid_lies_between_its_two_nearest() -> None:
    assert nearest(a_lot(wan(290)), wan(315)) == (wan(310), wan(320))


def test_an_amount_too_low_is_nearest_to_the_two_least() -> None:
    assert nearest(a_lot(wan(290)), wan(1)) == (wan(300), wan(310))


def test_an_amount_too_high_is_nearest_to_the_two_most() -> None:
    assert nearest(a_lot(wan(290)), wan(9_000)) == (wan(380), wan(390))


def test_where_one_amount_only_is_lawful_it_is_the_nearest() -> None:
    assert nearest(a_lot(wan(290), max_steps=1), wan(9_000)) == (wan(300),)


amounts = st.integers(1, 10**12).map(Money)


@given(
    offered=amounts,
    standing=st.none() | st.integers(0, 1_000).map(lambda rises: wan(200) + Money(7_000_001).times(rises)),
    max_steps=st.integers(1, 12),
)
def test_everything_called_lawful_is_taken_by_the_rules(offered: Money, standing: Money | None, max_steps: int) -> None:
    lot = a_lot(standing, max_steps=max_steps, increment=Money(7_000_001))

    for amount in (*nearest(lot, offered), *(step.amount for step in quick_steps(lot))):
        assert ascending.take(lot, Offer(amount), holder(1), TEN).standing == Bid(1, amount, TEN)


@given(offered=amounts, max_steps=st.integers(1, 12))
def test_nothing_lawful_is_nearer_than_the_nearest(offered: Money, max_steps: int) -> None:
    lot = a_lot(wan(290), max_steps=max_steps)
    lawful = [wan(290) + wan(10).times(rise) for rise in range(1, max_steps + 1)]

    found = nearest(lot, offered)

    assert min(lawful, key=lambda each: abs((each - offered).minor)) in found
    assert set(found) <= set(lawful)


def test_a_ladder_moves_the_steps_with_the_price() -> None:
    ladder = Ladder(((Money(0), wan(1)), (wan(300), wan(5))))
    lot = replace(a_lot(wan(300)), ladder=ladder)

    assert quick_steps(lot)[0].amount == wan(305)
