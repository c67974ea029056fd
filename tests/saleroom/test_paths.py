"""The live paths over HTTP, as a browser's module uses them."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import sessionmaker

from techauction.clock import ManualClock
from techauction.core.lot import Format
from techauction.db import make_engine, writing
from techauction.identity import passwords
from techauction.receipts import found_in
from techauction.saleroom import gallery
from techauction.services import accounts, opening, pausing
from techauction.store.auction import OfferRow
from techauction.store.consigning import LotRow
from techauction.store.people import Role, UserRow, UserSessionRow
from tests import builders
from tests.builders import CLOSES, OPENS, wan
from tests.conftest import TEN
from tests.entering import quick_settings, token_of
from tests.serving import Served, serving
from tests.transactions import Transactions
from tests.waiting import until

PASSWORD = "correct horse battery"
PATIENCE_S = 20


class Room:
    """One open lot behind a real server, and three enterprises' browsers."""

    def __init__(self, served: Served, database_url: str, lot_id: int, slug: str) -> None:
        self.url = served.url
        self.process = served.process
        self.lot_id = lot_id
        self.slug = slug
        self.engine = make_engine(database_url)
        self.sessions = Transactions(self.engine, expire_on_commit=False)
        self.callers: list[Caller] = []

    def sign_in(self, name: str) -> "Caller":
        """Return a signed-in caller."""
        self.callers.append(Caller(self, name))
        return self.callers[-1]

    def close(self) -> None:
        """Hang up."""
        for caller in self.callers:
            caller.http.close()
        self.engine.dispose()

    def act(self, use_case: Any, **more: Any) -> None:
        """Have the auctioneer do something, and wait."""
        self.process.auctioneer.act(partial(use_case, **more)).result(PATIENCE_S)


class Caller:
    """A browser with a cookie and its CSRF token."""

    def __init__(self, room: Room, name: str) -> None:
        self.room = room
        self.http = httpx.Client(base_url=room.url, headers={"Accept-Language": "en"}, timeout=PATIENCE_S)
        token = self._token("/account/sign-in")
        form = {"csrf_token": token, "sign_in_name": name, "password": PASSWORD}
        assert self.http.post("/account/sign-in", data=form).status_code == 303
        self.token = self._token("/account/password")

    def _token(self, page: str) -> str:
        return token_of(self.http.get(page).text)

    def bid(
        self, body: object, *, key: str | None = None, token: str | None = None, lot_id: int | None = None
    ) -> httpx.Response:
        """Make an offer."""
        headers = {"Idempotency-Key": key or uuid4().hex, "X-CSRF-Token": self.token if token is None else token}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.http.post(f"/saleroom/lots/{lot_id or self.room.lot_id}/bids", content=content, headers=headers)

    def fate(self, key: str, *, close: bool = False) -> dict[str, Any]:
        """Ask what became of an offer, or close its key."""
        method, headers = ("DELETE" if close else "GET"), {"X-CSRF-Token": self.token}
        answer = self.http.request(method, f"/saleroom/lots/{self.room.lot_id}/bids/by-key/{key}", headers=headers)
        assert answer.status_code == 200, answer.text
        fate: dict[str, Any] = answer.json()
        return fate


@pytest.fixture
def room(database_url: str, tmp_path: Path, clock: ManualClock) -> Iterator[Room]:
    """Yield an open lot behind a real server, at the opening."""
    settings = quick_settings(tmp_path, database_url)
    engine = make_engine(database_url)
    with sessionmaker(engine)() as session, writing(session):
        round_ = builders.a_round(session, min_admitted=1)
        lot = builders.a_lot(session, round_, number=1)
        for place, name in enumerate(("ant", "bee", "cat")):
            paddle = builders.a_paddle(session, 101 + place, lot)
            accounts.create_user(
                session,
                sign_in_name=name,
                name=name,
                role=Role.ENTERPRISE,
                password_hash=passwords(settings).hash(PASSWORD),
                organisation_id=paddle.organisation_id,
                now=TEN,
            )
        lot_id, round_id, slug = lot.id, round_.id, round_.slug
    engine.dispose()
    clock.set(OPENS)
    with serving(settings, clock) as served:
        made = Room(served, database_url, lot_id, slug)
        made.act(opening.open_round, round_id=round_id)
        yield made
        made.close()


def test_an_offer_that_stands_answers_201_with_its_place_in_the_record(room: Room) -> None:
    answer = room.sign_in("ant").bid({"amount_fen": wan(200).minor})

    assert answer.status_code == 201
    assert answer.json() | {"hash": "", "receipt": ""} == {
        "lot": room.lot_id,
        "seq": 2,
        "paddle": 101,
        "amount_fen": wan(200).minor,
        "placed_at": OPENS.isoformat(),
        "closes_at": CLOSES.isoformat(),
        "hash": "",
        "receipt": "",
    }


def test_the_answers_receipt_is_signed_with_a_published_key_and_names_the_record(room: Room) -> None:
    answer = room.sign_in("ant").bid({"amount_fen": wan(200).minor}).json()

    receipt = room.process.signer.check(found_in(json.dumps(answer)))

    assert (receipt.lot_id, receipt.seq, receipt.hash, receipt.amount) == (room.lot_id, 2, answer["hash"], wan(200))
    published = httpx.get(f"{room.url}/.well-known/techauction-keys.json").json()
    assert published == room.process.signer.published()


@pytest.fixture
def sealed(room: Room) -> Room:
    """Return the room with its lot sold by sealed offers."""
    with room.sessions() as session, writing(session):
        session.execute(update(LotRow).values(format=Format.SEALED))
    return room


def test_a_sealed_offer_is_answered_with_its_sum_once_and_by_its_key_without_it(sealed: Room) -> None:
    ant = sealed.sign_in("ant")
    offer = {"amount_fen": wan(250).minor}

    first = ant.bid(offer, key="key-of-ant")
    again = ant.bid(offer, key="key-of-ant")
    other = ant.bid({"amount_fen": wan(260).minor}, key="key-of-ant")

    taken = first.json()
    assert (first.status_code, taken["amount_fen"], taken["paddle"]) == (201, wan(250).minor, 101)
    receipt = sealed.process.signer.check(taken["receipt"])
    assert (receipt.amount, receipt.seq, receipt.hash) == (wan(250), 2, taken["hash"])
    assert (again.status_code, again.json()) == (201, taken)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert ant.fate("key-of-ant") == {"state": "accepted", **taken, "amount_fen": None, "receipt": None}


def test_watchers_of_a_sealed_lot_are_told_how_many_have_offered(sealed: Room) -> None:
    sealed.sign_in("ant").bid({"amount_fen": wan(250).minor})
    sealed.sign_in("bee").bid({"amount_fen": wan(300).minor})
    twice = sealed.sign_in("bee").bid({"amount_fen": wan(310).minor})

    told = httpx.get(f"{sealed.url}/saleroom/lots/{sealed.lot_id}?after=0").json()

    assert (twice.status_code, twice.json()["code"]) == (409, "sealed_once")
    state = told["lot"]
    assert (state["bids"], state["paddle"], state["standing_fen"], state["most_fen"]) == (2, None, None, None)
    offers = [each for each in told["events"] if each["kind"] == "sealed"]
    assert [(each["paddle"], each["amount_fen"]) for each in offers] == [(None, None), (None, None)]


def test_an_offers_fate_is_told_by_its_key(room: Room) -> None:
    ant, bee = room.sign_in("ant"), room.sign_in("bee")
    taken = ant.bid({"amount_fen": wan(200).minor}, key="key-of-ant").json()
    bee.bid({"amount_fen": wan(203).minor}, key="key-of-bee")

    assert ant.fate("key-of-ant") == {"state": "accepted", **taken}
    assert bee.fate("key-of-bee").items() >= {"state": "refused", "code": "too_low", "least_fen": wan(210).minor}.items()
    assert ant.fate("another-key") == {"state": "not_received", "provisional": True}


def test_a_key_is_its_bidders_own(room: Room) -> None:
    ant, bee = room.sign_in("ant"), room.sign_in("bee")
    ant.bid({"amount_fen": wan(200).minor}, key="key-of-ant")

    assert bee.fate("key-of-ant")["state"] == "not_received"


def test_a_closed_key_takes_no_offer_however_late_it_comes(room: Room) -> None:
    ant = room.sign_in("ant")

    assert ant.fate("key-of-ant", close=True) == {"state": "closed"}
    late = ant.bid({"amount_fen": wan(200).minor}, key="key-of-ant")

    assert (late.status_code, late.json()["code"]) == (409, "key_closed")
    assert ant.fate("key-of-ant") == {"state": "closed"}
    with room.sessions() as session:
        assert session.scalars(select(OfferRow.seq)).all() == [None]


def test_closing_the_key_of_a_bid_that_stands_tells_that_it_stands(room: Room) -> None:
    ant = room.sign_in("ant")
    taken = ant.bid({"amount_fen": wan(200).minor}, key="key-of-ant").json()

    assert ant.fate("key-of-ant", close=True) == {"state": "accepted", **taken}


def test_a_page_shown_after_a_bid_is_never_older_than_the_bid(room: Room) -> None:
    callers = [room.sign_in(name) for name in ("ant", "bee")]
    page = f"/rounds/{room.slug}/lots/1"

    for step in range(20):
        amount = wan(200 + 10 * step)
        answer = callers[step % 2].bid({"amount_fen": amount.minor})
        assert answer.status_code == 201
        assert f'data-seq="{answer.json()["seq"]}"' in callers[(step + 1) % 2].http.get(page).text


def test_an_offer_whose_answer_was_lost_is_found_by_its_key(room: Room) -> None:
    ant = room.sign_in("ant")
    with room.sessions() as session, writing(session):  # the auctioneer waits for the lock longer than the caller does
        session.connection().exec_driver_sql(f"UPDATE lots SET bids = bids WHERE id = {room.lot_id}")
        lost = ant.bid({"amount_fen": wan(200).minor}, key="key-of-ant")

    assert (lost.status_code, lost.json()["code"]) == (503, "unknown")
    until(lambda: ant.fate("key-of-ant")["state"] == "accepted")  # where it was kept back, it is tried again within a moment


def test_a_refused_offer_is_a_problem_with_its_code_facts_and_sentence(room: Room) -> None:
    room.sign_in("ant").bid({"amount_fen": wan(200).minor})

    answer = room.sign_in("bee").bid({"amount_fen": wan(203).minor})

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["code"], problem["least_fen"]) == ("too_low", wan(210).minor)
    assert "¥2,100,000" in problem["title"]


UNREADABLE = [
    b"",
    b"{",
    b"[]",
    {"amount_fen": "20000000"},
    {"amount_fen": 200.0},
    b'{"amount_fen": 1e9}',
    {"amount_fen": True},
    {"amount_fen": 0},
    {"amount_fen": -1},
    {"amount_fen": 10**15 + 1},
    b'{"amount_fen": NaN}',
    {"amount_fen": 20_000_000, "confirmed": "yes"},
    {"amount_fen": 20_000_000, "matching": 1},
    b"\xff\xfe",
    b"[" * 4_000,
]


def test_unreadable_offers_are_refused_and_leave_no_trace(room: Room) -> None:
    ant = room.sign_in("ant")

    answers = [(body, ant.bid(body)) for body in UNREADABLE]

    assert [body for body, answer in answers if answer.status_code != 422 or answer.json()["code"] != "offer_unreadable"] == []
    with room.sessions() as session:
        assert session.scalars(select(OfferRow)).all() == []


def test_an_offer_that_says_a_name_twice_is_refused_by_name(room: Room) -> None:
    answer = room.sign_in("ant").bid(b'{"amount_fen": 20000000, "amount_fen": 30000000}')

    assert (answer.status_code, answer.json()["code"], answer.json()["name"]) == (422, "json_key_twice", "amount_fen")


def test_an_offer_of_more_than_its_bound_is_not_read(room: Room) -> None:
    ant, body = room.sign_in("ant"), b" " * 5_000 + b'{"amount_fen": 20000000}'
    headers = {"Idempotency-Key": uuid4().hex, "X-CSRF-Token": ant.token}
    in_chunks = ant.http.post(f"/saleroom/lots/{room.lot_id}/bids", content=iter([body]), headers=headers)

    answers = [ant.bid(body), in_chunks]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(413, "request_entity_too_large")] * 2


def test_an_offer_without_a_fit_key_is_refused(room: Room) -> None:
    ant = room.sign_in("ant")

    answers = [ant.bid({"amount_fen": wan(200).minor}, key=key) for key in ("short", "with space in it", "x" * 65)]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(422, "offer_unreadable")] * 3


def test_an_offer_without_the_sign_ins_own_token_is_refused(room: Room) -> None:
    ant, bee = room.sign_in("ant"), room.sign_in("bee")

    assert ant.bid({"amount_fen": wan(200).minor}, token="").status_code == 401
    assert ant.bid({"amount_fen": wan(200).minor}, token=bee.token).status_code == 401
    assert ant.bid({"amount_fen": wan(200).minor}).status_code == 201


def test_a_revoked_sign_in_bids_no_more_although_its_cookie_is_remembered(room: Room) -> None:
    ant = room.sign_in("ant")
    assert ant.bid({"amount_fen": wan(203).minor}).status_code == 409
    with room.sessions() as session, writing(session):
        user = session.scalars(select(UserRow).where(UserRow.sign_in_name == "ant")).one()
        for row in session.scalars(select(UserSessionRow).where(UserSessionRow.user_id == user.id)):
            row.revoked_at = OPENS

    answer = ant.bid({"amount_fen": wan(200).minor})

    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_ended")


def test_the_same_key_again_gets_the_first_answer_and_another_body_422(room: Room) -> None:
    ant, key = room.sign_in("ant"), uuid4().hex
    first = ant.bid({"amount_fen": wan(200).minor}, key=key)

    again, other = ant.bid({"amount_fen": wan(200).minor}, key=key), ant.bid({"amount_fen": wan(210).minor}, key=key)

    assert (again.status_code, again.json()) == (201, first.json())
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


def test_the_history_tells_what_came_after(room: Room) -> None:
    room.sign_in("ant").bid({"amount_fen": wan(200).minor})
    room.sign_in("bee").bid({"amount_fen": wan(210).minor})

    answer = httpx.get(f"{room.url}/saleroom/lots/{room.lot_id}?after=2").json()

    assert [(each["seq"], each["paddle"]) for each in answer["events"]] == [(3, 102)]
    assert (answer["lot"]["paddle"], answer["lot"]["standing_fen"], answer["lot"]["bids"]) == (102, wan(210).minor, 2)


def test_a_stream_begins_with_the_present_state_and_tells_every_change(room: Room, clock: ManualClock) -> None:
    bee = room.sign_in("bee")
    room.sign_in("ant").bid({"amount_fen": wan(200).minor})
    with httpx.stream("GET", f"{room.url}/saleroom/live?lots={room.lot_id}", timeout=PATIENCE_S) as stream:
        states = _states(stream)
        first = next(states)
        clock.set(CLOSES - timedelta(seconds=1))
        bee.bid({"amount_fen": wan(210).minor})
        second = next(states)
        clock.set(CLOSES + timedelta(seconds=299))
        room.process.auctioneer.nudge().result(PATIENCE_S)
        third = next(states)

    assert (first["seq"], first["paddle"], first["extended"]) == (2, 101, False)
    assert (second["seq"], second["paddle"], second["extended"]) == (4, 102, True)
    assert (third["stage"], third["ending"], third["price_fen"]) == ("ended", "sold", wan(210).minor)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every beat of the gallery come soon, and none that is everybody's."""
    monkeypatch.setattr(gallery, "NEAR_HEARTBEAT_S", 0.05)
    monkeypatch.setattr(gallery, "_BEATS", 1_000_000)


@pytest.mark.usefixtures("hasty")
def test_a_stream_near_a_close_beats_more_often(room: Room, clock: ManualClock) -> None:
    clock.set(CLOSES - timedelta(minutes=4))
    with httpx.stream("GET", f"{room.url}/saleroom/live?lots={room.lot_id}", timeout=PATIENCE_S) as stream:
        beats = (line for line in stream.iter_lines() if line == "event: still-here")

        assert [next(beats) for _ in range(3)] == ["event: still-here"] * 3


@pytest.mark.parametrize("path", ["/saleroom/live?lots={lot}", "/saleroom/lots/{lot}", "/saleroom/clock"])
def test_a_head_is_answered_without_a_body_and_leaves_the_connection_good(room: Room, path: str) -> None:
    with httpx.Client(base_url=room.url, timeout=PATIENCE_S) as http:
        asked = http.head(path.format(lot=room.lot_id))
        after = http.get("/saleroom/clock")

    assert (asked.status_code, asked.content) == (200, b"")
    assert (after.status_code, list(after.json())) == (200, ["server_at"])
    assert room.process.gallery.watching == 0


def test_so_many_may_watch_that_others_can_still_bid(room: Room) -> None:
    room.process.gallery.places = 1
    watching = f"{room.url}/saleroom/live?lots={room.lot_id}"

    with httpx.stream("GET", watching, timeout=PATIENCE_S) as stream:
        states = _states(stream)
        next(states)
        refused = httpx.get(watching, headers={"Accept-Language": "en"})

        assert (refused.status_code, refused.json()["code"]) == (503, "too_many_watchers")
        assert room.sign_in("ant").bid({"amount_fen": wan(200).minor}).status_code == 201


def test_a_pause_is_told_with_its_reason(room: Room) -> None:
    with httpx.stream("GET", f"{room.url}/saleroom/live?lots={room.lot_id}", timeout=PATIENCE_S) as stream:
        states = _states(stream)
        next(states)
        with room.sessions() as session:
            by_id = session.scalars(select(UserRow.id)).first()
        room.act(pausing.pause, lot_ids=[room.lot_id], reason="fire alarm", by_id=by_id)
        paused = next(states)

    assert (paused["stage"], paused["reason"]) == ("paused", "fire alarm")


def test_what_is_not_there_is_a_404(room: Room) -> None:
    paths = ("/saleroom/lots/999", "/saleroom/live?lots=", "/saleroom/live?lots=x", "/saleroom/nowhere")

    assert [httpx.get(room.url + path).status_code for path in paths] == [404] * 4


@pytest.mark.parametrize("lot", [2**31, 10**14, 10**30])
def test_an_id_that_no_database_has_room_for_reaches_none(lot: int, room: Room) -> None:
    ant = room.sign_in("ant")

    assert httpx.get(f"{room.url}/saleroom/lots/{lot}").status_code == 404
    assert httpx.get(f"{room.url}/saleroom/live?lots={lot}").status_code == 404
    assert ant.bid({"amount_fen": wan(200).minor}, lot_id=lot).status_code == 404


def test_one_bidder_may_not_flood_the_room(database_url: str, clock: ManualClock, room: Room) -> None:
    settings = replace(room.process.settings, rate_limits=True, bids_per_second=1)
    with serving(settings, clock) as served:
        limited = Room(served, database_url, room.lot_id, room.slug)
        ant = limited.sign_in("ant")
        codes = {ant.bid({"amount_fen": wan(203).minor}).status_code for _ in range(20)}
        limited.close()

    assert 429 in codes


def test_one_bidder_may_not_flood_the_room_with_keys_to_close(database_url: str, clock: ManualClock, room: Room) -> None:
    settings = replace(room.process.settings, rate_limits=True, bids_per_second=1)
    with serving(settings, clock) as served:
        limited = Room(served, database_url, room.lot_id, room.slug)
        ant = limited.sign_in("ant")
        path, headers = f"/saleroom/lots/{room.lot_id}/bids/by-key/", {"X-CSRF-Token": ant.token}
        codes = {ant.http.delete(f"{path}key-to-close-{each}", headers=headers).status_code for each in range(20)}
        limited.close()

    assert 429 in codes


def test_the_server_ends_its_streams_when_it_is_told_to(room: Room) -> None:
    with httpx.stream("GET", f"{room.url}/saleroom/live?lots={room.lot_id}", timeout=PATIENCE_S) as stream:
        states = _states(stream)
        next(states)
        began = time.monotonic()
        room.process.close_soon()
        rest = list(states)

    assert time.monotonic() - began < 5
    assert rest == []


def _states(stream: httpx.Response) -> Iterator[dict[str, Any]]:
    for line in stream.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))
