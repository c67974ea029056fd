"""The special days: festivals, and the weekends on which people work to make up for them."""

from datetime import date, datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from techauction.core.days import SpecialDayKnown, must_be_special
from techauction.core.refusal import NoSuch
from techauction.core.seen import Marks, must_be_as_seen
from techauction.store.audit import AuditRow
from techauction.store.days import SpecialDayRow


def add_special_day(session: Session, *, day: date, works: bool, name_zh: str, name_en: str, by_id: int, now: datetime) -> None:
    """Have a day on which work differs from the week; periods that are reckoned from now on know it.

    :raises NothingSpecial: the week alone says the same of the day
    :raises SpecialDayKnown: it is there already
    """
    must_be_special(day, works=works)
    if session.get(SpecialDayRow, day) is not None:
        raise SpecialDayKnown(day)
    row = SpecialDayRow(day=day, works=works, name_zh=name_zh, name_en=name_en)
    session.add(row)
    session.add(_audit("special_day.added", row, by_id=by_id, now=now))
    try:
        session.flush()
    except IntegrityError as error:  # somebody else adds it at this moment
        raise SpecialDayKnown(day) from error


def name_special_day(
    session: Session, *, day: date, name_zh: str, name_en: str, seen: Marks, by_id: int, now: datetime
) -> None:
    """Call a special day otherwise.

    :raises NoSuch: it is not there
    :raises ChangedMeanwhile: its names are not those that were shown
    """
    row = _kept(session, day)
    must_be_as_seen({"name_zh": row.name_zh, "name_en": row.name_en}, seen)
    row.name_zh, row.name_en = name_zh, name_en
    session.add(_audit("special_day.named", row, by_id=by_id, now=now))


def remove_special_day(session: Session, *, day: date, by_id: int, now: datetime) -> None:
    """Have the day go by the week again.

    :raises NoSuch: it is not there
    """
    row = _kept(session, day)
    session.delete(row)
    session.add(_audit("special_day.removed", row, by_id=by_id, now=now))


def _kept(session: Session, day: date) -> SpecialDayRow:
    row = session.get(SpecialDayRow, day, with_for_update=True, populate_existing=True)
    if row is None:
        raise NoSuch
    return row


def _audit(what: str, row: SpecialDayRow, *, by_id: int, now: datetime) -> AuditRow:
    detail = f"{'works' if row.works else 'off'}: {row.name_zh} / {row.name_en}"
    return AuditRow(at=now, by_id=by_id, what=what, about=f"day {row.day}", detail=detail)
