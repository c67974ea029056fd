"""What the live paths tell of copies: nothing, but to those who may see them."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import sessionmaker

from techauction.clock import ManualClock
from techauction.core.round import Phase
from techauction.db import make_engine, writing
from techauction.identity import passwords
from techauction.services import accounts
from techauction.services.practising import practise
from techauction.services.rehearsing import rehearse
from techauction.store.consigning import LotRow
from techauction.store.people import Role
from tests import builders
from tests.builders import OPENS
from tests.conftest import TEN
from tests.entering import quick_settings, token_of
from tests.serving import serving

PASSWORD = "correct horse battery"
PATIENCE_S = 20
FAR = OPENS + timedelta(days=30)


class House:
    """A public lot, a rehearsal's and a practice's behind a real server, and clients by name."""

    def __init__(self, url: str, lots: dict[str, int]) -> None:
        self.url, self.lots = url, lots

    def client(self, name: str | None) -> httpx.Client:
        """Return a client, signed in where it has a name."""
        http = httpx.Client(base_url=self.url, timeout=PATIENCE_S)
        if name is not None:
            token = token_of(http.get("/account/sign-in").text)
            form = {"csrf_token": token, "sign_in_name": name, "password": PASSWORD}
            assert http.post("/account/sign-in", data=form).status_code == 303
        return http

    def streamed(self, name: str | None) -> set[str]:
        """Return which of the lots a stream begins with; the public one comes last of what is told."""
        asked = ",".join(map(str, self.lots.values()))
        names = {lot_id: lot for lot, lot_id in self.lots.items()}
        told: set[str] = set()
        with closing(self.client(name)) as http, http.stream("GET", f"/saleroom/live?lots={asked}") as stream:
            for line in stream.iter_lines():
                if line.startswith("data: {") and "seq" in line:
                    told.add(names[json.loads(line[6:])["lot"]])
                elif told and not line:
                    continue
                if "public" in told:
                    break
        return told

    def history(self, name: str | None, lot: str) -> int:
        """Return how the history of a lot is answered."""
        with closing(self.client(name)) as http:
            return http.get(f"/saleroom/lots/{self.lots[lot]}?after=0").status_code


@pytest.fixture
def house(database_url: str, tmp_path: Path, clock: ManualClock) -> Iterator[House]:
    """Yield the house; the public lot has the highest id, and so comes last in a stream."""
    settings = quick_settings(tmp_path, database_url)
    hashed = passwords(settings).hash(PASSWORD)
    engine = make_engine(database_url)
    with sessionmaker(engine, expire_on_commit=False)() as session, writing(session):
        people = {}
        for name, role, more in (
            ("host", Role.ORGANIZER, {"market_key": "zhejiang"}),
            ("neighbour", Role.ORGANIZER, {"market_key": "anhui"}),
            ("manager", Role.MANAGER, {"market_key": "zhejiang"}),
            ("bidder", Role.ENTERPRISE, {"organisation_id": builders.an_organisation(session).id}),
            ("rival", Role.ENTERPRISE, {"organisation_id": builders.an_organisation(session).id}),
        ):
            people[name] = accounts.create_user(
                session, sign_in_name=name, name=name, role=role, password_hash=hashed, now=TEN, **more
            )
        draft = builders.a_round(
            session, phase=Phase.DRAFT, published_at=None, opens_at=FAR, closes_at=FAR + timedelta(hours=1)
        )
        builders.a_lot(session, draft, number=1)
        copy = rehearse(session, round_id=draft.id, market_key="zhejiang", speed=60, by_id=people["host"].id, read_clock=clock)
        joint = builders.a_round(session)
        organisation = people["bidder"].organisation
        assert organisation is not None
        builders.a_paddle(session, 260, builders.a_lot(session, joint, number=1), organisation=organisation)
        practice = practise(
            session, round_id=joint.id, organisation_id=organisation.id, by_id=people["bidder"].id, read_clock=clock
        )
        public = builders.a_lot(session, joint, number=2).id
        lots = {
            name: session.scalars(select(LotRow.id).where(LotRow.round_id == row.id)).one()
            for name, row in (("rehearsal", copy), ("practice", practice))
        }
    engine.dispose()
    with serving(settings, clock) as served:
        yield House(served.url, {**lots, "public": public})


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        (None, {"public"}),
        ("neighbour", {"public"}),
        ("manager", {"public"}),
        ("rival", {"public"}),
        ("bidder", {"public", "practice"}),
        ("host", {"public", "practice", "rehearsal"}),
    ],
)
def test_a_stream_tells_of_a_copy_only_whom_it_concerns(house: House, name: str | None, seen: set[str]) -> None:
    assert house.streamed(name) == seen


def test_a_copys_history_is_told_only_whom_it_concerns(house: House) -> None:
    asked = [("rehearsal", None), ("rehearsal", "bidder"), ("practice", "rival"), ("practice", "bidder"), ("rehearsal", "host")]

    assert [house.history(name, lot) for lot, name in asked] == [404, 404, 404, 200, 200]
