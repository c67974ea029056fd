"""A sealed reserve is looked for in every byte that the house gives out, to everybody, at every stage of a sale."""

import io
import itertools
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session
from werkzeug.datastructures import Headers
from werkzeug.routing import Rule

from techauction.asgi import Process
from techauction.clock import ManualClock
from techauction.core.consigning import Instrument
from techauction.core.money import Money
from techauction.db import writing
from techauction.services import instructions, opening, tokens
from techauction.settings import Settings
from techauction.store.auction import PaddleRow
from techauction.store.consigning import LotRow, ReserveRow
from techauction.store.people import OrganisationKind, Role, UserRow
from techauction.web.filters import daxie
from tests import builders
from tests.builders import CLOSES, OPENS, wan
from tests.serving import serving
from tests.web.conftest import PASSWORD, Browser

PATIENCE_S = 10
UNMET, MET = Money(271_828_183), Money(231_415_927)
"""The reserves of lot 1, which passes in, and lot 2, which is sold. Nothing else in the house has these figures."""
NOT_ASKED = {"static", "account.sign_out", "account_own.revoke", "account_tokens.revoke", "administrator.disable"}
"""Files of the package; and what would end the walkers' own sign-ins."""
Found = set[tuple[str, str]]


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
            for values in itertools.product(*(self.ids[name] for name in names)):
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
                yield who, rule.endpoint, str(answer.headers).encode() + _unpacked(answer.data)
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


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(b"PK\x03\x04"):
        return body
    with zipfile.ZipFile(io.BytesIO(body)) as workbook:
        return b"\n".join(workbook.read(name) for name in workbook.namelist())


def tells(body: bytes | str, reserve: Money, salt: str) -> bool:
    """Return whether a reserve can be read there: in fen, 元 or 万元, with any separators, in capital numerals; or its salt."""
    said = body if isinstance(body, bytes) else body.encode()
    digits = said.translate(None, b",.' \t\n")
    for separator in ("\u00a0", "\u202f", "，", "&nbsp;", "%2C"):
        digits = digits.replace(separator.encode(), b"")
    return any(each.encode() in where for each, where in ((str(reserve.minor), digits), (daxie(reserve), said), (salt, said)))


@pytest.fixture
def house(
    settings: Settings, clock: ManualClock, store: Callable[[], Session], new_user: Callable[..., UserRow]
) -> Iterator[House]:
    """Yield the house before the opening; the sealing officer has sealed both reserves on the page for it."""
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
            user = new_user(who.replace(" ", "."), role, organisation_id=organisations.get(who), **more)
            ids["user_id"] = [user.id]
            made.browsers[who] = _browser(made)
            assert made.browsers[who].sign_in(user.sign_in_name, PASSWORD).status_code == 303
            with store() as session, writing(session):
                scopes = tokens.SCOPES[role]
                made.tokens[who] = tokens.make(session, user_id=user.id, name="t", scopes=scopes, days=None, now=clock())
        for lot_id, reserve in zip(made.lots, (UNMET, MET), strict=True):
            address = f"/institute/results/{lot_id}/seal"
            assert made.browsers["officer"].send(address, {"reserve": reserve.in_yuan()}).status_code == 303
        made.ids["round_id"] = [round_id]
        yield made


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


def found(
    house: House, store: Callable[[], Session], method: str = "GET", languages: tuple[str, ...] = ("en", "zh-CN")
) -> tuple[Found, Found]:
    """Return where the reserves of lots 1 and 2 can be read: by whom, and on what."""
    with store() as session:
        salts = [session.get_one(ReserveRow, lot_id).salt for lot_id in house.lots]
    unmet, met = set(), set()
    for who, where, body in itertools.chain(house.told(method, languages), house.live()):
        unmet |= {(who, where)} if tells(body, UNMET, salts[0]) else set()
        met |= {(who, where)} if tells(body, MET, salts[1]) else set()
    return unmet, met


def tables_with(store: Callable[[], Session], sum_: Money) -> set[str]:
    """Return the tables in which a sum can be read, whatever the column."""
    with store() as session:
        tables = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all()
        return {each for each in tables if tells(str(session.execute(text(f"SELECT * FROM {each}")).all()), sum_, "no salt")}


def kept(store: Callable[[], Session], reserve: Money) -> set[str]:
    """Return the tables in which a reserve can be read, whatever the column."""
    with store() as session:
        salt = session.scalars(select(ReserveRow.salt).where(ReserveRow.amount == reserve)).one()
        tables = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all()
        return {table for table in tables if tells(str(session.execute(text(f"SELECT * FROM {table}")).all()), reserve, salt)}


OFFICER = {("officer", "institute.lot")}
INSTITUTE = OFFICER | {("colleague", "institute.lot")}


def test_a_reserve_is_recognised_however_it_is_written() -> None:
    written = [
        "271828183",
        "2718281.83",
        "¥2,718,281.83",
        "271.828183万元",
        "2 718 281.83",
        "二",
        daxie(UNMET),
        "<c>2718281.83",
    ]

    assert [each for each in written if not tells(each, UNMET, "salt")] == ["二"]


def test_no_live_path_tells_a_reserve(house: House, clock: ManualClock) -> None:
    before = list(house.live())
    opened(house, clock)

    assert not [
        where for _, where, body in (*before, *house.live()) for reserve in (UNMET, MET) if tells(body, reserve, "no salt")
    ]


@pytest.mark.slow
def test_before_the_opening_nobody_reads_a_reserve_but_its_sealing_officer(
    house: House, store: Callable[[], Session], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert found(house, store, languages=("zh-CN",)) == (OFFICER, OFFICER)

    assert (kept(store, UNMET), kept(store, MET)) == ({"reserves"}, {"reserves"})
    logs = "".join(capfd.readouterr()) + caplog.text
    assert not tells(logs, UNMET, "no salt")


@pytest.mark.slow
def test_during_the_sale_nobody_reads_a_reserve_but_its_sealing_officer(
    house: House, clock: ManualClock, store: Callable[[], Session], capfd: pytest.CaptureFixture[str]
) -> None:
    answers = opened(house, clock)

    assert [answer.status_code for answer in answers] == [201, 409, 201, 409, 201]
    assert not any(tells(answer.content, reserve, "no salt") for answer in answers for reserve in (UNMET, MET))
    assert found(house, store) == (OFFICER, OFFICER)
    assert (kept(store, UNMET), kept(store, MET)) == ({"reserves"}, {"reserves"})
    logs = "".join(capfd.readouterr())
    assert not tells(logs, UNMET, "no salt")
    assert not tells(logs, MET, "no salt")


@pytest.mark.slow
def test_after_the_sale_a_reserve_is_read_by_its_institute_and_where_the_record_opened_it(
    house: House, clock: ManualClock, store: Callable[[], Session], capfd: pytest.CaptureFixture[str]
) -> None:
    opened(house, clock)
    ended(house, clock)

    unmet, met = found(house, store)

    assert unmet == INSTITUTE
    assert met - {("auditor", "auditor.record"), ("administrator", "auditor.record")} == INSTITUTE
    assert (kept(store, UNMET), kept(store, MET)) == ({"reserves"}, {"reserves", "record"})
    assert not tells("".join(capfd.readouterr()), UNMET, "no salt")


@pytest.mark.slow
def test_no_refused_or_empty_form_tells_a_reserve(house: House, clock: ManualClock, store: Callable[[], Session]) -> None:
    opened(house, clock)

    unmet, met = found(house, store, "POST", ("en",))

    assert unmet | met <= {("officer", "institute.seal"), ("officer", "institute.lot"), ("officer", "institute.edit")}


@pytest.mark.slow
def test_a_standing_instruction_is_read_by_its_bidder_alone(
    house: House, clock: ManualClock, store: Callable[[], Session], capfd: pytest.CaptureFixture[str]
) -> None:
    with store() as session, writing(session):
        session.execute(update(LotRow).values(increment=Money(9_999_983)))
        paddle = session.scalars(select(PaddleRow).where(PaddleRow.number == 101)).one()
        user_id = session.scalars(select(UserRow.id).where(UserRow.organisation_id == paddle.organisation_id)).one()
        organisation_id = paddle.organisation_id
    ceiling = wan(200) + Money(9_999_983).times(31)
    lot_id = house.lots[0]
    house.act(instructions.place, lot_id=lot_id, organisation_id=organisation_id, user_id=user_id, ceiling=ceiling)
    clock.set(OPENS)
    house.act(opening.open_round, round_id=house.ids["round_id"][0])
    answer = house.bid("rival", 0, wan(200) + Money(9_999_983))

    assert answer.status_code == 201
    assert not tells(answer.content, ceiling, "no salt")
    told = itertools.chain(house.told("GET", ("en",)), house.live())
    assert {(who, where) for who, where, body in told if tells(body, ceiling, "no salt")} == {("bidder", "bidder.lot")}
    assert tables_with(store, ceiling) == {"instructions"}
    assert not tells("".join(capfd.readouterr()), ceiling, "no salt")
