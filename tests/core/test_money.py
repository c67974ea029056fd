"""Money is counted: shares add up, and nothing is measured."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core.money import LARGEST_FEN, ZERO, Money, rate, split, total

SUMS = st.integers(min_value=0, max_value=LARGEST_FEN).map(Money)
WEIGHTS = st.lists(st.integers(min_value=0, max_value=10_000), min_size=1, max_size=9).filter(any)


@pytest.mark.parametrize(
    ("fen", "yuan", "wan"),
    [
        (0, "0", "0"),
        (5, "0.05", "0.000005"),
        (100, "1", "0.0001"),
        (200_000_000, "2,000,000", "200"),
        (1_204_580_000, "12,045,800", "1204.58"),
        (123_000_050, "1,230,000.50", "123.00005"),
        (-200_000_000, "-2,000,000", "-200"),
        (-5, "-0.05", "-0.000005"),
    ],
)
def test_a_sum_is_written_exactly(fen: int, yuan: str, wan: str) -> None:
    assert (Money(fen).in_yuan(), Money(fen).in_wan()) == (yuan, wan)


def test_sums_add_subtract_and_compare() -> None:
    assert Money(3) + Money(4) - Money(2) == Money(5)
    assert Money(3).times(4) == Money(12)
    assert Money(3) < Money(4)
    assert total([Money(1), Money(2), Money(3)]) == Money(6)
    assert total([]) == ZERO


@pytest.mark.parametrize(
    ("fen", "basis_points", "share"),
    [(200_000_000, 1_000, 20_000_000), (1, 5_000, 1), (1, 4_999, 0), (3, 5_000, 2), (99, 0, 0), (7, 10_000, 7)],
)
def test_a_share_is_rounded_half_up_to_the_fen(fen: int, basis_points: int, share: int) -> None:
    assert Money(fen).share(basis_points) == Money(share)


@given(SUMS, st.integers(min_value=0, max_value=10_000))
def test_a_share_is_within_half_a_fen_of_the_exact_one(sum_: Money, basis_points: int) -> None:
    exact = Fraction(sum_.minor * basis_points, 10_000)

    assert abs(sum_.share(basis_points).minor - exact) <= Fraction(1, 2)


@given(SUMS, WEIGHTS)
def test_shares_of_a_split_add_up_exactly(whole: Money, weights: list[int]) -> None:
    assert total(split(whole, weights)) == whole


@given(SUMS, WEIGHTS)
def test_each_share_of_a_split_is_within_a_fen_of_the_exact_one(whole: Money, weights: list[int]) -> None:
    for share, weight in zip(split(whole, weights), weights, strict=True):
        assert abs(share.minor - Fraction(whole.minor * weight, sum(weights))) < 1


@given(SUMS, WEIGHTS)
def test_who_has_no_weight_gets_nothing(whole: Money, weights: list[int]) -> None:
    shares = split(whole, [*weights, 0])

    assert shares[-1] == ZERO


def test_the_fen_that_is_left_goes_to_the_first_of_equals() -> None:
    assert split(Money(10), [1, 1, 1]) == [Money(4), Money(3), Money(3)]
    assert split(Money(1), [5_000, 5_000]) == [Money(1), Money(0)]


@pytest.mark.parametrize(
    ("gained", "base", "said"),
    [
        (100, 200, "50.00"),
        (335, 895, "37.43"),
        (3_803, 9_610, "39.57"),
        (0, 200, "0.00"),
        (5, 0, "0.00"),
        (0, 0, "0.00"),
        (1, 20_000, "0.01"),
        (-1, 20_000, "-0.01"),
        (-1, 20_001, "0.00"),
        (-1, 200, "-0.50"),
        (3, 1, "300.00"),
    ],
)
def test_a_rate_is_computed_from_sums_half_up_at_two_places(gained: int, base: int, said: str) -> None:
    assert rate(Money(gained), Money(base)) == said
