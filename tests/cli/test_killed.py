"""What a backup or a restore leaves when it is killed."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.killing import killed_at

MOST_STEPS = 200


def acknowledged(file: Path, name: str) -> None:
    """Commit a market in a process that dies at once: what it wrote stands in the WAL alone."""
    child = os.fork()
    if child == 0:
        connection = sqlite3.connect(file, isolation_level=None)
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("UPDATE markets SET name_en = ? WHERE key = 'zhejiang'", (name,))
        os._exit(0)
    os.waitpid(child, 0)
    assert file.with_name(file.name + "-wal").stat().st_size > 0


def market_of(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        (name,) = connection.execute("SELECT name_en FROM markets WHERE key = 'zhejiang'").fetchone()
    return str(name)


def test_a_restore_that_is_killed_leaves_the_old_state_or_the_new_one(run: Run, installed: Path, tmp_path: Path) -> None:
    database = installed / "techauction.db"
    acknowledged(database, "Before")
    assert run("backup", tmp_path / "b.tar.gz").exit_code == 0
    new_secret = (installed / "secret_key").read_text()
    (installed / "secret_key").write_text("old")
    acknowledged(database, "Folded")
    assert market_of(database) == "Folded"  # who closes the file last folds its WAL in
    acknowledged(database, "Acknowledged")
    seen = set()

    for step in range(1, MOST_STEPS):
        at = tmp_path / f"killed-{step}" / "instance"
        shutil.copytree(installed, at)
        if not killed_at(step, at, "restore", str(tmp_path / "b.tar.gz"), "--force"):
            break
        raw = tmp_path / f"raw-{step}"
        shutil.copytree(at, raw)
        assert market_of(raw / "techauction.db") in {"Acknowledged", "Before"}, "whoever opens the file finds one of the two"

        assert run("market", "list", on=at).exit_code == 0

        state = (market_of(at / "techauction.db"), (at / "secret_key").read_text())
        assert state in {("Acknowledged", "old"), ("Before", new_secret)}, step
        assert not (at / "restoring").exists()
        seen.add(state)
    else:
        pytest.fail("it never came to its end")

    assert len(seen) == 2, "it was killed before and after"


def test_a_backup_that_is_killed_leaves_no_secrets(run: Run, installed: Path, tmp_path: Path) -> None:
    assert run("user", "add", "ada", "--role", "auditor").exit_code == 0
    assert run("backup", tmp_path / "first.tar.gz").exit_code == 0  # makes the keys
    for step in range(1, MOST_STEPS):
        folder = tmp_path / f"to-{step}"
        folder.mkdir()
        if not killed_at(step, installed, "backup", str(folder / "b.tar.gz")):
            break
        left = [each for each in folder.iterdir() if each.name != "b.tar.gz"]
        assert [each.stat().st_size for each in left] == [0] * len(left), (step, left)
    else:
        pytest.fail("it never came to its end")

    assert step > 10, "it was killed at many steps"
    assert [each.name for each in folder.iterdir()] == ["b.tar.gz"]
