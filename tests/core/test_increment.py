"""Increments may grow with the price."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core import amount
from techauction.core.increment import Ladder, is_odd, usual
from techauction.core.money import LARGEST_FEN, Money
from tests.builders import wan

LADDER = Ladder(((wan(0), wan(1)), (wan(100), wan(5)), (wan(500), wan(10))))


@st.composite
def ladders(draw: st.DrawFn) -> Ladder:
    """Draw a lawful ladder."""
    starts = sorted(draw(st.sets(st.integers(min_value=1, max_value=10**12), max_size=6)))
    increments = draw(st.lists(st.integers(min_value=1, max_value=10**9), min_size=len(starts) + 1, max_size=len(starts) + 1))
    return Ladder(tuple((Money(start), Money(each)) for start, each in zip([0, *starts], increments, strict=True)))


@pytest.mark.parametrize(
    ("price", "increment"),
    [
        (wan(0), wan(1)),
        (wan(100) - Money(1), wan(1)),
        (wan(100), wan(5)),
        (wan(499), wan(5)),
        (wan(500), wan(10)),
        (wan(90_000), wan(10)),
    ],
)
def test_the_rung_that_holds_is_the_highest_that_the_price_has_reached(price: Money, increment: Money) -> None:
    assert LADDER.at(price) == increment


@given(st.integers(min_value=0, max_value=10**15))
def test_a_flat_ladder_has_one_increment_at_every_price(fen: int) -> None:
    assert Ladder.flat(wan(10)).at(Money(fen)) == wan(10)


@given(ladders())
def test_a_ladder_reads_back_from_its_json(ladder: Ladder) -> None:
    assert Ladder.from_json(ladder.as_json()) == ladder


@given(ladders(), st.integers(min_value=0, max_value=10**13))
def test_there_is_an_increment_at_every_price(ladder: Ladder, fen: int) -> None:
    assert ladder.at(Money(fen)) > Money(0)


@pytest.mark.parametrize(
    "rungs",
    [
        (),
        ((wan(1), wan(1)),),
        ((wan(0), wan(0)),),
        ((wan(0), wan(1)), (wan(0), wan(2))),
        ((wan(0), wan(1)), (wan(9), wan(2)), (wan(5), wan(2))),
    ],
)
def test_a_ladder_that_starts_late_stands_still_or_goes_back_cannot_be_made(rungs: tuple[tuple[Money, Money], ...]) -> None:
    with pytest.raises(AssertionError):
        Ladder(rungs)


@pytest.mark.parametrize(("start", "increment"), [(200, 10), (895, 20), (10, "0.5"), (3_000, 100), (1, "0.05")])
def test_an_increment_that_suits_is_about_a_twentieth_of_the_start_price(start: int, increment: object) -> None:
    assert usual(amount.read(f"{start}万")) == amount.read(f"{increment}万")


@given(st.integers(100, LARGEST_FEN).map(Money))
def test_what_suits_is_never_odd(start: Money) -> None:
    assert not is_odd(usual(start), start)


@pytest.mark.parametrize(
    ("increment", "odd"), [("0.01", True), ("1999.99", True), ("2000", False), ("200万", False), ("200.01万", True)]
)
def test_a_slip_of_the_pen_is_odd(increment: str, odd: bool) -> None:
    assert is_odd(amount.read(increment), amount.read("200万")) is odd
