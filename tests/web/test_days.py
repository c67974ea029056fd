"""The administrator's table of special days."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy.orm import Session

from techauction.store.days import SpecialDayRow
from techauction.store.people import Role, UserRow
from tests.web.conftest import Browser

Store = Callable[[], Session]
FORM = {"day": "2027-01-01", "works": "off", "name_zh": "元旦", "name_en": "New Year's Day"}


@pytest.fixture
def root(visitor: Browser, new_user: Callable[..., UserRow]) -> Browser:
    new_user("root", Role.ADMINISTRATOR)
    visitor.sign_in("root")
    return visitor


def test_a_year_is_shown_at_a_time(root: Browser) -> None:
    this_year = root.get("/administrator/days")
    in_chinese = root.get("/administrator/days?year=2020", headers={"Accept-Language": "zh-CN"})

    assert "2026-10-10" in this_year.text
    assert "Saturday" in this_year.text
    assert "2020-10-08" not in this_year.text
    assert all(text in in_chinese.text for text in ("2020-10-08", "国庆节", "星期四"))
    assert 'href="/administrator/days?year=2027"' in this_year.text


@pytest.mark.parametrize("year", ["", "0", "99999", "2026;", "二〇二六"])
def test_a_year_that_is_none_means_this_one(root: Browser, year: str) -> None:
    assert "2026-10-10" in root.get("/administrator/days", query_string={"year": year}).text


def test_a_year_without_special_days_is_said_to_be_unknown(root: Browser) -> None:
    assert "The holidays of 2027 are not known yet" in root.get("/administrator/days?year=2027").text


def test_a_day_is_added_changed_and_removed(root: Browser) -> None:
    added = root.send("/administrator/days/new", FORM)
    shown = root.get(added.location).text
    filled = root.get("/administrator/days/2027-01-01").text
    changed = root.send("/administrator/days/2027-01-01", {"name_zh": "新年", "name_en": "The New Year"})
    renamed = root.get(changed.location).text
    removed = root.send("/administrator/days/2027-01-01/remove")
    empty = root.get(removed.location).text

    assert [answer.status_code for answer in (added, changed, removed)] == [303, 303, 303]
    assert "2027-01-01" in shown
    assert 'value="元旦"' in filled
    assert "The New Year" in renamed
    assert "not known yet" in empty


def test_what_is_wrong_is_said_beside_its_field(root: Browser, store: Store) -> None:
    cases = {
        "Not a valid date value.": {"day": "soon"},
        "Write the day.": {"day": ""},
        "Choose one of them.": {"works": ""},
        "Write the Chinese name.": {"name_zh": " "},
        "can only be a day off": {"works": "works"},
        "2026-01-01 is a special day already.": {"day": "2026-01-01"},
    }

    for sentence, wrong in cases.items():
        answer = root.send("/administrator/days/new", FORM | wrong)

        assert (answer.status_code, sentence in answer.text) == (422, True), sentence
    assert root.send("/administrator/days/new", FORM | {"day": "0001-01-01"}).status_code == 422
    assert root.send("/administrator/days/2026-01-01", {"name_zh": "", "name_en": ""}).status_code == 422
    with store() as session:
        assert session.get(SpecialDayRow, date(2027, 1, 1)) is None


@pytest.mark.parametrize("day", ["2027-01-01", "never"])
def test_a_day_that_is_not_there_is_not_found(root: Browser, day: str) -> None:
    assert root.get(f"/administrator/days/{day}").status_code == 404
    assert root.send(f"/administrator/days/{day}/remove").status_code == 404
