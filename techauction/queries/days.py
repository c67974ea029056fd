"""The special days, a year at a time."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.names import Name
from techauction.store.days import SpecialDayRow


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialDay:
    """A day on which work differs from the week."""

    day: date
    works: bool
    name: Name


@dataclass(frozen=True, slots=True)
class DaysPage:
    """A year's special days, and the years that may be looked at: those with such days, this one and the next."""

    year: int
    years: tuple[int, ...]
    days: tuple[SpecialDay, ...]


def days_page(session: Session, *, year: int, today: date) -> DaysPage:
    """Return a year's special days, the first of the year first."""
    years = {day.year for day in session.scalars(select(SpecialDayRow.day))} | {today.year, today.year + 1, year}
    rows = session.scalars(
        select(SpecialDayRow).where(SpecialDayRow.day.between(date(year, 1, 1), date(year, 12, 31))).order_by(SpecialDayRow.day)
    )
    return DaysPage(year, tuple(sorted(years)), tuple(_line(row) for row in rows))


def special_day(session: Session, day: date) -> SpecialDay | None:
    """Return one special day."""
    row = session.get(SpecialDayRow, day)
    return None if row is None else _line(row)


def _line(row: SpecialDayRow) -> SpecialDay:
    return SpecialDay(day=row.day, works=row.works, name=row.name)
