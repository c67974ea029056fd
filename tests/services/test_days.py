"""The special days of a new installation, and what administrators do to them."""

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.days import NothingSpecial, Period, SpecialDayKnown
from techauction.core.refusal import NoSuch
from techauction.core.seen import marks_of
from techauction.services.days import add_special_day, name_special_day, remove_special_day
from techauction.store.audit import AuditRow
from techauction.store.days import SpecialDayRow, special_days
from techauction.store.people import Role
from tests.builders import a_user
from tests.conftest import TEN

Sessions = sessionmaker[Session]
NEW_YEAR_2027 = date(2027, 1, 1)
NAMES = {"name_zh": "元旦", "name_en": "New Year's Day"}


@pytest.fixture
def root(sessions: Sessions) -> int:
    with sessions.begin() as session:
        return a_user(session, Role.ADMINISTRATOR, name="root").id


def test_a_new_installation_knows_the_festivals_of_seven_years(sessions: Sessions) -> None:
    with sessions() as session:
        days = special_days(session, since=date(2020, 6, 1))
        later = special_days(session, since=date(2026, 6, 1))

    assert {day.year for day in days} == set(range(2020, 2027))
    assert all(works is (day.isoweekday() > 5) for day, works in days.items())
    assert (len(days), min(later)) == (175, NEW_YEAR_2027.replace(year=2026))
    assert Period(working_days=2).last_day(date(2026, 9, 29), later) == date(2026, 10, 8)
    assert Period(working_days=2).last_day(date(2026, 10, 8), later) == date(2026, 10, 10)


def test_a_day_is_added_named_and_removed(sessions: Sessions, root: int) -> None:
    with sessions.begin() as session:
        add_special_day(session, day=NEW_YEAR_2027, works=False, **NAMES, by_id=root, now=TEN)
    with sessions.begin() as session:
        added = special_days(session, since=NEW_YEAR_2027)
        name_special_day(
            session, day=NEW_YEAR_2027, name_zh="新年", name_en="New Year", seen=marks_of(NAMES), by_id=root, now=TEN
        )
    with sessions.begin() as session:
        named = session.get_one(SpecialDayRow, NEW_YEAR_2027)
        names = (named.name_zh, named.name_en)
        remove_special_day(session, day=NEW_YEAR_2027, by_id=root, now=TEN)

    with sessions() as session:
        acts = session.execute(select(AuditRow.what, AuditRow.about, AuditRow.by_id, AuditRow.detail)).all()
        left = special_days(session, since=NEW_YEAR_2027)
    assert (added, names, left) == ({NEW_YEAR_2027: False}, ("新年", "New Year"), {})
    assert [tuple(act) for act in acts] == [
        ("special_day.added", "day 2027-01-01", root, "off: 元旦 / New Year's Day"),
        ("special_day.named", "day 2027-01-01", root, "off: 新年 / New Year"),
        ("special_day.removed", "day 2027-01-01", root, "off: 新年 / New Year"),
    ]


def test_what_the_week_says_or_what_is_there_is_not_added(sessions: Sessions, root: int) -> None:
    with sessions() as session:
        with pytest.raises(NothingSpecial):
            add_special_day(session, day=NEW_YEAR_2027, works=True, **NAMES, by_id=root, now=TEN)
        with pytest.raises(SpecialDayKnown):
            add_special_day(session, day=date(2026, 1, 1), works=False, **NAMES, by_id=root, now=TEN)


def test_a_day_that_is_not_there_is_neither_named_nor_removed(sessions: Sessions, root: int) -> None:
    with sessions() as session:
        with pytest.raises(NoSuch):
            name_special_day(session, day=NEW_YEAR_2027, **NAMES, seen={}, by_id=root, now=TEN)
        with pytest.raises(NoSuch):
            remove_special_day(session, day=NEW_YEAR_2027, by_id=root, now=TEN)
