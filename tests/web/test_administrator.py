from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.credit_code import check_sign
from techauction.store.people import ManagerFieldRow, OrganisationRow, Role, UserRow
from tests.web.conftest import PASSWORD, Browser

Store = Callable[[], Session]
BODY = "12330000470003281"
CODE = BODY + check_sign(BODY)
USER = {"name": "王小明", "sign_in_name": "Max", "password": PASSWORD, "market_key": ""}
ORGANISATION = {
    "kind": "university",
    "name_zh": "浙江工业大学",
    "name_en": "Zhejiang University of Technology",
    "credit_code": CODE,
    "province": "Zhejiang",
    "market_key": "zhejiang",
    "role": "institute",
    "sealing_officer": "y",
}


@pytest.fixture
def root(visitor: Browser, new_user: Callable[..., UserRow]) -> Browser:
    new_user("root", Role.ADMINISTRATOR)
    visitor.sign_in("root")
    return visitor


def test_a_manager_is_taken_in_with_market_and_fields(root: Browser, store: Store) -> None:
    answer = root.send(
        "/administrator/users/new", USER | {"role": "manager", "market_key": "anhui", "field_keys": ["life", "energy"]}
    )

    with store() as session:
        user = session.scalars(select(UserRow).where(UserRow.sign_in_name == "max")).one()
        fields = session.scalars(select(ManagerFieldRow.field_key).order_by(ManagerFieldRow.field_key)).all()
    assert answer.status_code == 303
    assert (user.role, user.market_key, user.name, fields) == (Role.MANAGER, "anhui", "王小明", ["energy", "life"])


def test_what_is_wrong_with_a_user_is_said_beside_its_field(root: Browser, store: Store) -> None:
    cases = {
        "Choose a role.": {},
        "Name the market that this user belongs to.": {"role": "organizer"},
        "Somebody else signs in as root.": {"role": "auditor", "sign_in_name": "root"},
        "A sign-in name has at least three": {"role": "auditor", "sign_in_name": "no spaces here"},
        "Write an e-mail address.": {"role": "auditor", "email": "ada"},
        "A password has at least": {"role": "auditor", "password": "short"},
        "The password may not be the sign-in name.": {
            "role": "auditor",
            "sign_in_name": "a.long.sign.in.name",
            "password": "A.long.sign.in.name",
        },
    }

    for sentence, changed in cases.items():
        answer = root.send("/administrator/users/new", USER | changed)

        assert (answer.status_code, sentence in answer.text) == (422, True), sentence
        assert PASSWORD not in answer.text
    with store() as session:
        assert session.scalars(select(UserRow.sign_in_name)).all() == ["root"]


def test_everything_that_is_wrong_with_a_new_organisation_is_said_at_once(root: Browser) -> None:
    said = {"role": "institute", "sign_in_name": "no spaces here", "password": "short", "credit_code": "12"}

    answer = root.send("/administrator/organisations/new", USER | ORGANISATION | said)

    assert answer.status_code == 422
    for sentence in ("A sign-in name has at least three", "A password has at least", "is no unified social credit code"):
        assert sentence in answer.text, sentence


@pytest.mark.parametrize("path", ["/administrator/users/new", "/administrator/organisations/new"])
def test_the_rule_of_passwords_stands_there_before_the_first_try(root: Browser, path: str) -> None:
    assert "At least 12 characters." in root.get(path).text


def test_no_user_of_an_organisation_is_made_without_one(root: Browser) -> None:
    assert root.send("/administrator/users/new", USER | {"role": "institute"}).status_code == 422


def test_an_institute_is_brought_in_with_its_first_user(root: Browser, store: Store) -> None:
    answer = root.send("/administrator/organisations/new", USER | ORGANISATION)
    listed = root.get("/administrator/organisations?q=浙江工业")
    unlisted = root.get("/administrator/organisations?q=nothing")

    with store() as session:
        user = session.scalars(select(UserRow).where(UserRow.sign_in_name == "max")).one()
        organisation = session.scalars(select(OrganisationRow)).one()
    assert answer.status_code == 303
    assert (user.organisation_id, user.sealing_officer) == (organisation.id, True)
    assert CODE in listed.text
    assert CODE not in unlisted.text


def test_a_wrong_credit_code_is_said_beside_its_field(root: Browser) -> None:
    answer = root.send("/administrator/organisations/new", USER | ORGANISATION | {"credit_code": "123"})

    assert answer.status_code == 422
    assert "is no unified social credit code" in answer.text


def test_an_organisation_gets_another_user(root: Browser, store: Store) -> None:
    root.send("/administrator/organisations/new", USER | ORGANISATION)
    with store() as session:
        of = session.scalars(select(OrganisationRow.id)).one()

    answer = root.send(f"/administrator/organisations/{of}/users/new", USER | {"sign_in_name": "bidder", "role": "enterprise"})
    nowhere = root.send("/administrator/organisations/99/users/new", USER | {"sign_in_name": "bid", "role": "enterprise"})

    with store() as session:
        user = session.scalars(select(UserRow).where(UserRow.sign_in_name == "bidder")).one()
    assert (answer.status_code, nowhere.status_code) == (303, 404)
    assert (user.organisation_id, user.role) == (of, Role.ENTERPRISE)


def test_a_user_is_disabled_and_enabled(root: Browser, new_user: Callable[..., UserRow]) -> None:
    user = new_user("ada", Role.AUDITOR)

    disabled = root.send(f"/administrator/users/{user.id}/disable")
    shown = root.get("/administrator/users?q=ada")
    enabled = root.send(f"/administrator/users/{user.id}/enable")
    unknown = root.send("/administrator/users/99/disable")

    assert [each.status_code for each in (disabled, enabled, unknown)] == [303, 303, 404]
    assert "Disabled" in shown.text


def test_the_own_account_is_not_disabled(root: Browser, store: Store) -> None:
    with store() as session:
        own = session.scalars(select(UserRow.id)).one()

    answer = root.send(f"/administrator/users/{own}/disable")

    assert answer.status_code == 422
    assert "You cannot disable the account that you are using." in answer.text


def test_a_user_gets_a_new_password(root: Browser, new_user: Callable[..., UserRow]) -> None:
    user = new_user("ada", Role.AUDITOR)

    answer = root.send(f"/administrator/users/{user.id}/password", {"password": "a wholly new sentence"})
    root.send("/account/sign-out")

    assert answer.status_code == 303
    assert root.sign_in("ada").status_code == 422
    assert root.sign_in("ada", "a wholly new sentence").status_code == 303


def test_lists_are_paged_and_keep_their_filters(root: Browser, new_user: Callable[..., UserRow]) -> None:
    for number in range(30):
        new_user(f"auditor.{number:02}", Role.AUDITOR)

    first = root.get("/administrator/users?role=auditor")
    second = root.get("/administrator/users?role=auditor&page=2")
    past = root.get("/administrator/users?role=auditor&page=99")

    assert "role=auditor&amp;page=2" in first.text
    assert "auditor.00" in first.text
    assert "auditor.29" in second.text
    assert "auditor.29" in past.text
    for page in ("0", "-1", "x", "9" * 40):
        assert root.get(f"/administrator/users?page={page}").status_code == 200


def test_the_audit_trail_shows_who_did_what(root: Browser, new_user: Callable[..., UserRow]) -> None:
    user = new_user("ada", Role.AUDITOR)
    root.send(f"/administrator/users/{user.id}/disable")

    everything = root.get("/administrator/audit")
    chosen = root.get("/administrator/audit?what=user.disabled")

    assert f"user {user.id}" in chosen.text
    assert "session.begun</div>" in everything.text
    assert "session.begun</div>" not in chosen.text


def test_the_list_of_users_says_what_a_round_still_needs(root: Browser, new_user: Callable[..., UserRow]) -> None:
    new_user("olga", Role.ORGANIZER, market_key="zhejiang")

    one = root.get("/administrator/users?lang=en").text
    new_user("oscar", Role.ORGANIZER, market_key="zhejiang")
    new_user("mia", Role.MANAGER, market_key="zhejiang")
    root.send("/administrator/organisations/new", USER | ORGANISATION)
    all_ = root.get("/administrator/users?lang=en").text

    assert "First steps" in one
    assert "Two organizers of a market" in one
    assert "First steps" not in all_
