"""Installations for commands to work on, and a way to run them."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from techauction.cli import main
from techauction.db import make_engine, writing
from tests.rounds import a_round_sold

Run = Callable[..., Result]


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """Return where the installation is, or will be."""
    return tmp_path / "instance"


@pytest.fixture
def run(instance: Path) -> Run:
    """Return a runner of commands on the installation."""

    def command(*arguments: str | Path, said: str | None = None, on: Path | None = None) -> Result:
        return CliRunner(env={"TECHAUCTION_ARGON2_MEMORY_KIB": "8", "TECHAUCTION_ARGON2_TIME": "1"}).invoke(
            main, ["--instance", str(on or instance), *map(str, arguments)], input=said, prog_name="techauction"
        )

    return command


@pytest.fixture
def installed(instance: Path, migrated_file: Path) -> Path:
    """Return an installation with a database and nothing in it."""
    instance.mkdir()
    shutil.copy(migrated_file, instance / "techauction.db")
    return instance


@pytest.fixture
def open_store(installed: Path) -> Iterator[Callable[[], Session]]:
    """Yield a maker of sessions on the installation's database."""
    engine = make_engine(f"sqlite:///{installed / 'techauction.db'}")
    yield lambda: Session(engine, expire_on_commit=False)
    engine.dispose()


@pytest.fixture
def sold(open_store: Callable[[], Session]) -> str:
    """Return the name of a round of six lots that was sold."""
    with open_store() as session, writing(session):
        return a_round_sold(session).row.slug
