"""An installation that is served by processes of its own, with a sale by the real clock, and bidders who come over HTTP."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import SystemClock
from techauction.core.lot import Stage
from techauction.core.record import Kind
from techauction.db import make_engine, writing
from techauction.identity import passwords
from techauction.services import accounts
from techauction.settings import Settings, load
from techauction.store.auction import OfferRow, OutcomeRow
from techauction.store.consigning import LotRow
from techauction.store.people import Role
from techauction.store.record import RecordRow
from tests import builders
from tests.builders import wan
from tests.entering import token_of
from tests.transactions import Transactions

PASSWORD = "correct horse battery"
PATIENCE_S = 30.0
_PID = re.compile(r'techauction_process{pid="([0-9]+)"}')


@dataclass(frozen=True, slots=True)
class Reply:
    """What an offer got: its status and body, or nothing where the connection broke."""

    key: str
    amount_fen: int
    status: int | None
    body: dict[str, Any]

    @property
    def taken(self) -> bool:
        return self.status == 201

    @property
    def unknown(self) -> bool:
        return self.status is None or self.status == 503


class Bidder:
    """A browser on one connection, so that it stays with the process that took the connection."""

    def __init__(self, url: str, name: str) -> None:
        self.name = name
        self.http = httpx.Client(base_url=url, timeout=PATIENCE_S)
        form = {"csrf_token": self._token("/account/sign-in"), "sign_in_name": name, "password": PASSWORD}
        assert self.http.post("/account/sign-in", data=form).status_code == 303
        self.csrf = self._token("/account/password")

    def _token(self, page: str) -> str:
        return token_of(self.http.get(page).text)

    @property
    def pid(self) -> int:
        """Return the process at the other end."""
        found = _PID.search(self.http.get("/metrics").text)
        assert found
        return int(found[1])

    def offer(self, lot_id: int, amount_fen: int) -> Reply:
        """Make an offer under a key of its own."""
        key = uuid4().hex
        headers = {"Idempotency-Key": key, "X-CSRF-Token": self.csrf}
        try:
            answer = self.http.post(f"/saleroom/lots/{lot_id}/bids", json={"amount_fen": amount_fen}, headers=headers)
        except httpx.HTTPError:
            return Reply(key, amount_fen, None, {})
        return Reply(key, amount_fen, answer.status_code, answer.json())

    def fate(self, lot_id: int, key: str) -> dict[str, Any]:
        """Ask what became of an offer."""
        answer = self.http.get(f"/saleroom/lots/{lot_id}/bids/by-key/{key}", headers={"X-CSRF-Token": self.csrf})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def state(self, lot_id: int) -> dict[str, Any]:
        """Return the lot's public state."""
        found: dict[str, Any] = self.http.get(f"/saleroom/lots/{lot_id}").json()["lot"]
        return found

    def move_to(self, pids: Sequence[int], url: str) -> None:
        """Connect anew until one of these processes answers."""
        cookies = self.http.cookies
        until = time.monotonic() + PATIENCE_S
        while self.pid not in pids:
            assert time.monotonic() < until, f"nobody of {pids} answers"
            self.http.close()
            self.http = httpx.Client(base_url=url, timeout=PATIENCE_S, cookies=cookies)


class Installation:
    """One open lot on the real clock, and its bidders by name; the processes come and go."""

    def __init__(self, directory: Path, database_url: str, *, bidders: int = 8, **terms: Any) -> None:
        directory.mkdir()
        said = {"database_url": database_url, "argon2_memory_kib": 8, "argon2_time": 1, "rate_limits": False}
        (directory / "settings.toml").write_text("\n".join(f"{name} = {json.dumps(value)}" for name, value in said.items()))
        self.directory = directory
        self.settings: Settings = load(directory, environ={})
        self.engine = make_engine(database_url)
        self.sessions: sessionmaker[Session] = Transactions(self.engine, expire_on_commit=False)
        self.names = [f"bidder{number}" for number in range(bidders)]
        now = SystemClock()()
        times = {"opens_at": now, "closes_at": now + timedelta(hours=1)}
        with self.sessions() as session, writing(session):
            round_ = builders.a_round(session, min_admitted=1, **times | terms)
            lot = builders.a_lot(session, round_, number=1)
            for place, name in enumerate(self.names):
                paddle = builders.a_paddle(session, 101 + place, lot)
                accounts.create_user(
                    session,
                    sign_in_name=name,
                    name=name,
                    role=Role.ENTERPRISE,
                    password_hash=passwords(self.settings).hash(PASSWORD),
                    organisation_id=paddle.organisation_id,
                    now=now,
                )
            self.slug, self.lot_id = round_.slug, lot.id

    @contextmanager
    def served(self, *, workers: int = 1) -> Iterator["Service"]:
        """Serve until the end of the block; the lot is open when it begins."""
        command = [sys.executable, "-m", "techauction", "--instance", str(self.directory)]
        log = (self.directory / "log").open("ab")
        process = subprocess.Popen(
            [*command, "serve", "--port", "0", "--workers", str(workers)], stdout=subprocess.DEVNULL, stderr=log
        )
        begun = (self.directory / "log").stat().st_size
        service = None
        try:
            service = Service(process, self._address(process, begun))
            yield service
        finally:
            for bidder in service.bidders if service else ():
                bidder.http.close()
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            log.close()

    def _address(self, process: subprocess.Popen[bytes], begun: int) -> str:
        until = time.monotonic() + 2 * PATIENCE_S
        while process.poll() is None and time.monotonic() < until:
            said = (self.directory / "log").read_bytes()[begun:].decode()
            if found := re.search(r"^serving on (\S+)$", said, re.MULTILINE):
                self.wait_for(Stage.OPEN)
                return found[1]
            time.sleep(0.1)
        raise AssertionError(f"the server did not start: {(self.directory / 'log').read_text()[-2000:]}")

    def wait_for(self, stage: Stage) -> None:
        """Wait until the lot is at a stage."""
        until = time.monotonic() + 2 * PATIENCE_S
        while self.lot().stage is not stage:
            assert time.monotonic() < until, f"the lot is {self.lot().stage}"
            time.sleep(0.1)

    def lot(self) -> LotRow:
        """Return the lot's present state."""
        with self.sessions() as session:
            return session.get_one(LotRow, self.lot_id)

    def record(self) -> list[RecordRow]:
        """Return the lot's record, in the order of its seq."""
        with self.sessions() as session:
            return list(session.scalars(select(RecordRow).where(RecordRow.lot_id == self.lot_id).order_by(RecordRow.seq)))

    def bids(self) -> list[RecordRow]:
        """Return the bids of the record."""
        return [row for row in self.record() if row.kind is Kind.BID]

    def outcomes(self) -> list[OutcomeRow]:
        """Return the lot's outcomes."""
        with self.sessions() as session:
            return list(session.scalars(select(OutcomeRow)))

    def decided(self, keys: Sequence[str]) -> dict[str, OfferRow]:
        """Return the offers that were decided under these keys."""
        with self.sessions() as session:
            return {row.key: row for row in session.scalars(select(OfferRow).where(OfferRow.key.in_(keys)))}

    def faults(self) -> list[dict[str, Any]]:
        """Return the errors that the processes logged."""
        lines = (self.directory / "log").read_text().splitlines()
        entries = [json.loads(line) for line in lines if line.startswith("{")]
        return [each for each in entries if each.get("level") in ("error", "critical")]

    def close(self) -> None:
        """Let the database go."""
        self.engine.dispose()


@dataclass(frozen=True, slots=True)
class Service:
    """A served installation: its parent process and its address."""

    process: subprocess.Popen[bytes]
    url: str
    bidders: list[Bidder] = field(default_factory=list)

    def sign_in(self, names: Sequence[str]) -> list[Bidder]:
        """Return the bidders, signed in; they hang up when the service ends."""
        signed_in = [Bidder(self.url, name) for name in names]
        self.bidders.extend(signed_in)
        return signed_in

    def pids(self, *, at_least: int) -> set[int]:
        """Return the processes that answer on the port."""
        found: set[int] = set()
        until = time.monotonic() + PATIENCE_S
        while len(found) < at_least and time.monotonic() < until:
            with httpx.Client(base_url=self.url) as http:
                found |= {int(each) for each in _PID.findall(http.get("/metrics").text)}
        return found


START_FEN, STEP_FEN = wan(200).minor, wan(10).minor
