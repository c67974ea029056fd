from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core import consigning
from techauction.core.lot import Stage
from techauction.core.money import Money
from techauction.core.refusal import Refusal
from techauction.core.registration import ReasonNeeded
from techauction.core.round import Phase, PhaseForbids
from tests.conftest import TEN

LATER = TEN + timedelta(hours=1)
NOT_SEALED_ANY_MORE = [Stage.OPEN, Stage.PAUSED, Stage.INTERRUPTED, Stage.ENDED]


def accept(**said: Any) -> int:
    """Accept a complete lot into a published round whose registration closes in an hour."""
    return consigning.accept(
        **{
            "stage": Stage.SUBMITTED,
            "phase": Phase.PUBLISHED,
            "complete": True,
            "wanted": None,
            "taken": [],
            "registration_closes_at": LATER,
            "now": TEN,
            **said,
        }
    )


def seal(**said: Any) -> None:
    """Seal 250 万 for a listed lot from 200 万, an hour before the deadline."""
    consigning.seal(
        **{
            "stage": Stage.LISTED,
            "announced": True,
            "reserve": Money(250),
            "start": Money(200),
            "reserve_deadline_at": LATER,
            "now": TEN,
            **said,
        }
    )


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"approved": False}, consigning.InstituteNotApproved),
        ({"takes_part": False}, consigning.MarketTakesNoPart),
        ({"phase": Phase.OPEN}, PhaseForbids),
        ({"phase": Phase.PUBLISHED, "now": LATER}, consigning.ListingClosed),
        ({"listed": True}, consigning.ResultListed),
    ],
)
def test_a_result_is_not_taken_everywhere_and_always(said: dict[str, Any], refusal: type[Refusal]) -> None:
    asked = {"approved": True, "takes_part": True, "listed": False, "registration_closes_at": LATER, "now": TEN}
    asked["phase"] = Phase.DRAFT

    consigning.submit(**asked)  # type: ignore[arg-type]
    with pytest.raises(refusal):
        consigning.submit(**{**asked, **said})


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"stage": Stage.RETURNED}, consigning.StageForbids),
        ({"stage": Stage.LISTED}, consigning.StageForbids),
        ({"phase": Phase.CLOSED}, PhaseForbids),
        ({"now": LATER}, consigning.ListingClosed),
        ({"complete": False}, consigning.TermsMissing),
        ({"wanted": 0}, consigning.LotNumberWrong),
        ({"wanted": 10_000}, consigning.LotNumberWrong),
        ({"wanted": 3, "taken": [1, 3]}, consigning.LotNumberTaken),
    ],
)
def test_a_lot_that_cannot_be_sold_is_not_accepted(said: dict[str, Any], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        accept(**said)


def test_a_draft_takes_lots_without_prices_and_at_any_time() -> None:
    assert accept(phase=Phase.DRAFT, complete=False, now=LATER + timedelta(days=9)) == 1


def test_a_lot_accepted_one_microsecond_before_registration_closes_is_in_time() -> None:
    assert accept(now=LATER - timedelta(microseconds=1)) == 1


@given(taken=st.sets(st.integers(1, consigning.MOST_LOT - 1)), wanted=st.none() | st.integers(1, consigning.MOST_LOT))
def test_no_two_lots_have_one_number(taken: set[int], wanted: int | None) -> None:
    try:
        number = accept(taken=taken, wanted=wanted)
    except consigning.LotNumberTaken:
        assert wanted in taken
    else:
        assert number not in taken
        assert wanted in (None, number)


@pytest.mark.parametrize(
    ("stage", "phase", "allowed"),
    [
        (Stage.SUBMITTED, Phase.DRAFT, True),
        (Stage.SUBMITTED, Phase.PUBLISHED, True),
        (Stage.LISTED, Phase.DRAFT, True),
        (Stage.LISTED, Phase.PUBLISHED, False),
        (Stage.RETURNED, Phase.DRAFT, False),
        (Stage.OPEN, Phase.OPEN, False),
    ],
)
def test_an_announced_lot_is_not_returned(stage: Stage, phase: Phase, *, allowed: bool) -> None:
    if allowed:
        consigning.send_back(stage=stage, phase=phase, reason="The patent has lapsed.")
    else:
        with pytest.raises(consigning.StageForbids):
            consigning.send_back(stage=stage, phase=phase, reason="The patent has lapsed.")


def test_a_result_is_returned_only_with_a_reason() -> None:
    with pytest.raises(ReasonNeeded):
        consigning.send_back(stage=Stage.SUBMITTED, phase=Phase.DRAFT, reason="  ")


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"announced": False}, consigning.NoReserveAnnounced),
        ({"now": LATER}, consigning.ReserveClosed),
        ({"start": None}, consigning.TermsMissing),
        ({"reserve": Money(199)}, consigning.ReserveUnderStart),
        *(({"stage": stage}, consigning.StageForbids) for stage in NOT_SEALED_ANY_MORE),
    ],
)
def test_a_reserve_is_sealed_only_in_time_and_where_it_can_act(said: dict[str, Any], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        seal(**said)


@given(before=st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(days=30)), over=st.integers(0, 10**9))
def test_a_reserve_at_the_start_price_or_over_it_is_sealed_until_the_deadline(before: timedelta, over: int) -> None:
    now: datetime = LATER - before

    seal(now=now, reserve=Money(200 + over))
