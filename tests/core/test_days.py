from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core.days import (
    NothingSpecial,
    Period,
    SpecialDays,
    day_of,
    is_working,
    must_be_special,
    unknown_years,
    working_day_before,
    working_day_from,
)

NATIONAL_DAY_2026 = dict.fromkeys((date(2026, 10, day) for day in (1, 2, 5, 6, 7)), False) | {
    date(2026, 9, 20): True,
    date(2026, 10, 10): True,
}


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
    assert period.last_day(start, {}) == last


@pytest.mark.parametrize(
    ("start", "count", "last"),
    [
        (date(2026, 9, 30), 1, date(2026, 10, 8)),
        (date(2026, 9, 29), 2, date(2026, 10, 8)),
        (date(2026, 10, 8), 2, date(2026, 10, 10)),  # the Saturday that makes up for the festival
        (date(2026, 10, 8), 3, date(2026, 10, 12)),
        (date(2026, 9, 18), 1, date(2026, 9, 20)),  # a Sunday that does
    ],
)
def test_festivals_and_the_weekends_that_make_up_for_them_are_counted(start: date, count: int, last: date) -> None:
    assert Period(working_days=count).last_day(start, NATIONAL_DAY_2026) == last


def _known(start: date) -> st.SearchStrategy[SpecialDays]:
    days = st.integers(0, 90).map(lambda count: start + timedelta(days=count))
    return st.dictionaries(days, st.booleans(), max_size=40)


@given(st.data(), st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 60))
def test_a_period_of_working_days_ends_on_one_and_has_so_many(data: st.DataObject, start: date, count: int) -> None:
    special = data.draw(_known(start))

    last = Period(working_days=count).last_day(start, special)

    passed = [start + timedelta(days=number) for number in range(1, (last - start).days + 1)]
    assert is_working(last, special)
    assert sum(special[day] if day in special else day.isoweekday() < 6 for day in passed) == count


@pytest.mark.parametrize(("day", "works"), [(date(2026, 10, 8), True), (date(2026, 10, 10), False)])
def test_a_day_that_the_week_settles_is_not_special(day: date, works: bool) -> None:
    with pytest.raises(NothingSpecial):
        must_be_special(day, works=works)
    must_be_special(day, works=not works)


def test_a_year_without_special_days_is_not_known_yet() -> None:
    days = [date(2026, 12, 31), date(2027, 1, 4), date(2027, 1, 11)]

    assert unknown_years(days, NATIONAL_DAY_2026) == (2027,)
    assert unknown_years(days[:1], NATIONAL_DAY_2026) == ()


def test_a_default_day_is_one_on_which_people_work() -> None:
    assert working_day_from(date(2026, 11, 14), {}) == date(2026, 11, 16)
    assert working_day_from(date(2026, 10, 10), NATIONAL_DAY_2026) == date(2026, 10, 10)
    assert working_day_from(date(2026, 10, 1), NATIONAL_DAY_2026) == date(2026, 10, 8)
    assert working_day_before(date(2026, 11, 16), {}) == date(2026, 11, 13)
    assert working_day_before(date(2026, 10, 8), NATIONAL_DAY_2026) == date(2026, 9, 30)
