"""Backups of a PostgreSQL database, by PostgreSQL's own programs."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from techauction.cli.instance import Refused


def dump(url: str, target: BinaryIO) -> None:
    """Write the database into an open file, as it stands at one instant.

    :raises Refused: `pg_dump` is not here, or fails
    """
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", into=target)


def restore(url: str, source: Path) -> None:
    """Put a dump in the place of what the database holds.

    :raises Refused: `pg_restore` is not here, or fails
    """
    _run(
        "pg_restore",
        url,
        "--clean",
        "--if-exists",
        "--no-owner",
        "--no-privileges",
        "--exit-on-error",
        "--single-transaction",
        str(source),
    )


def is_empty(engine: Engine) -> bool:
    """Return whether the database has no tables."""
    with engine.connect() as connection:
        return not engine.dialect.get_table_names(connection)


def _run(program: str, url: str, *arguments: str, into: BinaryIO | None = None) -> None:
    found = shutil.which(program)
    if found is None:
        raise Refused(
            f"{program} is needed for a PostgreSQL database, and is not on PATH: install PostgreSQL's client programs"
        )
    parts = make_url(url)
    plain = parts.set(drivername="postgresql", password=None)
    environ = {**os.environ, **({"PGPASSWORD": str(parts.password)} if parts.password else {})}
    # A fixed program with arguments of ours; no shell.
    done = subprocess.run(  # noqa: S603
        [found, f"--dbname={plain.render_as_string()}", *arguments],
        env=environ,
        stdout=into or subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise Refused(f"{program} failed: {said[0] if said else done.returncode}")
