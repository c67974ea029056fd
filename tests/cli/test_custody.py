"""The commands that look after custody keys, and what else on the command line seals."""

import json
import os
import pty
import sys
import tarfile
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.clock import SystemClock
from techauction.core.money import Money
from techauction.core.record import commitment
from techauction.custody import PRIVATE, PUBLIC, KeyRing
from techauction.db import writing
from techauction.settings import load
from techauction.store.consigning import LotRow, ReserveRow
from tests import builders
from tests.cli.conftest import Run
from tests.plans import a_plan

Store = Callable[[], Session]


def ring(instance: Path) -> KeyRing:
    return KeyRing(instance / PUBLIC, instance / PRIVATE)


def seal(instance: Path, store: Store) -> str:
    """Seal a lot's reserve, and return the key's name."""
    with store() as session, writing(session):
        lot = builders.a_lot(session, reserve_announced=True)
        builders.a_reserve(session, lot, Money(271_828_183), custody=ring(instance))
        return str(session.get_one(ReserveRow, lot.id).key_id)


def test_an_installation_is_made_with_its_custody_keys(run: Run, instance: Path) -> None:
    assert run("init").exit_code == 0

    assert (instance / PRIVATE).stat().st_mode & 0o777 == 0o600
    assert (instance / PUBLIC).stat().st_mode & 0o777 == 0o600


def test_keys_go_where_init_is_told_and_the_settings_remember(run: Run, instance: Path, tmp_path: Path) -> None:
    medium = tmp_path / 'a "medium"' / "keys.json"
    medium.parent.mkdir()
    instance.mkdir()
    (instance / "settings.toml").write_text("https_only = true\n")

    assert run("init", "--custody-key", medium).exit_code == 0

    assert medium.stat().st_mode & 0o777 == 0o600
    assert not (instance / PRIVATE).exists()
    settings = load(instance)
    assert (settings.custody_keys, settings.https_only) == (str(medium), True)


def test_init_is_not_told_two_places_for_the_keys(run: Run, instance: Path, tmp_path: Path) -> None:
    instance.mkdir()
    (instance / "settings.toml").write_text(f'custody_keys = "{tmp_path / "one.json"}"\n')

    answer = run("init", "--custody-key", tmp_path / "other.json")

    assert answer.exit_code == 1
    assert "one.json" in answer.stderr
    assert not (tmp_path / "other.json").exists()


def test_a_person_at_a_terminal_is_asked_where_the_keys_shall_lie(instance: Path, tmp_path: Path) -> None:
    medium = tmp_path / "keys.json"
    child, terminal = pty.fork()
    if child == 0:
        # A fixed program with arguments of ours.
        os.execv(sys.executable, [sys.executable, "-m", "techauction", "--instance", str(instance), "init"])  # noqa: S606
    os.write(terminal, f"{medium}\n".encode())
    with suppress(OSError):  # the terminal ends with the command
        while os.read(terminal, 1_000):
            pass
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert medium.is_file()
    assert not (instance / PRIVATE).exists()


def test_keys_go_where_the_settings_say_and_a_missing_medium_is_said_in_one_line(
    run: Run, instance: Path, tmp_path: Path
) -> None:
    instance.mkdir()
    (instance / "settings.toml").write_text(f'custody_keys = "{tmp_path / "medium" / "keys.json"}"\n')

    refused = run("init")
    (tmp_path / "medium").mkdir()
    made = run("init")

    assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1)
    assert "cannot be kept" in refused.stderr
    assert made.exit_code == 0, made.stderr
    assert (tmp_path / "medium" / "keys.json").is_file()
    assert not (instance / PRIVATE).exists()


def test_missing_keys_are_named_with_how_much_waits_for_them(run: Run, installed: Path, open_store: Store) -> None:
    old = seal(installed, open_store)
    new = run("custody", "rotate-key").stdout.strip()
    here = run("custody", "check-keys")
    (installed / PRIVATE).unlink()
    gone = run("custody", "check-keys")

    assert (here.exit_code, sorted(here.stdout.splitlines())) == (0, sorted([f"{new} here 0", f"{old} here 1"]))
    assert (gone.exit_code, sorted(gone.stdout.splitlines())) == (1, sorted([f"{new} missing 0", f"{old} missing 1"]))
    assert old in gone.stderr


@pytest.mark.usefixtures("installed")
def test_a_key_that_is_away_is_rotated_only_if_it_is_said_to_be_lost(run: Run, installed: Path) -> None:
    ring(installed)
    (installed / PRIVATE).unlink()

    assert run("custody", "rotate-key").exit_code == 1
    assert run("custody", "rotate-key", "--lost").exit_code == 0
    assert run("custody", "check-keys").exit_code == 0


@pytest.mark.usefixtures("installed")
def test_keys_are_copied_for_their_owner_alone(run: Run, installed: Path, tmp_path: Path) -> None:
    ring(installed)

    assert run("custody", "copy-keys", tmp_path / "safe.json").exit_code == 0
    assert run("custody", "copy-keys", tmp_path / "safe.json").exit_code == 1
    assert (tmp_path / "safe.json").stat().st_mode & 0o777 == 0o600
    assert json.loads((tmp_path / "safe.json").read_text()) == json.loads((installed / PRIVATE).read_text())


def test_a_backup_never_holds_the_keys_and_a_restored_house_waits_for_them(
    run: Run, installed: Path, open_store: Store, tmp_path: Path
) -> None:
    key = seal(installed, open_store)
    assert run("backup", tmp_path / "b.tar.gz").exit_code == 0
    private = json.loads((installed / PRIVATE).read_text())["keys"][0]
    repeats = json.loads((installed / PUBLIC).read_text())["repeats"]
    restored = tmp_path / "restored"

    assert run("restore", tmp_path / "b.tar.gz", on=restored).exit_code == 0

    with tarfile.open(tmp_path / "b.tar.gz") as archive:
        said = b"".join(archive.extractfile(each).read() for each in archive.getmembers())  # type: ignore[union-attr]
    assert PRIVATE not in {each.name for each in restored.iterdir()}
    assert not [each for each in (private, repeats, "271828183") if each.encode() in said]
    assert run("custody", "check-keys", on=restored).stdout == f"{key} missing 1\n"
    (installed / PRIVATE).rename(restored / PRIVATE)
    assert run("custody", "check-keys", on=restored).exit_code == 0


def test_the_slips_of_a_round_file_are_written_once_and_open_what_was_sealed(
    run: Run, open_store: Store, tmp_path: Path
) -> None:
    plan = a_plan(opens_at=SystemClock()() + timedelta(hours=1))
    plan["lots"][0]["reserve_fen"] = 250_000_000
    (tmp_path / "round.json").write_text(json.dumps(plan), "utf-8")
    slips = tmp_path / "slips.json"

    answer = run("round", "load", tmp_path / "round.json", "--slips", slips)

    assert answer.exit_code == 0, answer.stderr
    assert slips.stat().st_mode & 0o777 == 0o600
    [slip] = json.loads(slips.read_text())
    assert (slip["lot"], slip["reserve_fen"]) == (1, 250_000_000)
    with open_store() as session:
        [kept] = session.scalars(select(ReserveRow).join(LotRow))
    assert kept.amount is None
    assert kept.commitment == commitment(slip["sealed_as"], Money(slip["reserve_fen"]), slip["salt"])
    (tmp_path / "round.json").write_text(json.dumps(plan | {"round": plan["round"] | {"slug": "another"}}), "utf-8")
    again = run("round", "load", tmp_path / "round.json", "--slips", slips)
    assert again.exit_code == 1
    assert "another" not in run("round", "list").stdout
