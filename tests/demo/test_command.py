import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from techauction.demo.command import MARKER, NotADemonstration, prepare


def test_an_empty_directory_becomes_a_demonstration(tmp_path: Path) -> None:
    settings = prepare(tmp_path, fresh=False)

    assert settings.demo
    assert (tmp_path / MARKER).is_file()
    assert prepare(tmp_path, fresh=False) == settings


@pytest.mark.parametrize("fresh", [False, True])
def test_a_directory_with_anything_else_in_it_stays_as_it_is(tmp_path: Path, fresh: bool) -> None:
    (tmp_path / "techauction.db").write_text("somebody's work")

    with pytest.raises(NotADemonstration):
        prepare(tmp_path, fresh=fresh)

    assert [each.name for each in tmp_path.iterdir()] == ["techauction.db"]


def test_starting_over_empties_a_demonstration_but_follows_no_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    demo = tmp_path / "demo"
    demo.mkdir()
    before = prepare(demo, fresh=False)
    (demo / "exports").mkdir()
    (demo / "exports" / "old.csv").touch()
    (demo / "link").symlink_to(elsewhere)

    after = prepare(demo, fresh=True)

    assert sorted(each.name for each in demo.iterdir()) == [MARKER, "secret_key", "settings.toml"]
    assert after.secret_key != before.secret_key
    assert (elsewhere / "kept").exists()


def test_a_houses_database_is_never_a_demonstrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TECHAUCTION_DATABASE_URL", "postgresql+psycopg://house/auctions")

    assert prepare(tmp_path, fresh=False).database_url == f"sqlite:///{tmp_path / 'techauction.db'}"


@pytest.mark.slow
def test_the_command_plays_once_reports_each_time_and_names_its_files(tmp_path: Path) -> None:
    def run(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "techauction", "--instance", str(tmp_path / "demo"), "demo", "--no-serve", *more]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, "PYTHONUTF8": "1"}
        )

    first, second, third = run(), run(), run("--fresh")

    assert [each.returncode for each in (first, second, third)] == [0, 0, 0], first.stderr + second.stderr + third.stderr
    assert first.stdout == second.stdout == third.stdout
    assert "9610" in first.stdout
    assert "13413" in first.stdout
    assert re.search(r"合计 total\s+60\s+60\s+9610\s+13413\s+3803\s+39\.57", first.stdout)
    assert "was played here before" in second.stderr
    assert "was played here before" not in third.stderr
    for form in ("xlsx", "csv"):
        file = tmp_path / "demo" / "exports" / f"joint-2020-settlement.{form}"
        assert str(file) in first.stdout
        assert file.is_file()
