"""The days on which work differs from the week: festivals, and the weekends that make up for them."""

from datetime import date

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from techauction.core.names import Name
from techauction.store.base import Row


class SpecialDayRow(Row):
    """A weekday off (调休 or a festival itself), or a Saturday or Sunday on which people work."""

    __tablename__ = "special_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    works: Mapped[bool]
    name_zh: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))

    @property
    def name(self) -> Name:
        """Return the name in both languages."""
        return Name(self.name_zh, self.name_en)


def special_days(session: Session, *, since: date) -> dict[date, bool]:
    """Return the special days from the beginning of a day's year, and whether people work on them."""
    statement = select(SpecialDayRow.day, SpecialDayRow.works).where(SpecialDayRow.day >= date(since.year, 1, 1))
    return dict(session.execute(statement).all())
