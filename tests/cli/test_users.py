import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.db import writing
from techauction.store.people import ManagerFieldRow, UserRow
from tests.builders import an_organisation
from tests.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("installed")


def test_a_user_is_added_listed_and_disabled(run: Run) -> None:
    added = run("user", "add", "Ada", "--role", "auditor", "--name", "Ada Li")

    assert added.exit_code == 0
    assert len(added.stdout.split()) == 1
    [entry] = json.loads(run("user", "list", "--format", "json").stdout)
    assert entry == {
        "sign_in_name": "ada",
        "name": "Ada Li",
        "role": "auditor",
        "market": None,
        "organisation": None,
        "disabled": False,
    }
    assert run("user", "disable", "ada").exit_code == 0
    assert json.loads(run("user", "list", "--format", "json").stdout)[0]["disabled"] is True


def test_a_manager_has_a_market_and_fields(run: Run, open_store: Callable[[], Session]) -> None:
    answer = run("user", "add", "mei", "--role", "manager", "--market", "zhejiang", "--field", "energy", "--field", "life")

    assert answer.exit_code == 0
    with open_store() as session:
        assert set(session.scalars(select(ManagerFieldRow.field_key))) == {"energy", "life"}


def test_an_institutes_user_belongs_to_its_organisation(run: Run, open_store: Callable[[], Session]) -> None:
    with open_store() as session, writing(session):
        code = an_organisation(session).credit_code

    answer = run("user", "add", "uni", "--role", "institute", "--organisation", code, "--sealing-officer")

    assert answer.exit_code == 0
    with open_store() as session:
        kept = session.scalars(select(UserRow)).one()
        assert (kept.organisation is not None, kept.sealing_officer) == (True, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("olga", "--role", "organizer"), "market"),
        (("olga", "--role", "organizer", "--market", "moon"), "shanghai"),
        (("mei", "--role", "manager", "--market", "anhui", "--field", "magic"), "digital"),
        (("uni", "--role", "institute"), "organisation"),
        (("uni", "--role", "institute", "--organisation", "1"), "credit code"),
        (("!!", "--role", "auditor"), "sign-in name"),
    ],
)
def test_a_user_who_cannot_be_is_refused_in_one_line(run: Run, arguments: tuple[str, ...], said: str) -> None:
    answer = run("user", "add", *arguments)

    assert answer.exit_code == 1
    assert answer.stdout == ""
    assert said in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_the_same_name_is_not_given_twice(run: Run) -> None:
    run("user", "add", "ada", "--role", "auditor")

    assert run("user", "add", "ADA", "--role", "auditor").exit_code == 1


def test_a_new_password_replaces_the_old_one(run: Run, open_store: Callable[[], Session]) -> None:
    run("user", "add", "ada", "--role", "auditor")
    with open_store() as session:
        before = session.scalars(select(UserRow.password_hash)).one()

    answer = run("user", "password", "ada", "--password-stdin", said="quite another sentence\n")

    assert answer.exit_code == 0
    assert answer.stdout == ""
    with open_store() as session:
        assert session.scalars(select(UserRow.password_hash)).one() != before


@pytest.mark.parametrize("command", ["disable", "password"])
def test_a_user_who_is_not_there_is_named(run: Run, command: str) -> None:
    answer = run("user", command, "nobody")

    assert answer.exit_code == 1
    assert "nobody" in answer.stderr


def test_the_list_is_a_table_of_text(run: Run, installed: Path) -> None:
    assert installed.is_dir()
    assert run("user", "list").stdout == ""
    run("user", "add", "ada", "--role", "auditor")

    assert "ada" in run("user", "list").stdout.splitlines()[2]
