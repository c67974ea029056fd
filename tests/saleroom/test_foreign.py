"""A lot that is not the caller's to know of is answered like one that is not there, byte for byte, on every path by its id."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import ManualClock
from techauction.core.bidding import NoSuchLot
from techauction.core.lot import Stage
from techauction.core.refusal import NoSuch
from techauction.core.round import ANNOUNCED_PHASES, Phase
from techauction.core.tokens import TokenScope
from techauction.db import make_engine, writing
from techauction.identity import passwords
from techauction.services import accounts, instructions, keys, opening, priority, tokens
from techauction.services.practising import practise
from techauction.services.rehearsing import rehearse
from techauction.store.auction import OfferRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import Role
from tests import builders
from tests.builders import OPENS, wan
from tests.conftest import TEN
from tests.entering import quick_settings, token_of
from tests.serving import serving

PASSWORD = "correct horse battery"
PATIENCE_S = 20
MISSING = 999_999
FAR = OPENS + timedelta(days=30)
HIDDEN_PHASES = [phase for phase in Phase if phase not in ANNOUNCED_PHASES]
FOREIGN = [
    *(f"of a round in phase {phase}" for phase in HIDDEN_PHASES),
    "of a draft that was called off",
    "of a rehearsal",
    "of a rival's practice",
    "not accepted yet",
]
OFFER = b'{"amount_fen": 200000000}'
KEY = "a-key-of-ant"
ASKED = [
    *(
        each
        for prefix in ("/saleroom", "/api/v1")
        for each in (
            ("POST", prefix + "/lots/{lot}/bids"),
            ("GET", prefix + "/lots/{lot}/bids"),
            ("GET", prefix + "/lots/{lot}/bids/by-key/" + KEY),
            ("DELETE", prefix + "/lots/{lot}/bids/by-key/" + KEY),
            ("PUT", prefix + "/lots/{lot}/bids/by-key/" + KEY),
            ("GET", prefix + "/live?lots={lot}"),
            ("HEAD", prefix + "/live?lots={lot}"),
            ("POST", prefix + "/live?lots={lot}"),
        )
    ),
    ("GET", "/saleroom/lots/{lot}"),
    ("GET", "/saleroom/lots/{lot}?after=1"),
    ("HEAD", "/saleroom/lots/{lot}"),
    ("POST", "/saleroom/lots/{lot}"),
    ("GET", "/api/v1/lots/{lot}"),
    ("GET", "/api/v1/lots/{lot}/record"),
    ("POST", "/account/watching/{lot}/add"),
    ("POST", "/bidder/lots/{lot}/seen"),
]
"""Every path with a lot's id that strangers and bidders reach."""
TELLS = [(method, path) for method, path in ASKED if method == "GET" and not path.endswith("/bids")]


class House:
    """A server with foreign lots by name, and callers by how they come."""

    def __init__(self, url: str, lots: dict[str, int], token: str) -> None:
        self.url, self.lots, self._token = url, lots, token
        self._clients: dict[str, httpx.Client] = {}

    def answer(self, caller: str, method: str, path: str, lot: int) -> tuple[int, list[tuple[str, str]], bytes]:
        """Return how a request is answered: all of it, and of a stream what it begins with."""
        client = self._clients.get(caller) or self._clients.setdefault(caller, self._client(caller))
        headers = {"Idempotency-Key": KEY, "X-Request-ID": "always-the-same", "Referer": self.url}
        with client.stream(method, path.format(lot=lot), content=OFFER if method == "POST" else None, headers=headers) as got:
            streams = got.status_code == 200 and got.headers["content-type"].startswith("text/event-stream")
            body = b""
            for piece in got.iter_raw():
                body += piece
                if streams and body.endswith(b"\n\n"):
                    break
        body = re.sub(rb'(name="csrf-token" content|name="csrf_token"[^>]*value)="[^"]+"', b"", body)
        body = body.replace(path.format(lot=lot).encode(), b"")  # the page leads back to where one asked
        said = [(name, value) for name, value in got.headers.items() if name not in ("date", "content-length", "set-cookie")]
        return got.status_code, said, body

    def _client(self, caller: str) -> httpx.Client:
        http = httpx.Client(base_url=self.url, timeout=PATIENCE_S, headers={"Accept-Language": "en"})
        if caller == "a token":
            http.headers["Authorization"] = f"Bearer {self._token}"
        elif caller != "nobody":
            form = {
                "csrf_token": self._csrf(http),
                "sign_in_name": caller.removesuffix(" by a forged form"),
                "password": PASSWORD,
            }
            assert http.post("/account/sign-in", data=form).status_code == 303
            http.headers["X-CSRF-Token"] = self._csrf(http) if "forged" not in caller else "forged"
        return http

    def _csrf(self, http: httpx.Client) -> str:
        return token_of(http.get("/account/password", follow_redirects=True).text)

    def close(self) -> None:
        """Hang up."""
        for client in self._clients.values():
            client.close()


@pytest.fixture
def house(database_url: str, tmp_path: Path, clock: ManualClock) -> Iterator[House]:
    """Yield the house, with an open public lot; the bidder has a paddle wherever the round itself lets it."""
    settings = quick_settings(tmp_path, database_url)
    hashed = passwords(settings).hash(PASSWORD)
    engine = make_engine(database_url)
    with sessionmaker(engine, expire_on_commit=False)() as session, writing(session):
        people = {
            name: accounts.create_user(session, sign_in_name=name, name=name, role=role, password_hash=hashed, now=TEN, **more)
            for name, role, more in (
                ("host", Role.ORGANIZER, {"market_key": "zhejiang"}),
                ("neighbour", Role.ORGANIZER, {"market_key": "anhui"}),
                ("bidder", Role.ENTERPRISE, {"organisation_id": builders.an_organisation(session).id}),
                ("rival", Role.ENTERPRISE, {"organisation_id": builders.an_organisation(session).id}),
            )
        }
        bidder, rival = people["bidder"].organisation, people["rival"].organisation
        assert bidder
        assert rival
        lots = _hidden(session, bidder)
        draft = session.get_one(RoundRow, session.get_one(LotRow, lots["of a round in phase draft"]).round_id)
        copy = rehearse(session, round_id=draft.id, market_key="zhejiang", speed=60, by_id=people["host"].id, read_clock=clock)
        joint = builders.a_round(session, min_admitted=1)
        public = builders.a_lot(session, joint, number=1)
        builders.a_paddle(session, 101, public, organisation=rival)
        builders.a_paddle(session, 102, public, organisation=bidder)
        lots["not accepted yet"] = builders.a_lot(session, joint, number=2, stage=Stage.RETURNED).id
        practice = practise(session, round_id=joint.id, organisation_id=rival.id, by_id=people["rival"].id, read_clock=clock)
        for name, row in (("of a rehearsal", copy), ("of a rival's practice", practice)):
            lots[name] = session.scalars(select(LotRow.id).where(LotRow.round_id == row.id).order_by(LotRow.id)).first() or 0
        token = tokens.make(
            session,
            user_id=people["bidder"].id,
            name="program",
            scopes=(TokenScope.READ, TokenScope.BID),
            days=None,
            now=TEN,
        )
        lots["public"], round_id = public.id, joint.id
    engine.dispose()
    assert set(FOREIGN) < set(lots)
    clock.set(OPENS)
    with serving(settings, clock) as served:
        served.process.auctioneer.act(partial(opening.open_round, round_id=round_id)).result(PATIENCE_S)
        made = House(served.url, lots, token)
        yield made
        made.close()


def _hidden(session: Session, bidder: Any) -> dict[str, int]:
    """Return lots of rounds that nobody was told of, each with a paddle of the bidder's."""
    rounds = {f"of a round in phase {phase}": {"phase": phase} for phase in HIDDEN_PHASES}
    rounds["of a draft that was called off"] = {"phase": Phase.CALLED_OFF}
    lots = {}
    for name, more in rounds.items():
        round_ = builders.a_round(session, published_at=None, opens_at=FAR, closes_at=FAR + timedelta(hours=1), **more)
        lot = builders.a_lot(session, round_, number=1)
        builders.a_paddle(session, 103, lot, organisation=bidder)
        lots[name] = lot.id
    return lots


CALLERS = ("nobody", "bidder", "bidder by a forged form", "neighbour", "a token")


def test_a_foreign_lot_is_answered_like_one_that_is_not_there(house: House) -> None:
    different = [
        (caller, method, path, name)
        for caller in CALLERS
        for method, path in ASKED
        if (missing := house.answer(caller, method, path, MISSING))
        for name in FOREIGN
        if house.answer(caller, method, path, house.lots[name]) != missing
    ]

    assert different == []


def test_a_public_lot_is_answered_otherwise(house: House) -> None:
    """Else the test above would compare nothing."""
    alike = [
        (method, path)
        for method, path in TELLS
        if house.answer("a token", method, path, house.lots["public"]) == house.answer("a token", method, path, MISSING)
    ]

    assert alike == []


def test_who_is_not_signed_in_is_told_so_whatever_the_lot(house: House) -> None:
    statuses = {
        house.answer(caller, "POST", "/saleroom/lots/{lot}/bids", lot)[0]
        for caller in ("nobody", "bidder by a forged form")
        for lot in (MISSING, *house.lots.values())
    }

    assert statuses == {401}


@pytest.fixture
def foreign(sessions: sessionmaker[Session]) -> Iterator[tuple[Session, int, dict[str, int]]]:
    """Yield a session with a bidder's organisation, and lots that it may not know of."""
    with sessions() as session:
        organisation = builders.an_organisation(session)
        round_ = builders.a_round(session)
        copy = builders.a_round(session, copy_of_id=round_.id, rehearsal=True, synthetic=True, speed=60)
        draft = builders.a_round(session, phase=Phase.DRAFT, published_at=None)
        lots = {name: builders.a_lot(session, row, number=1) for name, row in (("copy", copy), ("draft", draft))}
        builders.a_paddle(session, 101, lots["draft"], organisation=organisation)
        yield session, organisation.id, {name: lot.id for name, lot in lots.items()}


@pytest.mark.parametrize("name", ["copy", "draft"])
@pytest.mark.parametrize("act", ["place", "withdraw", "waive", "close a key"])
def test_no_act_of_a_bidder_finds_a_foreign_lot(
    name: str, act: str, foreign: tuple[Session, int, dict[str, int]], clock: ManualClock
) -> None:
    session, organisation_id, lots = foreign
    user_id = builders.a_user(session, Role.ENTERPRISE).id
    given = {"lot_id": lots[name], "organisation_id": organisation_id, "read_clock": clock}
    acts: dict[str, Callable[[], object]] = {
        "place": lambda: instructions.place(session, user_id=user_id, ceiling=wan(300), **given),
        "withdraw": lambda: instructions.withdraw(session, **given),
        "waive": lambda: priority.waive(session, by_id=user_id, **given),
        "close a key": lambda: keys.close_key(session, user_id=user_id, key=uuid4().hex, **given),
    }

    with pytest.raises((NoSuchLot, NoSuch)):
        acts[act]()

    assert session.scalars(select(OfferRow)).all() == []
