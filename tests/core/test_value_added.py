"""The value added is computed from sums over the lots sold, never from rates or rounded totals."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core.money import ZERO, Money, rate, total
from techauction.core.outcome import Ending
from techauction.core.value_added import AnnouncedLot, ValueAdded, add_up
from tests.builders import wan


def a_lot(
    start: Money,
    price: Money | None = None,
    ending: Ending | None = None,
    *,
    bids: int = 1,
    bidders: Sequence[int] = (101,),
) -> AnnouncedLot:
    """Return a lot: sold where it has a price, else passed in, unless its ending is said."""
    ending = ending or (Ending.PASSED_IN if price is None else Ending.SOLD)
    return AnnouncedLot(start=start, ending=ending, price=price, bids=bids, bidders=frozenset(bidders))


LOTS = st.lists(
    st.builds(
        lambda start, over, ending: a_lot(
            Money(start), Money(start + over) if ending in (Ending.SOLD, Ending.AGREED) else None, ending
        ),
        st.integers(min_value=1, max_value=10**11),
        st.integers(min_value=0, max_value=10**11),
        st.sampled_from(Ending),
    ),
    max_size=20,
)


@pytest.mark.parametrize(("start", "hammer", "said"), [(200, 300, "50.00"), (895, 1_230, "37.43"), (9_610, 13_413, "39.57")])
def test_the_published_figures_come_out(start: int, hammer: int, said: str) -> None:
    assert add_up([a_lot(wan(start), wan(hammer))]).value_added_rate == said


def test_the_press_rounded_the_total_and_its_rate_does_not_follow_from_it() -> None:
    assert add_up([a_lot(wan(9_610), wan(13_400))]).value_added_rate == "39.44"


def test_the_rate_of_a_group_is_not_the_average_of_its_rates() -> None:
    group = add_up([a_lot(wan(100), wan(200)), a_lot(wan(900), wan(900))])

    assert group.value_added_rate == "10.00"


def test_where_nothing_was_sold_the_rate_is_zero() -> None:
    assert add_up([]).value_added_rate == "0.00"
    assert add_up([a_lot(wan(100))]).value_added_rate == "0.00"


def test_announced_offered_sold_and_agreed_are_counted_apart() -> None:
    group = add_up(
        [
            a_lot(wan(100), wan(150)),
            a_lot(wan(200)),
            a_lot(wan(300), wan(310), Ending.AGREED),
            a_lot(wan(400), ending=Ending.WITHHELD),
            a_lot(wan(500), ending=Ending.WITHDRAWN),
            a_lot(wan(600), ending=Ending.VOID),
        ]
    )

    assert (group.lots_offered, group.lots_sold, group.lots_agreed, group.lots_void) == (3, 1, 1, 1)
    assert (group.start, group.sold_start, group.hammer) == (wan(600), wan(100), wan(150))


def test_a_paddle_that_bid_on_several_lots_is_one_enterprise() -> None:
    group = add_up([a_lot(wan(1), wan(2), bids=3, bidders=(101, 102)), a_lot(wan(1), wan(2), bids=4, bidders=(102, 103))])

    assert (group.bids, group.enterprises) == (7, 3)


@given(LOTS, LOTS)
def test_groups_add_up_to_their_whole(some: list[AnnouncedLot], others: list[AnnouncedLot]) -> None:
    def sums(group: ValueAdded) -> list[int]:
        money = (group.start, group.sold_start, group.hammer, group.value_added)
        return [group.lots_offered, group.lots_sold, group.lots_agreed, group.bids, *(each.minor for each in money)]

    parts = [sums(add_up(some)), sums(add_up(others))]

    assert sums(add_up([*some, *others])) == [one + other for one, other in zip(*parts, strict=True)]


@given(LOTS)
def test_the_rate_follows_from_the_sums_over_lots_sold(lots: list[AnnouncedLot]) -> None:
    sold = [lot for lot in lots if lot.ending is Ending.SOLD]
    hammer, start = (total([lot.price or ZERO for lot in sold]), total([lot.start for lot in sold]))

    assert add_up(lots).value_added_rate == rate(hammer - start, start)
