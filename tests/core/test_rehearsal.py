from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core import rehearsal
from techauction.core.lot import Extension
from techauction.core.rehearsal import NotRehearsable, Periods, SpeedWrong
from techauction.core.round import Calendar, Phase
from tests.builders import CLOSES, OPENS
from tests.conftest import TEN

DAY = Calendar(
    registration_closes_at=OPENS, reserve_deadline_at=OPENS, opens_at=OPENS, closes_at=CLOSES, stagger=timedelta(seconds=90)
)
SOON = TEN + rehearsal.OPENS_IN


def periods(speed: int, extension: Extension | None = None, *, gap_s: int = 10) -> Periods:
    return rehearsal.rehearsed(DAY, extension or Extension(), gap_s=gap_s, speed=speed, now=TEN)


def test_periods_are_divided_by_the_speed() -> None:
    assert periods(60) == Periods(
        opens_at=SOON,
        closes_at=SOON + timedelta(minutes=1),
        stagger_s=2,
        extension_trigger_s=5,
        extension_length_s=5,
        extension_cap_s=None,
        gap_s=5,
    )


def test_at_the_speed_of_the_day_only_the_day_is_another() -> None:
    made = periods(1)

    assert (made.closes_at - made.opens_at, made.stagger_s, made.extension_length_s, made.gap_s) == (
        CLOSES - OPENS,
        90,
        300,
        10,
    )


@given(
    speed=st.integers(1, 600),
    trigger=st.integers(1, 3600),
    length=st.integers(1, 3600),
    cap=st.none() | st.integers(0, 7200),
    gap=st.integers(1, 600),
)
def test_no_period_falls_under_what_a_round_may_have(speed: int, trigger: int, length: int, cap: int | None, gap: int) -> None:
    extension = Extension(
        trigger=timedelta(seconds=trigger),
        length=timedelta(seconds=length),
        cap=None if cap is None else timedelta(seconds=cap),
    )

    made = periods(speed, extension, gap_s=gap)

    assert 1 <= made.extension_trigger_s <= trigger
    assert 1 <= made.extension_length_s <= length
    assert (made.extension_cap_s is None) == (cap is None)
    assert made.closes_at - made.opens_at >= timedelta(seconds=made.extension_trigger_s)
    assert made.opens_at - TEN < timedelta(minutes=1)
    assert min(gap, 5) <= made.gap_s <= gap


@pytest.mark.parametrize("speed", [0, -1, 601])
def test_other_speeds_are_refused(speed: int) -> None:
    with pytest.raises(SpeedWrong):
        periods(speed)


def test_a_practice_is_short() -> None:
    made = rehearsal.practised(Extension(length=timedelta(seconds=20)), gap_s=10, now=TEN)

    assert made.closes_at - made.opens_at == rehearsal.PRACTICE_LASTS
    assert (made.extension_trigger_s, made.extension_length_s, made.stagger_s) == (30, 20, 0)


@pytest.mark.parametrize(
    ("phase", "is_copy", "now", "may"),
    [
        (Phase.DRAFT, False, CLOSES, True),
        (Phase.PUBLISHED, False, TEN, True),
        (Phase.PUBLISHED, False, OPENS, False),
        (Phase.PUBLISHED, True, TEN, False),
        (Phase.OPEN, False, TEN, False),
        (Phase.CLOSED, False, TEN, False),
        (Phase.CALLED_OFF, False, TEN, False),
    ],
)
def test_only_what_has_not_opened_is_rehearsed(phase: Phase, is_copy: bool, now: object, may: bool) -> None:
    phases = frozenset({Phase.DRAFT, Phase.PUBLISHED})
    refused = False
    try:
        rehearsal.must_be_rehearsable(phase, is_copy=is_copy, opens_at=OPENS, now=now, phases=phases)  # type: ignore[arg-type]
    except NotRehearsable:
        refused = True

    assert refused is not may
