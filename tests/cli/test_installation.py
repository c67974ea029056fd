import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from techauction import __name__ as package
from techauction.cli import main
from techauction.db import make_engine
from techauction.identity import passwords
from techauction.lock import InstanceBusy, held
from techauction.settings import load
from techauction.store.people import Role, UserRow
from tests.cli.conftest import Run

EVERY_COMMAND = [
    (name, *more)
    for name, command in main.commands.items()
    for more in ([()] + [(each,) for each in getattr(command, "commands", {})])
]


def test_init_makes_an_installation_and_prints_the_password_alone(run: Run, instance: Path) -> None:
    answer = run("init")

    assert answer.exit_code == 0
    [password] = answer.stdout.splitlines()
    assert password not in answer.stderr
    assert (instance / "secret_key").stat().st_mode & 0o777 == 0o600
    assert (instance / "techauction.db").stat().st_mode & 0o777 == 0o600
    engine = make_engine(f"sqlite:///{instance / 'techauction.db'}")
    with engine.connect() as connection:
        kept = connection.execute(UserRow.__table__.select()).one()
    engine.dispose()
    assert (kept.sign_in_name, kept.role) == ("administrator", Role.ADMINISTRATOR)
    assert passwords(load(instance)).match(kept.password_hash, password)
    assert run("db", "check").exit_code == 0


def test_init_takes_a_password_from_standard_input_and_does_not_print_it(run: Run) -> None:
    answer = run("init", "--password-stdin", said="a sentence to remember\n")

    assert answer.exit_code == 0
    assert answer.stdout == ""


def test_a_password_that_is_too_short_makes_no_installation(run: Run, instance: Path) -> None:
    answer = run("init", "--password-stdin", said="short\n")

    assert answer.exit_code == 1
    assert not (instance / "techauction.db").exists()


def test_a_second_init_is_refused_and_changes_nothing(run: Run, instance: Path) -> None:
    run("init")
    before = (instance / "techauction.db").read_bytes()

    answer = run("init")

    assert answer.exit_code == 1
    assert answer.stdout == ""
    assert len(answer.stderr.splitlines()) == 1
    assert (instance / "techauction.db").read_bytes() == before


def test_a_directory_of_something_else_is_left_alone(run: Run, instance: Path) -> None:
    instance.mkdir()
    (instance / "thesis.txt").write_text("years of work")

    assert run("init").exit_code == 1
    assert sorted(each.name for each in instance.iterdir() if each.name != "lock") == ["thesis.txt"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("user", "list"),
        ("round", "list"),
        ("serve",),
        ("db", "check"),
        ("backup", "x.tar.gz"),
        ("record", "verify", "--round", "x"),
    ],
)
def test_without_an_installation_there_is_one_line_that_says_so(run: Run, instance: Path, arguments: tuple[str, ...]) -> None:
    answer = run(*arguments)

    assert answer.exit_code == 1
    assert "techauction init" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
    assert not instance.exists()


@pytest.mark.parametrize("command", EVERY_COMMAND, ids=" ".join)
def test_every_command_has_a_page_of_help(run: Run, command: tuple[str, ...]) -> None:
    answer = run(*command, "--help")

    assert answer.exit_code == 0
    assert "Usage:" in answer.stdout


def test_a_command_that_is_none_is_a_matter_of_usage(run: Run) -> None:
    assert run("sell").exit_code == 2


@pytest.mark.usefixtures("installed")
def test_a_database_of_another_version_is_refused(run: Run) -> None:
    run("db", "downgrade", "0001", "--yes")

    answer = run("round", "list")

    assert answer.exit_code == 1
    assert "db upgrade" in answer.stderr
    assert run("db", "revision").stdout == "0001\n"
    assert run("db", "upgrade").exit_code == 0
    assert run("round", "list").exit_code == 0


@pytest.mark.usefixtures("installed")
def test_a_revision_that_does_not_exist_is_refused(run: Run) -> None:
    answer = run("db", "upgrade", "9999")

    assert answer.exit_code == 1
    assert "0003" in answer.stderr


def test_a_downgrade_that_would_tear_data_apart_is_refused(run: Run, sold: str) -> None:
    answer = run("db", "downgrade", "base", "--yes")

    assert answer.exit_code == 1
    assert len(answer.stderr.splitlines()) == 1
    assert sold in run("round", "list").stdout


def test_a_schema_that_was_tampered_with_is_found(run: Run, installed: Path) -> None:
    with closing(sqlite3.connect(installed / "techauction.db")) as connection:
        connection.execute("ALTER TABLE users ADD COLUMN note TEXT")

    answer = run("db", "check")

    assert answer.exit_code == 1
    assert "note" in answer.stdout
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("user", "add", "ada", "--role", "auditor"),
        ("user", "disable", "ada"),
        ("db", "upgrade"),
        ("db", "downgrade", "0001", "--yes"),
        ("serve", "--port", "0"),
    ],
)
def test_nothing_is_written_while_another_process_holds_the_lock(run: Run, installed: Path, arguments: tuple[str, ...]) -> None:
    with held(installed, "serve"):
        answer = run(*arguments)

    assert answer.exit_code == 1
    assert "is in use by serve" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_the_lock_is_free_again_when_its_holder_is_done(installed: Path) -> None:
    with held(installed, "serve"), pytest.raises(InstanceBusy), held(installed, "restore"):
        pass

    with held(installed, "restore"):
        assert package == "techauction"
