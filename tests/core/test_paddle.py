"""Which number a paddle gets, and when it is issued or taken back."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from techauction.core import paddle
from techauction.core.money import Money
from techauction.core.paddle import LEAST_PADDLE, MOST_PADDLE, PaddleState
from techauction.core.refusal import Refusal
from techauction.core.registration import ReasonNeeded
from tests.builders import wan


@given(st.sets(st.integers(min_value=LEAST_PADDLE, max_value=LEAST_PADDLE + 40)))
def test_the_lowest_free_number_is_given(taken: set[int]) -> None:
    given_number = paddle.number(None, taken)

    assert given_number not in taken
    assert all(each in taken for each in range(LEAST_PADDLE, given_number))


@given(st.integers(), st.sets(st.integers(min_value=LEAST_PADDLE, max_value=MOST_PADDLE)))
def test_a_number_wanted_is_given_as_it_is_or_refused(wanted: int, taken: set[int]) -> None:
    assume(wanted not in taken)

    if LEAST_PADDLE <= wanted <= MOST_PADDLE:
        assert paddle.number(wanted, taken) == wanted
    else:
        with pytest.raises(paddle.PaddleNumberWrong):
            paddle.number(wanted, taken)


def test_a_number_that_somebody_has_is_refused() -> None:
    with pytest.raises(paddle.PaddleTaken):
        paddle.number(260, {101, 260})


def test_when_every_number_is_given_out_the_next_bidder_is_refused_by_name() -> None:
    with pytest.raises(paddle.PaddlesExhausted):
        paddle.number(None, range(LEAST_PADDLE, MOST_PADDLE + 1))


def issue(**more: Any) -> int:
    """Issue a paddle one of whose two lots is covered."""
    lawful: dict[str, Any] = {
        "issued": None,
        "voided": False,
        "wanted": None,
        "taken": [101],
        "deposits": [(wan(20), wan(20)), (wan(3), wan(20))],
    }
    return paddle.issue(**lawful | more)


def test_one_covered_lot_is_enough_for_a_paddle() -> None:
    assert issue() == 102


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"voided": True}, paddle.PaddleTakenBack),
        ({"issued": 260}, paddle.PaddleIssued),
        ({"deposits": [(wan(20) - Money(1), wan(20))]}, paddle.NothingCovered),
        ({"deposits": []}, paddle.NothingCovered),
        ({"wanted": 101}, paddle.PaddleTaken),
        ({"wanted": 7}, paddle.PaddleNumberWrong),
    ],
)
def test_a_paddle_is_not_issued_and_the_reason_has_a_name(wrong: dict[str, Any], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        issue(**wrong)


@pytest.mark.parametrize(
    ("voided", "stands_at", "sealed_at", "reason", "refusal"),
    [
        (True, [], [], "A reason.", paddle.PaddleTakenBack),
        (False, [4, 7], [], "A reason.", paddle.PaddleStands),
        (False, [], [5], "A reason.", paddle.PaddleAtSealedLot),
        (False, [], [], "", ReasonNeeded),
    ],
)
def test_a_paddle_is_not_taken_back_and_the_reason_has_a_name(
    voided: bool, stands_at: list[int], sealed_at: list[int], reason: str, refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        paddle.take_back(voided=voided, stands_at=stands_at, sealed_at=sealed_at, reason=reason)


@pytest.mark.parametrize(
    ("issued", "voided", "state"),
    [
        (False, False, PaddleState.ASKED),
        (False, True, PaddleState.REFUSED),
        (True, False, PaddleState.ISSUED),
        (True, True, PaddleState.VOIDED),
    ],
)
def test_where_a_paddle_stands(issued: bool, voided: bool, state: PaddleState) -> None:
    assert PaddleState.of(issued=issued, voided=voided) is state
