"""The administrator's table of special days."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from techauction.core.handoff import CaseKind
from techauction.core.lot import Stage
from techauction.db import writing
from techauction.services.handoff import open_case
from techauction.store.days import SpecialDayRow
from techauction.store.people import Role, UserRow
from tests.builders import a_lot, a_paddle, a_round, an_organisation, wan
from tests.conftest import TEN
from tests.web.conftest import Browser

Store = Callable[[], Session]
NOT_KNOWN = "The holidays of 2026 are not known yet, so a last day there may still move."
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
    changed = root.change("/administrator/days/2027-01-01", {"name_zh": "新年", "name_en": "The New Year"})
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
        "Write the day.": {"day": "soon"},
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


def test_a_manager_reads_that_a_year_of_a_last_day_is_not_known(
    visitor: Browser, new_user: Callable[..., UserRow], store: Store
) -> None:
    new_user("mei", Role.MANAGER, market_key="zhejiang")
    visitor.sign_in("mei")
    with store() as session, writing(session):
        lot = a_lot(session, stage=Stage.ENDED, standing_paddle=260, standing_amount=wan(300), standing_at=TEN)
        a_paddle(session, 260, lot)
        open_case(session, lot=lot, kind=CaseKind.SOLD, now=TEN)
        lot_id = lot.id

    known = visitor.get(f"/manager/cases/{lot_id}").text
    _forget(store)

    assert "2026-11-04" in known
    assert NOT_KNOWN not in known
    assert NOT_KNOWN in visitor.get(f"/manager/cases/{lot_id}").text


def test_a_bidder_reads_that_a_year_of_a_last_day_is_not_known(
    visitor: Browser, new_user: Callable[..., UserRow], store: Store
) -> None:
    with store() as session, writing(session):
        lot = a_lot(session, a_round(session, slug="joint"), number=1)
        organisation = an_organisation(session)
        a_paddle(session, 260, lot, organisation=organisation)
        organisation_id = organisation.id
    new_user("ada", Role.ENTERPRISE, organisation_id=organisation_id)
    visitor.sign_in("ada")

    known = visitor.get("/bidder/rounds/joint/lots/1")
    _forget(store)

    assert known.status_code == 200
    assert NOT_KNOWN not in known.text
    assert NOT_KNOWN in visitor.get("/bidder/rounds/joint/lots/1").text


def _forget(store: Store) -> None:
    with store() as session, writing(session):
        session.execute(delete(SpecialDayRow))
