"""A round in which everything happened, to be written over at will: nothing of that is kept."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from techauction.custody import PRIVATE, PUBLIC, KeyRing
from techauction.reports.record_of_sale import verify_round
from tests.everything import everything
from tests.rounds import Played


@pytest.fixture(scope="module")
def everything_sold(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Played]:
    """Return the SQLite file of a round that was sold, and the round."""
    folder = tmp_path_factory.mktemp("everything")
    file = folder / "techauction.db"
    shutil.copy(migrated_file, file)
    engine = create_engine(f"sqlite:///{file}")
    with Session(engine, expire_on_commit=False) as session:
        played = everything(session, KeyRing(folder / PUBLIC, folder / PRIVATE))
        assert verify_round(session, played.row.slug) == []
        session.commit()
    engine.dispose()
    return file, played


@pytest.fixture
def owner(everything_sold: tuple[Path, Played]) -> Iterator[Session]:
    """Yield a session of somebody who owns the database, and whom no constraint stops that SQLite can be told to leave out."""
    engine = create_engine(f"sqlite:///{everything_sold[0]}", poolclass=StaticPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = 0")
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = 1")
    with Session(engine) as session:
        yield session
        session.rollback()
    engine.dispose()
