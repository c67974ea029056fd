"""A house with two sealed reserves, and everybody who might want to know them."""

import io
import itertools
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy.orm import Session
from werkzeug.datastructures import Headers
from werkzeug.routing import Rule

from techauction.asgi import Process
from techauction.clock import ManualClock
from techauction.core.consigning import Instrument
from techauction.core.money import Money
from techauction.db import make_engine, writing
from techauction.identity import passwords
from techauction.services import accounts, opening, tokens
from techauction.settings import Settings
from techauction.store.people import OrganisationKind, Role
from tests import builders
from tests.builders import CLOSES, OPENS, wan
from tests.serving import serving
from tests.web.conftest import PASSWORD, Browser

PATIENCE_S = 20
NOT_ASKED = {"static", "account.sign_out", "account_own.revoke", "account_tokens.revoke", "administrator.disable"}
"""Files of the package; and what would end the walkers' own sign-ins."""


@dataclass
class House:
    """A round with two sealed lots behind a real server, and everybody who might want to know."""

    process: Process
    url: str
    slug: str = ""
    lots: list[int] = field(default_factory=list)
    browsers: dict[str, Browser] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    ids: dict[str, list[Any]] = field(default_factory=dict)
    salts: list[str] = field(default_factory=list)

    def act(self, use_case: Any, **more: Any) -> None:
        """Have the auctioneer do something, and wait."""
        self.process.auctioneer.act(partial(use_case, **more)).result(PATIENCE_S)

    def bid(self, who: str, lot: int, amount: Money) -> httpx.Response:
        """Make an offer by token, over the live path."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}", "Idempotency-Key": uuid4().hex}
        body = {"amount_fen": amount.minor, "confirmed": True}
        return httpx.post(f"{self.url}/api/v1/lots/{self.lots[lot]}/bids", json=body, headers=headers, timeout=PATIENCE_S)

    def pages(self, method: str) -> Iterator[tuple[Rule, str]]:
        """Yield every address of the app, with everything that could stand in it."""
        adapter = self.process.app.url_map.bind("localhost")
        for rule in self.process.app.url_map.iter_rules():
            if method not in (rule.methods or ()) or rule.endpoint in NOT_ASKED:
                continue
            names = sorted(rule.arguments)
            for values in itertools.product(*(self.ids.get(name, [1]) for name in names)):
                yield rule, adapter.build(rule.endpoint, dict(zip(names, values, strict=True)), method)

    def told(self, method: str, languages: tuple[str, ...]) -> Iterator[tuple[str, str, bytes]]:
        """Ask for everything as everybody; yield who asked, for what, and what came."""
        for (who, browser), language in itertools.product(self.browsers.items(), languages):
            headers = Headers({"Accept-Language": language})
            token = browser.get_token()
            for rule, url in self.pages(method):
                data = {"csrf_token": token} if method == "POST" else None
                answer = browser.open(url, method=method, data=data, headers=headers)
                assert answer.status_code != 500, (who, url)
                yield who, rule.endpoint, str(answer.headers).encode() + unpacked(answer.data)
        for who, bearer in self.tokens.items():
            headers = Headers({"Authorization": f"Bearer {bearer}"})
            for rule, url in self.pages("GET"):
                if url.startswith("/api/"):
                    answer = self.process.app.test_client().get(url, headers=headers)
                    yield f"{who}'s program", rule.endpoint, str(answer.headers).encode() + answer.data

    def live(self) -> Iterator[tuple[str, str, bytes]]:
        """Yield what the live paths tell, streams and histories."""
        lots = ",".join(map(str, self.lots))
        for path in (f"/saleroom/live?lots={lots}", f"/api/v1/live?lots={lots}"):
            headers = {"Authorization": f"Bearer {self.tokens['bidder']}"}
            with httpx.stream("GET", self.url + path, headers=headers, timeout=PATIENCE_S) as stream:
                states = b""
                for chunk in stream.iter_bytes():
                    states += chunk
                    if states.count(b"event: lot") == len(self.lots):
                        break
            yield "anybody", path, states
        for lot_id in self.lots:
            yield "anybody", "history", httpx.get(f"{self.url}/saleroom/lots/{lot_id}?after=0").content
        yield "anybody", "keys", httpx.get(f"{self.url}/.well-known/techauction-keys.json").content


def unpacked(body: bytes) -> bytes:
    """Return what a workbook holds, or the body as it is."""
    if not body.startswith(b"PK\x03\x04"):
        return body
    with zipfile.ZipFile(io.BytesIO(body)) as workbook:
        return b"\n".join(workbook.read(name) for name in workbook.namelist())


@contextmanager
def a_house(settings: Settings, clock: ManualClock, reserves: tuple[Money, Money]) -> Iterator[House]:
    """Yield the house before the opening; the sealing officer has sealed both reserves on the page for it."""
    engine = make_engine(settings.database_url)
    store = partial(Session, engine, expire_on_commit=False)
    with store() as session, writing(session):
        row = builders.a_round(session, slug="secret", min_admitted=1)
        institute = builders.an_organisation(session, OrganisationKind.UNIVERSITY)
        neighbour = builders.an_organisation(session, OrganisationKind.UNIVERSITY)
        lots = [
            builders.a_lot(
                session,
                row,
                number=number,
                result=builders.a_result(session, institute=institute, instrument=Instrument.TRANSFER),
                reserve_announced=True,
            )
            for number in (1, 2)
        ]
        paddles = [builders.a_paddle(session, number, *lots) for number in (101, 102)]
        others = builders.an_organisation(session)
        organisations = {
            "officer": institute.id,
            "colleague": institute.id,
            "neighbour": neighbour.id,
            "bidder": paddles[0].organisation_id,
            "rival": paddles[1].organisation_id,
            "stranger to the round": others.id,
        }
        ids = {
            "slug": ["secret"],
            "number": [1, 2],
            "lot_id": [lot.id for lot in lots],
            "paddle_id": [paddles[0].id],
            "organisation_id": [institute.id, paddles[0].organisation_id],
            "seq": [1, 2],
            "key": ["a-key-of-nobody"],
            "form": ["csv", "xlsx", "json"],
        }
        round_id = row.id
    people: dict[str, tuple[Role, dict[str, Any]]] = {
        "officer": (Role.INSTITUTE, {"sealing_officer": True}),
        "colleague": (Role.INSTITUTE, {}),
        "neighbour": (Role.INSTITUTE, {"sealing_officer": True}),
        "bidder": (Role.ENTERPRISE, {}),
        "rival": (Role.ENTERPRISE, {}),
        "stranger to the round": (Role.ENTERPRISE, {}),
        "host": (Role.ORGANIZER, {"market_key": "zhejiang"}),
        "other market": (Role.ORGANIZER, {"market_key": "anhui"}),
        "manager": (Role.MANAGER, {"market_key": "zhejiang"}),
        "auditor": (Role.AUDITOR, {}),
        "administrator": (Role.ADMINISTRATOR, {}),
    }
    with serving(settings, clock) as served:
        served.process.app.testing = True
        served.process.app.test_client_class = Browser
        made = House(served.process, served.url, "secret", ids["lot_id"], ids=ids)
        made.browsers["passer-by"] = _browser(made)
        ids |= {"user_id": [], "session_id": [1], "token_id": [1], "round_id": [round_id]}
        for who, (role, more) in people.items():
            with store() as session, writing(session):
                user = accounts.create_user(
                    session,
                    sign_in_name=who.replace(" ", "."),
                    name=who.title(),
                    role=role,
                    password_hash=passwords(settings).hash(PASSWORD),
                    organisation_id=organisations.get(who),
                    now=clock(),
                    **more,
                )
            ids["user_id"] = [user.id]
            made.browsers[who] = _browser(made)
            assert made.browsers[who].sign_in(user.sign_in_name, PASSWORD).status_code == 303
            with store() as session, writing(session):
                scopes = tokens.SCOPES[role]
                made.tokens[who] = tokens.make(session, user_id=user.id, name="t", scopes=scopes, days=None, now=clock())
        for lot_id, reserve in zip(made.lots, reserves, strict=True):
            slip = made.browsers["officer"].send(f"/institute/results/{lot_id}/seal", {"reserve": reserve.in_yuan()})
            assert slip.status_code == 200
            made.salts += re.findall(r'"salt":"([0-9a-f]{64})"', slip.text)
        made.ids["round_id"] = [round_id]
        yield made
    engine.dispose()


def _browser(house: House) -> Browser:
    client = house.process.app.test_client()
    assert isinstance(client, Browser)
    return client


def opened(house: House, clock: ManualClock) -> list[httpx.Response]:
    """Open the round, and have lot 1 bid for under its reserve, lot 2 over it; return the answers."""
    clock.set(OPENS)
    house.act(opening.open_round, round_id=house.ids["round_id"][0])
    answers = [house.bid("bidder", 0, wan(200)), house.bid("rival", 0, wan(205)), house.bid("rival", 0, wan(270))]
    return [*answers, house.bid("bidder", 1, wan(231)), house.bid("rival", 1, wan(240))]


def ended(house: House, clock: ManualClock) -> None:
    """Let the hammer fall on both lots."""
    clock.set(CLOSES + timedelta(minutes=5))
    house.process.auctioneer.nudge().result(PATIENCE_S)
