from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core import round as rounds
from techauction.core.admission import DepositKind, DepositRule
from techauction.core.lot import Extension, Rules
from techauction.core.money import Money
from techauction.core.round import Calendar, ListedLot, Phase, PhaseForbids, Plan, Problem, RoundNotReady
from tests.conftest import TEN

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
OPENS = TEN + 10 * DAY
A_LOT = ListedLot(number=1, start=Money(200_000_000), increment=Money(10_000_000))


def a_plan(*, lots: tuple[ListedLot, ...] = (A_LOT,), rehearsal: bool = False, **said: Any) -> Plan:
    """Return a plan that is in order: it opens in ten days, for four hours."""
    opens_at = said.get("opens_at", TEN + 10 * DAY)
    times = {
        "registration_closes_at": opens_at - DAY,
        "reserve_deadline_at": opens_at - timedelta(minutes=30),
        "opens_at": opens_at,
        "closes_at": opens_at + timedelta(hours=4),
    }
    return Plan(
        calendar=Calendar(**{name: said.get(name, at) for name, at in times.items()}),
        rules=Rules(extension=Extension(trigger=said.get("trigger", timedelta(seconds=300)))),
        deposit=said.get("deposit", DepositRule()),
        lots=lots,
        rehearsal=rehearsal,
    )


def test_a_round_in_order_is_published() -> None:
    assert rounds.publish(Phase.DRAFT, a_plan(), TEN) is Phase.PUBLISHED


@pytest.mark.parametrize(
    ("said", "problems"),
    [
        ({"opens_at": TEN}, [("opens_at", "in_the_past")]),
        ({"opens_at": TEN + 7 * DAY - timedelta(microseconds=1)}, [("opens_at", "notice_too_short")]),
        ({"opens_at": TEN + 7 * DAY}, []),
        ({"closes_at": TEN + 10 * DAY}, [("closes_at", "not_after_opening")]),
        ({"closes_at": TEN + 10 * DAY + timedelta(seconds=299)}, [("closes_at", "shorter_than_timed_period")]),
        ({"registration_closes_at": TEN + 11 * DAY}, [("registration_closes_at", "after_opening")]),
        ({"registration_closes_at": TEN}, [("registration_closes_at", "in_the_past")]),
        ({"reserve_deadline_at": TEN + 11 * DAY}, [("reserve_deadline_at", "after_opening")]),
        ({"reserve_deadline_at": TEN - DAY}, [("reserve_deadline_at", "in_the_past")]),
        ({"trigger": timedelta(0)}, [("extension_trigger_s", "period_out_of_range")]),
        ({"deposit": DepositRule(kind=DepositKind.FIXED)}, [("deposit_fixed", "missing")]),
        ({"lots": ()}, [("lots", "none_listed")]),
        ({"lots": (ListedLot(number=3, start=None, increment=Money(1)),)}, [("lots[3].start", "missing")]),
        ({"lots": (ListedLot(number=3, start=Money(1), increment=None),)}, [("lots[3].increment", "missing")]),
    ],
)  # fmt: skip
def test_a_round_that_contradicts_itself_says_why(said: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    found = [(problem.path, problem.code) for problem in rounds.problems_of(a_plan(**said), TEN)]

    assert found == problems


def test_a_rehearsal_needs_no_notice() -> None:
    plan = a_plan(rehearsal=True, opens_at=TEN + timedelta(hours=1), registration_closes_at=TEN + timedelta(minutes=1))

    assert rounds.publish(Phase.DRAFT, plan, TEN) is Phase.PUBLISHED


def test_every_problem_is_told_at_once() -> None:
    plan = a_plan(opens_at=TEN, closes_at=TEN - DAY, lots=())

    with pytest.raises(RoundNotReady) as refused:
        rounds.publish(Phase.DRAFT, plan, TEN)

    assert refused.value.problems == (
        Problem("opens_at", "in_the_past"),
        Problem("closes_at", "not_after_opening"),
        Problem("lots", "none_listed"),
    )


@pytest.mark.parametrize("phase", [each for each in Phase if each is not Phase.DRAFT])
def test_only_a_draft_is_published(phase: Phase) -> None:
    with pytest.raises(PhaseForbids):
        rounds.publish(phase, a_plan(), TEN)


@given(
    opens=st.integers(-20, 20), closes=st.integers(-20, 20), registration=st.integers(-20, 20), reserves=st.integers(-20, 20)
)
def test_a_published_round_has_its_times_in_order(opens: int, closes: int, registration: int, reserves: int) -> None:
    plan = a_plan(
        opens_at=TEN + opens * DAY,
        closes_at=TEN + closes * DAY,
        registration_closes_at=TEN + registration * DAY,
        reserve_deadline_at=TEN + reserves * DAY,
    )

    in_order = 0 < registration <= opens < closes and 0 < reserves <= opens and opens >= 7

    assert (not list(rounds.problems_of(plan, TEN))) == in_order


def test_a_round_opens_early_only_after_registration_and_deposits_have_ended() -> None:
    early, ends = OPENS - 2 * HOUR, OPENS - HOUR

    with pytest.raises(rounds.RegistrationOpen):
        rounds.open_at(Phase.PUBLISHED, OPENS, early, early=True, registration_closes_at=ends)

    assert rounds.open_at(Phase.PUBLISHED, OPENS, ends, early=True, registration_closes_at=ends) is Phase.OPEN
    assert rounds.open_at(Phase.PUBLISHED, OPENS, OPENS, early=False, registration_closes_at=OPENS + HOUR) is Phase.OPEN
    with pytest.raises(rounds.RoundNotDue):
        rounds.open_at(Phase.PUBLISHED, OPENS, ends, early=False, registration_closes_at=ends)
