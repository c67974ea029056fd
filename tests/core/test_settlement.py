"""A settlement adds up for everybody in it, to the fen."""

from hypothesis import given
from hypothesis import strategies as st

from techauction.core.money import LARGEST_FEN, ZERO, Money
from techauction.core.settlement import Commission, settle
from tests.builders import wan

SUMS = st.integers(min_value=0, max_value=LARGEST_FEN).map(Money)
BPS = st.integers(min_value=0, max_value=10_000)
COMMISSIONS = st.builds(Commission, buyer_bps=BPS, seller_bps=BPS, listing_share_bps=BPS)


def test_without_commission_the_deposit_goes_towards_the_price() -> None:
    statement = settle(wan(300), wan(20), Commission())

    assert (statement.deposit_applied, statement.deposit_released, statement.due) == (wan(20), ZERO, wan(280))
    assert statement.proceeds == wan(300)


def test_commission_is_charged_on_each_side_and_shared_between_the_markets() -> None:
    statement = settle(wan(300), wan(20), Commission(buyer_bps=200, seller_bps=100, listing_share_bps=6_000))

    assert (statement.buyer_commission, statement.seller_commission) == (wan(6), wan(3))
    assert (statement.due, statement.proceeds) == (wan(286), wan(297))
    assert (statement.listing_market_share, statement.buyer_market_share) == (Money(5_400_000), Money(3_600_000))


def test_a_deposit_over_what_is_payable_goes_back() -> None:
    statement = settle(wan(10), wan(50), Commission(buyer_bps=500))

    assert statement.deposit_applied == wan(10) + Money(500_000)
    assert statement.deposit_released == wan(50) - statement.deposit_applied
    assert statement.due == ZERO


def test_the_odd_fen_of_a_commission_is_lost_by_nobody() -> None:
    statement = settle(Money(101), ZERO, Commission(buyer_bps=100, listing_share_bps=5_000))

    assert statement.buyer_commission == Money(1)
    assert (statement.listing_market_share, statement.buyer_market_share) == (Money(1), ZERO)


@given(SUMS, SUMS, COMMISSIONS)
def test_what_the_buyer_pays_is_what_the_others_receive(price: Money, deposit: Money, commission: Commission) -> None:
    statement = settle(price, deposit, commission)

    paid = statement.deposit_applied + statement.due
    assert paid == price + statement.buyer_commission
    assert paid == statement.proceeds + statement.listing_market_share + statement.buyer_market_share


@given(SUMS, SUMS, COMMISSIONS)
def test_a_deposit_is_applied_or_released_and_nothing_else(price: Money, deposit: Money, commission: Commission) -> None:
    statement = settle(price, deposit, commission)

    assert statement.deposit_applied + statement.deposit_released == deposit
    assert min(statement.deposit_applied, statement.deposit_released, statement.due) >= ZERO
    assert ZERO in (statement.deposit_released, statement.due)


@given(SUMS, SUMS, COMMISSIONS)
def test_nobody_gets_less_than_nothing(price: Money, deposit: Money, commission: Commission) -> None:
    statement = settle(price, deposit, commission)

    assert min(statement.proceeds, statement.listing_market_share, statement.buyer_market_share) >= ZERO
