"""What OPERATIONS.md says to write is taken by the programs it is written for, and does what is said."""

import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from techauction.clock import ManualClock
from techauction.core.round import Phase
from techauction.db import make_engine, options, writing
from techauction.doorkeeper import Patience
from techauction.postgresql import connecting
from techauction.services import opening
from techauction.settings import Settings, load
from techauction.store.consigning import LotRow, RoundRow
from tests.builders import OPENS, a_lot, a_paddle, a_round
from tests.serving import serving

OPERATIONS = (Path(__file__).parents[1] / "OPERATIONS.md").read_text("utf-8")
PATIENCE_S = 20.0
needs = {program: shutil.which(program) for program in ("nginx", "systemd-analyze", "openssl")}


def snippets(language: str) -> list[str]:
    """Return the document's snippets of one language."""
    found = re.findall(rf"^```{language}\n(.*?)^```", OPERATIONS, re.MULTILINE | re.DOTALL)
    assert found, language
    return found


@pytest.mark.skipif(needs["systemd-analyze"] is None, reason="systemd is not on this machine")
def test_systemd_takes_the_unit_and_its_workers(tmp_path: Path) -> None:
    whole, workers = snippets("ini")
    command = Path(sys.executable).with_name("techauction")
    unit = tmp_path / "techauction.service"
    drop_in = tmp_path / "techauction.service.d" / "workers.conf"
    drop_in.parent.mkdir()
    for file, said in ((unit, whole), (drop_in, workers)):
        file.write_text(said.replace("/opt/techauction/.venv/bin/techauction", str(command)))

    answer = subprocess.run([needs["systemd-analyze"] or "", "verify", unit], capture_output=True, text=True, check=False)

    said = [line for line in answer.stderr.splitlines() if "techauction" in line]
    assert (answer.returncode, said) == (0, [])


def test_the_settings_are_such_as_an_installation_takes(tmp_path: Path) -> None:
    for place, said in enumerate(snippets("toml")):
        instance = tmp_path / str(place)
        instance.mkdir()
        (instance / "settings.toml").write_text(said)

        settings = load(instance, environ={})

        assert settings.https_only
        assert settings.trusted_proxies == 1


def test_the_address_of_several_servers_is_one_that_the_driver_takes() -> None:
    url = next(line for line in "".join(snippets("toml")).splitlines() if "target_session_attrs" in line).split('"')[1]
    engine = create_engine(url, connect_args=connecting(make_url(url), {}, "test"))
    _, arguments = engine.dialect.create_connect_args(engine.url)

    assert (arguments["host"], arguments["port"]) == ("primary,standby-a,standby-b", "5432,5432,5432")
    assert arguments["target_session_attrs"] == "read-write"


@pytest.mark.slow
def test_postgresql_takes_every_setting(postgresql_url: str) -> None:
    with create_engine(postgresql_url, isolation_level="AUTOCOMMIT").connect() as connection:
        for line in "".join(snippets("conf")).splitlines():
            name, value = line.split(" = ", 1)
            try:
                connection.execute(text(f"ALTER SYSTEM SET {name} = '{value.strip(chr(39))}'"))
            finally:
                connection.execute(text(f"ALTER SYSTEM RESET {name}"))
    connection.engine.dispose()


def test_the_server_has_connections_for_the_workers_that_the_document_starts() -> None:
    pages = options("postgresql+psycopg://localhost/techauction")
    each = pages["pool_size"] + pages["max_overflow"] + len(("auctioneer", "bus", "ticks"))
    workers = int(re.findall(r"--workers (\d+)", OPERATIONS)[0])
    allowed = int(re.findall(r"max_connections = (\d+)", OPERATIONS)[0])

    assert f"at most {each} a worker" in OPERATIONS
    assert each * workers + 10 + 3 <= allowed


@contextmanager
def nginx(folder: Path, upstream: str) -> Iterator[str]:
    """Run nginx by the document's configuration, on a free port and with a certificate of its own; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    key, certificate, conf = folder / "auction.key", folder / "auction.pem", folder / "nginx.conf"
    request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    subprocess.run([needs["openssl"] or "", *request, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    said = snippets("nginx")[0]
    for written, here in (
        ("/etc/ssl/certs/auction.pem", str(certificate)),
        ("/etc/ssl/private/auction.key", str(key)),
        ("/var/log/nginx/access.log", str(folder / "access.log")),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("127.0.0.1:5000", upstream.removeprefix("http://")),
    ):
        assert said.count(written) == 1
        said = said.replace(written, here)
    paths = "".join(f"    {kind}_temp_path {folder / kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    conf.write_text(
        f"pid {folder / 'pid'};\nerror_log {folder / 'error.log'};\n" + said.replace("http {\n", "http {\n" + paths, 1)
    )
    command = [needs["nginx"] or "", "-p", folder, "-c", conf]
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    process = subprocess.Popen([*command, "-g", "daemon off;"])
    try:
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.05)
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


@pytest.mark.skipif(needs["nginx"] is None or needs["openssl"] is None, reason="nginx is not on this machine")
def test_a_stream_runs_through_nginx_unbuffered(migrated_file: Path, tmp_path: Path, clock: ManualClock) -> None:
    file = tmp_path / "techauction.db"
    file.write_bytes(migrated_file.read_bytes())
    database_url = f"sqlite:///{file}"
    engine = make_engine(database_url)
    clock.set(OPENS)
    with Session(engine) as session, writing(session):
        round_ = a_round(session, min_admitted=1)
        lot = a_lot(session, round_, number=1)
        a_paddle(session, 101, lot)
        lot_id, round_id = lot.id, round_.id
    settings = Settings(instance=tmp_path, secret_key="a secret", database_url=database_url, https_only=True, trusted_proxies=1)
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with serving(settings, clock) as served, nginx(tmp_path, served.url) as url, httpx.Client(verify=trusting) as http:
        page = http.get(f"{url}/account/sign-in")
        metrics = http.get(f"{url}/metrics")
        with http.stream("GET", f"{url}/saleroom/live?lots={lot_id}") as stream:
            lines = (json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: "))
            first = next(lines)
            served.process.auctioneer.act(
                lambda session, read_clock: opening.open_round(session, round_id=round_id, read_clock=read_clock)
            ).result(PATIENCE_S)
            second = next(lines)  # while the stream is open: a proxy that kept it back would have nothing to give yet

    logged = (tmp_path / "access.log").read_text()
    assert " /account/sign-in 200 " in logged
    assert " /saleroom/live 200 " in logged
    assert "?" not in logged
    with Session(engine) as session:
        assert session.get_one(RoundRow, round_id).phase is Phase.OPEN
        assert session.get_one(LotRow, lot_id).opens_at is not None
    engine.dispose()
    assert (page.status_code, metrics.status_code) == (200, 404)
    assert "strict-transport-security" in page.headers
    assert (first["stage"], second["stage"]) == ("listed", "open")


def test_idle_connections_outlive_the_proxys() -> None:
    said = re.search(r"keepalive_timeout ([0-9]+)s;", OPERATIONS)

    assert said
    assert Patience().idle_s >= int(said[1]) + 10
