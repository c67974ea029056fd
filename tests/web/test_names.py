"""New names of organisations, as organizers and administrators ask for them and approve them."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.names import Name
from techauction.db import writing
from techauction.store.people import OrganisationRow, Role, UserRow
from techauction.store.renames import RenameRow
from tests.builders import an_organisation
from tests.web.conftest import Browser

Store = Callable[[], Session]
FORM = {"name_zh": "新名公司", "name_en": "", "reason": "Notice 7 of the registration authority."}


@pytest.fixture
def organisation(store: Store) -> int:
    with store() as session, writing(session):
        return an_organisation(session, name_zh="旧名公司", name_en="Old Name", market="shanghai").id


@pytest.fixture
def people(app: Flask, new_user: Callable[..., UserRow]) -> dict[str, Browser]:
    """Return the browsers of two organizers of the organisation's market, one of another's, and an administrator."""
    found = {}
    for name, role, more in (
        ("olga", Role.ORGANIZER, {}),
        ("otto", Role.ORGANIZER, {}),
        ("anna", Role.ORGANIZER, {"market_key": "anhui"}),
        ("root", Role.ADMINISTRATOR, {}),
    ):
        new_user(name, role, **more)
        client = app.test_client()
        assert isinstance(client, Browser)
        client.sign_in(name)
        found[name] = client
    return found


def called(store: Store, organisation: int) -> Name:
    with store() as session:
        return session.get_one(OrganisationRow, organisation).name


def rename_id(store: Store) -> int:
    with store() as session:
        return session.scalars(select(RenameRow.id).order_by(RenameRow.id.desc())).first() or 0


@pytest.mark.parametrize("other", ["otto", "root"])
def test_one_asks_and_another_approves(people: dict[str, Browser], store: Store, organisation: int, other: str) -> None:
    address = f"/organizer/organisations/{organisation}/name"
    assert people["olga"].send(address, FORM).status_code == 303
    assert called(store, organisation) == Name("旧名公司", "Old Name")
    own = people["olga"].get(address).text
    assert "another must approve it" in own
    assert "/approve" not in own

    page = people[other].get(address).text
    assert "新名公司" in page
    assert f"{address}/{rename_id(store)}/approve" in page
    assert people["olga"].send(f"{address}/{rename_id(store)}/approve").status_code == 422
    assert people[other].send(f"{address}/{rename_id(store)}/approve").status_code == 303

    assert called(store, organisation) == Name("新名公司", "新名公司")
    assert people[other].send(f"{address}/{rename_id(store)}/approve").status_code == 422
    assert "旧名公司" in people["olga"].get(address, headers={"Accept-Language": "zh-CN"}).text


def test_it_may_be_declined_and_taken_back(people: dict[str, Browser], store: Store, organisation: int) -> None:
    address = f"/organizer/organisations/{organisation}/name"
    for who, what in (("root", "decline"), ("olga", "take-back")):
        people["olga"].send(address, FORM)
        assert people[who].send(f"{address}/{rename_id(store)}/{what}").status_code == 303

    assert called(store, organisation) == Name("旧名公司", "Old Name")


def test_what_is_wrong_stands_beside_the_field(people: dict[str, Browser], organisation: int) -> None:
    address = f"/organizer/organisations/{organisation}/name"

    missing = people["olga"].send(address, {"name_zh": "", "reason": ""})
    same = people["olga"].send(address, FORM | {"name_zh": "旧名公司", "name_en": "Old Name"})

    assert (missing.status_code, same.status_code) == (422, 422)
    assert "Write the Chinese name." in missing.text
    assert "That is the name that it has." in same.text


def test_another_markets_organisation_is_not_there(people: dict[str, Browser], store: Store, organisation: int) -> None:
    address = f"/organizer/organisations/{organisation}/name"
    people["olga"].send(address, FORM)

    assert people["anna"].get(address).status_code == 404
    assert people["anna"].send(address, FORM).status_code == 404
    assert people["anna"].send(f"{address}/{rename_id(store)}/approve").status_code == 404
    assert (
        people["olga"].send(f"/organizer/organisations/{organisation + 1}/name/{rename_id(store)}/take-back").status_code == 404
    )
    assert people["root"].get("/organizer/organisations/999/name").status_code == 404


def test_both_lists_lead_to_it(people: dict[str, Browser], organisation: int) -> None:
    address = f'href="/organizer/organisations/{organisation}/name"'

    assert address in people["olga"].get(f"/organizer/enterprises/{organisation}").text
    assert address in people["root"].get("/administrator/organisations").text
