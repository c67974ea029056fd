"""Cases that wait for a manager, as organizers and administrators see them."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from techauction.core.handoff import CaseKind
from techauction.db import writing
from techauction.services.handoff import accept_case, open_case
from techauction.store.aftersale import CaseRow
from techauction.store.people import Role, UserRow
from tests.builders import a_lot
from tests.conftest import TEN
from tests.web.conftest import Browser


@pytest.fixture
def waiting(store: Callable[[], Session]) -> int:
    """Return a case of Zhejiang's, opened while it had no manager."""
    with store() as session, writing(session):
        lot = a_lot(session)
        open_case(session, lot=lot, kind=CaseKind.SOLD, now=TEN)
        return lot.id


def test_an_organizer_gives_a_waiting_case_to_a_manager(
    visitor: Browser, new_user: Callable[..., UserRow], waiting: int, store: Callable[[], Session]
) -> None:
    manager = new_user("mei", Role.MANAGER, market_key="zhejiang")
    new_user("olga", Role.ORGANIZER, market_key="zhejiang")
    visitor.sign_in("olga")

    page = visitor.get("/organizer/cases")
    answer = visitor.send(f"/organizer/cases/{waiting}/manager", {"manager": manager.id})

    assert "Cases without a manager: 1" in page.text
    assert answer.status_code == 303
    with store() as session:
        assert session.get_one(CaseRow, waiting).manager_id == manager.id


def test_another_markets_organizer_does_not_see_the_case(
    visitor: Browser, new_user: Callable[..., UserRow], waiting: int
) -> None:
    manager = new_user("mei", Role.MANAGER, market_key="zhejiang")
    new_user("olga", Role.ORGANIZER, market_key="anhui")
    visitor.sign_in("olga")

    assert f"/organizer/cases/{waiting}" not in visitor.get("/organizer/cases").text
    assert visitor.send(f"/organizer/cases/{waiting}/manager", {"manager": manager.id}).status_code == 404


def test_an_administrator_gives_cases_of_any_market(
    visitor: Browser, new_user: Callable[..., UserRow], waiting: int, store: Callable[[], Session]
) -> None:
    manager = new_user("mei", Role.MANAGER, market_key="zhejiang")
    new_user("root", Role.ADMINISTRATOR)
    visitor.sign_in("root")

    visitor.send(f"/organizer/cases/{waiting}/manager", {"manager": manager.id})

    with store() as session:
        assert session.get_one(CaseRow, waiting).manager_id == manager.id


@pytest.mark.parametrize("asked", ["", "x", "999999"])
def test_a_manager_who_is_none_is_not_found(
    visitor: Browser, new_user: Callable[..., UserRow], waiting: int, asked: str
) -> None:
    new_user("olga", Role.ORGANIZER, market_key="zhejiang")
    visitor.sign_in("olga")

    assert visitor.send(f"/organizer/cases/{waiting}/manager", {"manager": asked}).status_code == 404


def test_an_accepted_case_is_given_to_nobody_else(
    visitor: Browser, new_user: Callable[..., UserRow], waiting: int, store: Callable[[], Session]
) -> None:
    first = new_user("mei", Role.MANAGER, market_key="zhejiang")
    second = new_user("lin", Role.MANAGER, market_key="zhejiang")
    new_user("olga", Role.ORGANIZER, market_key="zhejiang")
    visitor.sign_in("olga")
    visitor.send(f"/organizer/cases/{waiting}/manager", {"manager": first.id})
    with store() as session, writing(session):
        accept_case(session, case_id=waiting, manager_id=first.id, now=TEN)

    answer = visitor.send(f"/organizer/cases/{waiting}/manager", {"manager": second.id})

    assert answer.status_code == 422
    assert "accepted this case already" in answer.text


def test_a_user_reads_what_the_user_was_told(visitor: Browser, new_user: Callable[..., UserRow], waiting: int) -> None:
    manager = new_user("mei", Role.MANAGER, market_key="zhejiang")
    new_user("olga", Role.ORGANIZER, market_key="zhejiang")
    visitor.sign_in("olga")
    visitor.send(f"/organizer/cases/{waiting}/manager", {"manager": manager.id})
    assert "No notices yet" in visitor.get("/account/notices").text
    visitor.send("/account/sign-out")
    visitor.sign_in("mei")

    assert "New case: lot" in visitor.get("/account/notices").text
