"""Days as people here count them: in Shanghai's zone, by working days and by months."""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from techauction.core.refusal import Refusal

SHANGHAI = ZoneInfo("Asia/Shanghai")
"""The zone in which people read times here; it has had no summer time since 1991."""

SpecialDays = Mapping[date, bool]
"""The days on which work differs from the week, and whether people work on them."""

_SATURDAY = 5


class NothingSpecial(Refusal):
    """People work on the day, or do not, by the week alone."""

    code = "nothing_special"

    def __init__(self, day: date) -> None:
        super().__init__(day=day.isoformat())


class SpecialDayKnown(Refusal):
    """The day is among the special days already."""

    code = "special_day_known"

    def __init__(self, day: date) -> None:
        super().__init__(day=day.isoformat())


def day_of(instant: datetime) -> date:
    """Return the day on which people here place an instant."""
    return instant.astimezone(SHANGHAI).date()


def is_working(day: date, special: SpecialDays) -> bool:
    """Return whether people work on a day: as the special days say, else from Monday to Friday."""
    return special.get(day, day.weekday() < _SATURDAY)


def working_day_from(day: date, special: SpecialDays) -> date:
    """Return the day itself where people work on it, else the next on which they do."""
    return day if is_working(day, special) else Period(working_days=1).last_day(day, special)


def working_day_before(day: date, special: SpecialDays) -> date:
    """Return the last day before on which people work."""
    day -= timedelta(days=1)
    while not is_working(day, special):
        day -= timedelta(days=1)
    return day


def must_be_special(day: date, *, works: bool) -> None:
    """Refuse a weekday on which people work, and a Saturday or Sunday on which they do not.

    :raises NothingSpecial: the week alone says the same
    """
    if works is (day.weekday() < _SATURDAY):
        raise NothingSpecial(day)


def unknown_years(days: Iterable[date], special: SpecialDays) -> tuple[int, ...]:
    """Return the years of these days of which no special day is known; every year has some."""
    return tuple(sorted({day.year for day in days} - {day.year for day in special}))


@dataclass(frozen=True, slots=True)
class Period:
    """A period to do something in: whole months and then working days."""

    months: int = 0
    working_days: int = 0

    def last_day(self, start: date, special: SpecialDays) -> date:
        """Return the last day of the period that begins to run on the day after `start`."""
        day = _months_after(start, self.months)
        for _ in range(self.working_days):
            day += timedelta(days=1)
            while not is_working(day, special):
                day += timedelta(days=1)
        return day


def _months_after(start: date, months: int) -> date:
    """Return the same day so many months later, or that month's last day."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
