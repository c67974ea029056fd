"""Who may bid, with which number, and which deposits are covered."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core import admission
from techauction.core.admission import DepositKind, DepositRule, NamedLot
from techauction.core.money import LARGEST_FEN, ZERO, Money, total
from techauction.core.refusal import Refusal
from tests.builders import wan
from tests.conftest import TEN

SUMS = st.integers(min_value=0, max_value=LARGEST_FEN).map(Money)
NEEDS = st.lists(SUMS, max_size=12)
MOMENT = timedelta(microseconds=1)


@given(SUMS, NEEDS)
def test_what_is_held_never_exceeds_what_came_nor_what_is_needed(received: Money, required: list[Money]) -> None:
    held = admission.cover(received, required)

    assert total(held) == min(received, total(required))
    assert all(ZERO <= each <= need for each, need in zip(held, required, strict=True))


@given(SUMS, NEEDS)
def test_a_deposit_gets_nothing_before_those_ahead_of_it_are_full(received: Money, required: list[Money]) -> None:
    held = admission.cover(received, required)

    for place, each in enumerate(held):
        if each > ZERO:
            assert held[:place] == required[:place]


@given(SUMS, SUMS, NEEDS)
def test_more_money_takes_from_no_deposit_what_it_held(received: Money, more: Money, required: list[Money]) -> None:
    before = admission.cover(received, required)
    after = admission.cover(received + more, required)

    assert all(was <= now for was, now in zip(before, after, strict=True))


def test_money_fills_deposits_in_lot_order() -> None:
    assert admission.cover(wan(30), [wan(20), wan(20), wan(5)]) == [wan(20), wan(10), ZERO]
    assert admission.cover(wan(99), [wan(20), wan(20)]) == [wan(20), wan(20)]
    assert admission.cover(wan(99), []) == []


@given(SUMS, NEEDS)
def test_what_is_over_and_what_is_held_are_all_that_came(received: Money, required: list[Money]) -> None:
    over = admission.over(received=received, required=total(required), returned=ZERO)

    assert total(admission.cover(received, required)) + over == received


@pytest.mark.parametrize(
    ("rule", "deposit"),
    [
        (DepositRule(), wan(20)),
        (DepositRule(share_bps=500), wan(10)),
        (DepositRule(share_bps=0), ZERO),
        (DepositRule(kind=DepositKind.FIXED, fixed=wan(7)), wan(7)),
    ],
)
def test_a_deposit_is_a_share_of_the_start_price_or_one_sum(rule: DepositRule, deposit: Money) -> None:
    assert rule.of(wan(200)) == deposit


def ask(**more: Any) -> None:
    """Ask for a paddle to a lot of somebody else's, in time, with everything in order."""
    lawful: dict[str, Any] = {
        "approved": True,
        "enterprise_id": 1,
        "accepted": True,
        "lots": [NamedLot(number=4, consignor_id=2, start=wan(200))],
        "registration_closes_at": TEN + MOMENT,
        "now": TEN,
    }
    admission.ask(**lawful | more)


def test_a_request_in_order_is_not_refused() -> None:
    ask()


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"approved": False}, admission.EnterpriseNotApproved),
        ({"registration_closes_at": TEN}, admission.RegistrationClosed),
        ({"accepted": False}, admission.RulesNotAccepted),
        ({"lots": []}, admission.NoLotNamed),
        ({"enterprise_id": 2}, admission.OwnLot),
    ],
)
def test_a_request_is_refused_by_name(wrong: dict[str, Any], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        ask(**wrong)


@pytest.mark.parametrize(
    ("value_at", "now", "refusal"),
    [
        (TEN, TEN + MOMENT, admission.DepositTooLate),
        (TEN + MOMENT, TEN + MOMENT, admission.DepositTooLate),
        (TEN - MOMENT, TEN - 2 * MOMENT, admission.ReceiptInFuture),
    ],
)
def test_the_banks_value_time_must_be_before_the_deadline_and_past(
    value_at: datetime, now: datetime, refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        admission.must_be_in_time(value_at=value_at, registration_closes_at=TEN, now=now)


def test_a_deposit_a_moment_before_the_deadline_is_in_time_however_late_it_is_recorded() -> None:
    admission.must_be_in_time(value_at=TEN - MOMENT, registration_closes_at=TEN, now=TEN + timedelta(days=3))
