"""Two people change the same: the second is shown what the first changed, and nothing is overwritten in silence."""

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction import web
from techauction.core.lot import Stage
from techauction.core.round import Phase
from techauction.db import writing
from techauction.store.aftersale import CaseRow
from techauction.store.auction import AdmissionRow
from techauction.store.base import Row
from techauction.store.consigning import LotRow, ResultRow, RoundRow
from techauction.store.days import SpecialDayRow
from techauction.store.people import OrganisationRow, Role, UserRow
from techauction.web.editing import EditForm
from techauction.web.fields import Form
from tests.builders import a_lot, a_paddle, a_round
from tests.web.conftest import Browser

Store = Callable[[], Session]
NewUser = Callable[..., UserRow]
ADD = "adds what was not there"
DECIDES = "decides once: the use case refuses what was decided"
OWN = "changes what is its sender's alone"
ACT = "an act in the auctioneer's turn, on what stands then"
NOT_EDITS = {
    "ApproveForm": DECIDES,
    "AskForm": ADD,
    "BidForm": ACT,
    "CallForm": ACT,
    "HouseUserForm": ADD,
    "NameForm": DECIDES,
    "NewSignIn": ADD,
    "IssueForm": DECIDES,
    "LotsForm": ACT,
    "OrganisationForm": ADD,
    "OrganisationUserForm": ADD,
    "PasswordForm": "the last password counts, and each is on record",
    "ReasonForm": ACT,
    "ReceiptForm": ADD,
    "RefuseForm": DECIDES,
    "RegistrationForm": ADD,
    "ReturnForm": DECIDES,
    "SealForm": "the last reserve sealed before the deadline counts, and it is the officer's alone",
    "SearchForm": "asks",
    "SignInForm": OWN,
    "SlipForm": "must give the commitment that was published",
    "SpeedForm": ADD,
    "StepForm": ADD,
    "TokenForm": OWN,
    "UserForm": "is the others' part",
    "VoidForm": DECIDES,
    "WithdrawForm": DECIDES,
}
"""Forms that change nothing which somebody else may have changed since it was shown, and why."""


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A form that changes what is kept, as two people send it: what is sent, and what stands in the row for it."""

    form: str
    by: tuple[str, str]
    shown_at: str
    sent_to: str
    first: dict[str, Any]
    second: dict[str, Any]
    kept: Callable[[Session], Any]
    after_first: Any
    after_both: Any


class House:
    """A house with one of everything that is changed by a form."""

    def __init__(self, app: Flask, store: Store, new_user: NewUser) -> None:
        self.app, self.store = app, store
        with store() as session, writing(session):
            draft = a_round(session, slug="draft", phase=Phase.DRAFT, published_at=None)
            waiting = a_lot(session, draft, number=None, stage=Stage.SUBMITTED)
            waiting.result.owners, waiting.result.rights = "Somebody", "Know-how"
            self.draft, self.waiting, institute = draft.id, waiting.id, waiting.result.institute_id
            paddle = a_paddle(session, 101, a_lot(session, a_round(session, slug="spring"), number=1))
            self.paddle, self.admitted = paddle.id, session.scalars(select(AdmissionRow.lot_id)).one()
            session.add(SpecialDayRow(day=date(2027, 1, 1), works=False, name_zh="元旦", name_en="New Year"))
            for row in session.scalars(select(OrganisationRow)):
                row.market_key = "zhejiang"
        for name in ("olga", "otto"):
            new_user(name, Role.ORGANIZER, market_key="zhejiang")
            new_user(f"inst-{name}", Role.INSTITUTE, organisation_id=institute)
            new_user(f"root-{name}", Role.ADMINISTRATOR)

    def browser(self, name: str) -> Browser:
        """Return the browser of somebody who is signed in."""
        client = self.app.test_client()
        assert isinstance(client, Browser)
        client.sign_in(name)
        return client

    def edits(self) -> Iterator[Edit]:
        """Yield each form that changes what is kept."""
        result = f"/institute/results/{self.waiting}/edit"
        yield Edit(
            form="RoundForm",
            by=("olga", "otto"),
            shown_at="/organizer/rounds/draft/edit",
            sent_to="/organizer/rounds/draft/edit",
            first={"title_zh": "甲的标题", "max_steps": "7"},
            second={"title_zh": "乙的标题", "collar": "5"},
            kept=lambda session: _of(session.get_one(RoundRow, self.draft), "title_zh", "max_steps", "collar"),
            after_first=("甲的标题", 7, 3),
            after_both=("乙的标题", 7, 5),
        )
        yield Edit(
            form="ResultForm",
            by=("inst-olga", "inst-otto"),
            shown_at=result,
            sent_to=result,
            first={"title_zh": "甲的成果", "maturity": "8"},
            second={"title_zh": "乙的成果", "owners": "乙"},
            kept=lambda session: _of(session.get_one(LotRow, self.waiting).result, "title_zh", "maturity", "owners"),
            after_first=("甲的成果", 8, "Somebody"),
            after_both=("乙的成果", 8, "乙"),
        )
        yield Edit(
            form="DayNamesForm",
            by=("root-olga", "root-otto"),
            shown_at="/administrator/days/2027-01-01",
            sent_to="/administrator/days/2027-01-01",
            first={"name_zh": "甲日"},
            second={"name_zh": "乙日"},
            kept=lambda session: _of(session.get_one(SpecialDayRow, date(2027, 1, 1)), "name_zh", "name_en"),
            after_first=("甲日", "New Year"),
            after_both=("乙日", "New Year"),
        )
        rights = f"/organizer/rounds/spring/paddles/{self.paddle}/priority"
        yield Edit(
            form="RightForm",
            by=("olga", "otto"),
            shown_at=rights,
            sent_to=rights,
            first={"lot": self.admitted, "rank": "1"},
            second={"lot": self.admitted, "rank": "2"},
            kept=lambda session: session.scalars(select(AdmissionRow.priority_rank)).all(),
            after_first=[1],
            after_both=[2],
        )


def _of(row: Row, *names: str) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in names)


@pytest.fixture
def edited(app: Flask, store: Store, new_user: NewUser) -> House:
    return House(app, store, new_user)


def forms() -> set[type[Form]]:
    """Return every form of the pages."""
    for module in pkgutil.walk_packages(web.__path__, "techauction.web."):
        importlib.import_module(module.name)
    found, waiting = set(), [Form]
    while waiting:
        for each in waiting.pop().__subclasses__():
            if each not in found and each.__module__.startswith("techauction."):
                found.add(each)
                waiting.append(each)
    return found - {EditForm}


def test_no_form_that_changes_what_is_kept_is_forgotten(edited: House) -> None:
    editing = {each.__name__ for each in forms() if issubclass(each, EditForm)}
    others = {each.__name__ for each in forms()} - editing

    # What is decided as it was shown has tests of its own (`test_decided`, `test_room`); a new day
    # is added by the form that names one.
    own = {"AcceptForm", "CallOffForm", "InstructionForm", "PublishForm", "SpecialDayForm"}
    assert editing - own == {each.form for each in edited.edits()}
    assert others == set(NOT_EDITS)


@pytest.mark.parametrize("form", ["RoundForm", "ResultForm", "DayNamesForm", "RightForm"])
def test_the_second_is_shown_what_the_first_changed_and_then_decides(edited: House, store: Store, form: str) -> None:
    edit = next(each for each in edited.edits() if each.form == form)
    first, second = (edited.browser(name) for name in edit.by)
    shown = filled(first.get(edit.shown_at).text)
    also_shown = filled(second.get(edit.shown_at).text)

    assert first.send(edit.sent_to, shown | edit.first).status_code == 303
    refused = second.send(edit.sent_to, also_shown | edit.second)

    assert refused.status_code == 422
    assert "Somebody else changed this while you had it open." in refused.text
    with store() as session:
        assert edit.kept(session) == edit.after_first
    for said in edit.second.values():
        assert str(said) in refused.text, "what the second had typed is lost"
    for name, said in edit.first.items():
        if name != "lot":
            assert re.search(rf"(to: |value=\"){said}|<option selected value=\"{said}\"|rank {said}", refused.text), said

    assert second.send(edit.sent_to, filled(refused.text)).status_code == 303
    with store() as session:
        assert edit.kept(session) == edit.after_both


@pytest.mark.parametrize("form", ["RoundForm", "ResultForm", "DayNamesForm", "RightForm"])
@pytest.mark.parametrize("seen", ["", "title_zh=0 name_zh=0"])
def test_without_marks_of_what_was_shown_nothing_is_changed(edited: House, store: Store, form: str, seen: str) -> None:
    edit = next(each for each in edited.edits() if each.form == form)
    browser = edited.browser(edit.by[0])
    with store() as session:
        before = edit.kept(session)

    answer = browser.send(edit.sent_to, filled(browser.get(edit.shown_at).text) | edit.first | {"seen": seen})

    assert answer.status_code == 422
    with store() as session:
        assert edit.kept(session) == before


def test_a_draft_that_was_given_another_address_meanwhile_loses_no_text(edited: House, store: Store) -> None:
    first, second = edited.browser("olga"), edited.browser("otto")
    shown = filled(second.get("/organizer/rounds/draft/edit").text)
    first.change("/organizer/rounds/draft/edit", filled(first.get("/organizer/rounds/draft/edit").text) | {"slug": "moved"})

    refused = second.send("/organizer/rounds/draft/edit", shown | {"title_zh": "乙的标题"})

    assert refused.status_code == 422
    assert "乙的标题" in refused.text
    assert second.send("/organizer/rounds/draft/edit", filled(refused.text)).status_code == 303
    with store() as session:
        assert _of(session.get_one(RoundRow, edited.draft), "slug", "title_zh") == ("moved", "乙的标题")


def test_what_is_accepted_is_what_was_shown(edited: House, store: Store) -> None:
    organizer, institute = edited.browser("olga"), edited.browser("inst-olga")
    address = f"/organizer/results/{edited.waiting}"
    shown = filled(organizer.get(address).text, action=f"{address}/accept")
    edit = f"/institute/results/{edited.waiting}/edit"
    institute.send(edit, filled(institute.get(edit).text) | {"start": "999万"})

    refused = organizer.send(f"{address}/accept", shown)

    assert refused.status_code == 422
    assert "Somebody else changed this while you had it open." in refused.text
    assert "¥9,990,000" in refused.text
    with store() as session:
        assert session.get_one(LotRow, edited.waiting).stage is Stage.SUBMITTED
        assert session.scalars(select(CaseRow)).all() == []
        assert session.scalars(select(ResultRow)).all()
    assert organizer.send(f"{address}/accept", filled(refused.text, action=f"{address}/accept")).status_code == 303


def filled(page: str, action: str | None = None) -> dict[str, Any]:
    """Return what a browser would send of the page's form: the largest, or the one that is sent to `action`."""
    found = re.findall(r"<form method=\"post\".*?</form>", page, re.DOTALL)
    form = max((each for each in found if action is None or action in each), key=len)
    said: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = _attribute(tag, "name"), _attribute(tag, "value")
        kind = _attribute(tag, "type")
        if not name or name == "csrf_token" or (kind in ("checkbox", "radio") and " checked" not in tag):
            continue
        said.setdefault(name, []).append(value)
    for name, inner in re.findall(r"<textarea[^>]*name=\"(\w+)\"[^>]*>\r?\n?(.*?)</textarea>", form, re.DOTALL):
        said[name] = [unescape(inner)]
    for name, inner in re.findall(r"<select[^>]*name=\"(\w+)\"[^>]*>(.*?)</select>", form, re.DOTALL):
        chosen = re.search(r"<option selected value=\"([^\"]*)\"", inner) or re.search(r"<option value=\"([^\"]*)\"", inner)
        said[name] = [unescape(chosen[1])] if chosen else []
    return said


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf' {name}="([^"]*)"', tag)
    return unescape(found[1]) if found else ""
