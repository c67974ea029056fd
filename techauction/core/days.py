"""Days as people here count them: in Shanghai's zone, by working days and by months."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
"""The zone in which people read times here; it has had no summer time since 1991."""

_SATURDAY = 5


def day_of(instant: datetime) -> date:
    """Return the day on which people here place an instant."""
    return instant.astimezone(SHANGHAI).date()


@dataclass(frozen=True, slots=True)
class Period:
    """A period to do something in: whole months and then working days, Monday to Friday."""

    months: int = 0
    working_days: int = 0

    def last_day(self, start: date) -> date:
        """Return the last day of the period that begins to run on the day after `start`."""
        day = _months_after(start, self.months)
        for _ in range(self.working_days):
            day += timedelta(days=1)
            while day.weekday() >= _SATURDAY:
                day += timedelta(days=1)
        return day


def _months_after(start: date, months: int) -> date:
    """Return the same day so many months later, or that month's last day."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
