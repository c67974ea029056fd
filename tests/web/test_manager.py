"""A technology-transfer manager's pages."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.clock import ManualClock
from techauction.core.handoff import CaseKind, Step
from techauction.core.lot import Stage
from techauction.db import writing
from techauction.services.handoff import accept_case, open_case
from techauction.store.aftersale import CaseRow, CaseStepRow
from techauction.store.people import Role, UserRow
from tests.builders import a_lot, a_paddle, wan
from tests.conftest import TEN
from tests.web.conftest import Browser

Make = Callable[..., int]


@pytest.fixture
def manager(new_user: Callable[..., UserRow], visitor: Browser) -> UserRow:
    """Return Zhejiang's manager, signed in."""
    made = new_user("mei", Role.MANAGER, market_key="zhejiang", field_keys=("energy",))
    visitor.sign_in("mei")
    return made


@pytest.fixture
def new_case(store: Callable[[], Session]) -> Make:
    """Return a maker of cases of lots that paddle 260 leads; the hammer fell at ten."""

    def make(kind: CaseKind = CaseKind.SOLD, *, accepted: bool = False) -> int:
        with store() as session, writing(session):
            lot = a_lot(session, stage=Stage.ENDED, standing_paddle=260, standing_amount=wan(300), standing_at=TEN)
            a_paddle(session, 260, lot)
            open_case(session, lot=lot, kind=kind, now=TEN)
            case = session.get_one(CaseRow, lot.id)
            if accepted:
                assert case.manager_id is not None
                accept_case(session, case_id=lot.id, manager_id=case.manager_id, now=TEN)
            return lot.id

    return make


@pytest.mark.usefixtures("manager")
def test_a_manager_without_cases_is_told_where_they_come_from(visitor: Browser) -> None:
    page = visitor.get("/manager/cases")

    assert page.status_code == 200
    assert "No cases here" in page.text


@pytest.mark.usefixtures("manager")
def test_sold_lots_and_follow_ups_are_listed_apart(visitor: Browser, new_case: Make) -> None:
    sold, follow_up = new_case(), new_case(CaseKind.FOLLOW_UP)

    page = visitor.get("/manager/cases").text
    other = visitor.get("/manager/cases?kind=follow_up").text

    assert f"/manager/cases/{sold}" in page
    assert f"/manager/cases/{follow_up}" not in page
    assert f"/manager/cases/{follow_up}" in other
    assert f"/manager/cases/{sold}" not in other


@pytest.mark.usefixtures("manager")
def test_a_case_is_accepted_and_its_first_step_recorded(visitor: Browser, new_case: Make, store: Callable[[], Session]) -> None:
    lot_id = new_case()

    assert "Accept the case" in visitor.get(f"/manager/cases/{lot_id}").text
    assert visitor.send(f"/manager/cases/{lot_id}/accept").status_code == 303
    answer = visitor.send(
        f"/manager/cases/{lot_id}/steps", {"step": "sale_confirmed", "done_on": "2026-11-02", "note": "No. 7"}
    )

    assert answer.status_code == 303
    with store() as session:
        kept = session.scalars(select(CaseStepRow)).one()
    assert (kept.step, kept.note) == (Step.SALE_CONFIRMED, "No. 7")
    assert "No. 7" in visitor.get(f"/manager/cases/{lot_id}").text


@pytest.mark.usefixtures("manager")
@pytest.mark.parametrize(
    ("step", "day", "sentence"),
    [
        ("contract_signed", "2026-11-02", "must come before"),
        ("sale_confirmed", "2026-11-03", "The day must be from 2026-11-02"),
        ("sale_confirmed", "2026-11-01", "The day must be from 2026-11-02"),
        ("sale_confirmed", "", "Write the day."),
        ("parties_asked", "2026-11-02", "no such step"),
        ("x", "2026-11-02", "no such step"),
    ],
)
def test_a_step_that_cannot_be_is_refused_beside_its_field(
    visitor: Browser, new_case: Make, store: Callable[[], Session], step: str, day: str, sentence: str
) -> None:
    lot_id = new_case(accepted=True)

    answer = visitor.send(f"/manager/cases/{lot_id}/steps", {"step": step, "done_on": day, "note": ""})

    assert answer.status_code == 422
    assert sentence in answer.text
    with store() as session:
        assert session.scalars(select(CaseStepRow)).all() == []


@pytest.mark.usefixtures("manager")
def test_a_form_sent_twice_records_one_step(visitor: Browser, new_case: Make, store: Callable[[], Session]) -> None:
    lot_id = new_case(accepted=True)
    sent = {"step": "sale_confirmed", "done_on": "2026-11-02", "note": ""}

    answers = [visitor.send(f"/manager/cases/{lot_id}/steps", sent) for _ in range(2)]

    assert [each.status_code for each in answers] == [303, 422]
    assert "on record already" in answers[1].text
    with store() as session:
        assert len(session.scalars(select(CaseStepRow)).all()) == 1


@pytest.mark.usefixtures("manager")
def test_another_managers_case_is_not_there(
    visitor: Browser, new_case: Make, new_user: Callable[..., UserRow], app: Flask
) -> None:
    lot_id = new_case(accepted=True)
    new_user("other", Role.MANAGER, market_key="zhejiang")
    other = app.test_client()
    assert isinstance(other, Browser)
    other.sign_in("other")

    assert visitor.get(f"/manager/cases/{lot_id}").status_code == 200
    assert other.get(f"/manager/cases/{lot_id}").status_code == 404
    for act in ("accept", "close", "steps"):
        sent = {"step": "sale_confirmed", "done_on": "2026-11-02"}
        assert other.send(f"/manager/cases/{lot_id}/{act}", sent).status_code == 404


@pytest.mark.usefixtures("manager")
def test_a_late_case_is_shown_as_overdue(visitor: Browser, new_case: Make, clock: ManualClock) -> None:
    lot_id = new_case(accepted=True)
    assert f"/manager/cases/{lot_id}" not in visitor.get("/manager/cases?state=overdue").text

    clock.advance(timedelta(days=3))
    visitor.sign_in("mei")

    assert f"/manager/cases/{lot_id}" in visitor.get("/manager/cases?state=overdue").text


@pytest.mark.usefixtures("manager")
def test_a_follow_up_is_ended_and_closed(visitor: Browser, new_case: Make, store: Callable[[], Session]) -> None:
    lot_id = new_case(CaseKind.FOLLOW_UP, accepted=True)
    too_early = visitor.send(f"/manager/cases/{lot_id}/close")
    visitor.send(f"/manager/cases/{lot_id}/steps", {"step": "follow_up_ended", "done_on": "2026-11-02", "note": ""})

    answer = visitor.send(f"/manager/cases/{lot_id}/close")

    assert too_early.status_code == 422
    assert answer.status_code == 303
    with store() as session:
        assert session.get_one(CaseRow, lot_id).closed_at is not None
    assert f"/manager/cases/{lot_id}" in visitor.get("/manager/cases?kind=follow_up&state=closed").text


def test_a_long_list_has_pages(visitor: Browser, manager: UserRow, new_case: Make) -> None:
    assert manager.id
    for _ in range(21):
        new_case()

    first, second = visitor.get("/manager/cases").text, visitor.get("/manager/cases?page=2").text

    assert first.count('<td data-label="Lot"') == 20
    assert second.count('<td data-label="Lot"') == 1
