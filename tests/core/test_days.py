from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core.days import Period, day_of


def test_an_evening_in_london_is_the_next_day_in_shanghai() -> None:
    assert day_of(datetime(2026, 11, 2, 16, 0, tzinfo=UTC)) == date(2026, 11, 3)
    assert day_of(datetime(2026, 11, 2, 15, 59, tzinfo=UTC)) == date(2026, 11, 2)


@pytest.mark.parametrize(
    ("start", "period", "last"),
    [
        (date(2026, 11, 2), Period(working_days=2), date(2026, 11, 4)),
        (date(2026, 11, 5), Period(working_days=2), date(2026, 11, 9)),
        (date(2026, 11, 7), Period(working_days=1), date(2026, 11, 9)),
        (date(2026, 11, 30), Period(months=3), date(2027, 2, 28)),
        (date(2024, 2, 29), Period(months=24), date(2026, 2, 28)),
        (date(2026, 1, 31), Period(months=1, working_days=1), date(2026, 3, 2)),
        (date(2026, 11, 2), Period(), date(2026, 11, 2)),
    ],
)
def test_the_last_day_of_a_period(start: date, period: Period, last: date) -> None:
    assert period.last_day(start) == last


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 60))
def test_a_period_of_working_days_ends_on_one(start: date, count: int) -> None:
    last = Period(working_days=count).last_day(start)

    assert last.weekday() < 5
    assert (last - start).days >= count
