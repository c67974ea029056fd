"""Offers and streams by token: the saleroom's own paths, under the API's addresses."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from techauction.api import shapes
from techauction.clock import ManualClock
from techauction.core.tokens import TokenScope
from techauction.db import writing
from techauction.services import accounts, tokens
from techauction.settings import Settings
from techauction.store.auction import AdmissionRow, OfferRow, PaddleRow
from techauction.store.people import ApiTokenRow
from tests.api.rooms import Bidder, Room, open_room
from tests.builders import wan

Sessions = sessionmaker[Session]
PATIENCE_S = 20
SECOND = timedelta(seconds=1)


@pytest.fixture
def room(settings: Settings, sessions: Sessions, clock: ManualClock) -> Iterator[Room]:
    with open_room(settings, sessions, clock) as opened:
        yield opened


def bid(room: Room, token: str | None, amount: object, *, key: str | None = None, **more: bool) -> httpx.Response:
    by = {} if token is None else {"Authorization": f"Bearer {token}"}
    return httpx.post(
        f"{room.served.url}/api/v1/lots/{room.lot_id}/bids",
        json={"amount_fen": amount, **more},
        headers={"Idempotency-Key": key or uuid4().hex, "Accept-Language": "en", **by},
        timeout=PATIENCE_S,
    )


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_token_bids_without_a_csrf_token(room: Room, sessions: Sessions) -> None:
    answer = bid(room, room.bidders[0].token, wan(200).minor)

    assert answer.status_code == 201
    shapes.Bid.model_validate(answer.json())
    assert (answer.json()["paddle"], answer.json()["amount_fen"]) == (101, wan(200).minor)
    with sessions() as session:
        assert session.scalars(select(OfferRow.user_id)).one() == room.bidders[0].user_id


def test_both_addresses_are_one_path(room: Room) -> None:
    key, headers = uuid4().hex, {"Authorization": f"Bearer {room.bidders[0].token}"}
    first = bid(room, room.bidders[0].token, wan(200).minor, key=key)

    again = httpx.post(
        f"{room.served.url}/saleroom/lots/{room.lot_id}/bids",
        json={"amount_fen": wan(200).minor},
        headers={"Idempotency-Key": key, **headers},
    )

    assert (again.status_code, again.json()) == (201, first.json())


def test_a_holder_of_a_priority_right_matches_the_standing_bid(room: Room, sessions: Sessions) -> None:
    with sessions() as session, writing(session):
        paddle = select(PaddleRow.id).where(PaddleRow.number == 102)
        session.execute(update(AdmissionRow).where(AdmissionRow.paddle_id.in_(paddle)).values(priority_rank=1))
    bid(room, room.bidders[0].token, wan(200).minor)

    without = bid(room, room.bidders[2].token, wan(200).minor, matching=True)
    answer = bid(room, room.bidders[1].token, wan(200).minor, matching=True)

    assert code(without) == (403, "no_priority_right")
    assert answer.status_code == 201
    assert (answer.json()["paddle"], answer.json()["amount_fen"]) == (102, wan(200).minor)


def test_a_refusal_says_its_code_facts_and_sentence(room: Room) -> None:
    bid(room, room.bidders[0].token, wan(200).minor)

    answer = bid(room, room.bidders[1].token, wan(203).minor)

    shapes.Problem.model_validate(answer.json())
    assert code(answer) == (409, "too_low")
    assert answer.json()["least_fen"] == wan(210).minor
    assert "¥2,100,000" in answer.json()["title"]


def test_an_amount_that_is_no_whole_number_of_fen_is_refused(room: Room) -> None:
    amounts = ["2000000", 200000000.0, 1e9, True, 10**15 + 1, 0, -1, None, [1]]

    answers = [bid(room, room.bidders[0].token, amount) for amount in amounts]

    assert {code(answer) for answer in answers} == {(422, "offer_unreadable")}


def test_who_may_not_bid_is_told_why(room: Room, sessions: Sessions, clock: ManualClock) -> None:
    with sessions() as session, writing(session):
        reading = tokens.make(
            session, user_id=room.bidders[0].user_id, name="eye", scopes=[TokenScope.READ], days=None, now=clock()
        )

    answers = [bid(room, token, wan(200).minor) for token in (None, "ta_unknown", reading, room.organizer)]

    assert [code(answer) for answer in answers] == [
        (401, "not_signed_in"),
        (401, "token_ended"),
        (403, "scope_missing"),
        (403, "scope_missing"),
    ]
    assert answers[0].headers["WWW-Authenticate"].startswith("Bearer")


def _revoked(session: Session, bidder: Bidder, clock: ManualClock) -> None:
    token_id = session.scalars(select(ApiTokenRow.id).where(ApiTokenRow.user_id == bidder.user_id)).one()
    assert tokens.revoke(session, token_id=token_id, user_id=bidder.user_id, now=clock())


def _disabled(session: Session, bidder: Bidder, clock: ManualClock) -> None:
    accounts.disable_user(session, user_id=bidder.user_id, by_id=None, now=clock())


@pytest.mark.parametrize("end", [_revoked, _disabled])
def test_a_token_that_ended_is_refused_though_it_is_remembered(
    room: Room, sessions: Sessions, clock: ManualClock, end: Any
) -> None:
    ant = room.bidders[0]
    first = bid(room, ant.token, wan(200).minor)
    with sessions() as session, writing(session):
        end(session, ant, clock)

    answer = bid(room, ant.token, wan(210).minor)

    assert first.status_code == 201
    assert code(answer) == (401, "token_ended")
    # The auctioneer decided it: it was not the look-up, which still remembers the token.
    with sessions() as session:
        assert session.scalars(select(OfferRow.code).where(OfferRow.code.is_not(None))).all() == ["token_ended"]


def test_a_token_that_expires_is_refused_though_it_is_remembered(room: Room, sessions: Sessions, clock: ManualClock) -> None:
    with sessions() as session, writing(session):
        row = session.scalars(select(ApiTokenRow).where(ApiTokenRow.user_id == room.bidders[0].user_id)).one()
        row.expires_at = clock() + SECOND
    bid(room, room.bidders[0].token, wan(200).minor)
    clock.set(clock() + SECOND)

    assert code(bid(room, room.bidders[0].token, wan(210).minor)) == (401, "token_ended")


def test_an_offers_fate_is_told_by_its_key(room: Room) -> None:
    ant, keys = room.bidders[0], [uuid4().hex for _each in range(3)]
    bid(room, ant.token, wan(200).minor, key=keys[0])
    bid(room, ant.token, wan(203).minor, key=keys[1])

    def ask(method: str, key: str, token: str = ant.token) -> dict[str, Any]:
        url = f"{room.served.url}/api/v1/lots/{room.lot_id}/bids/by-key/{key}"
        told: dict[str, Any] = httpx.request(method, url, headers={"Authorization": f"Bearer {token}"}).json()
        shapes.Fate.model_validate(told)
        return told

    states = [ask("GET", key)["state"] for key in keys]
    closed = ask("DELETE", keys[2])["state"]
    late = bid(room, ant.token, wan(210).minor, key=keys[2])
    foreign = ask("GET", keys[0], room.bidders[1].token)["state"]

    assert states == ["accepted", "refused", "not_received"]
    assert (closed, late.status_code) == ("closed", 409)
    assert foreign == "not_received"


def test_a_stream_by_token_tells_the_states_that_the_document_describes(room: Room) -> None:
    url, headers = f"{room.served.url}/api/v1/live?lots={room.lot_id}", {"Authorization": f"Bearer {room.bidders[0].token}"}
    with httpx.stream("GET", url, headers=headers, timeout=PATIENCE_S) as stream:
        states = (json.loads(line.removeprefix("data: ")) for line in stream.iter_lines() if line.startswith("data: "))
        first = next(states)
        bid(room, room.bidders[0].token, wan(200).minor)
        second = next(states)

    assert stream.headers["content-type"].startswith("text/event-stream")
    for state in (first, second):
        shapes.LotState.model_validate(state)
        assert set(state) == set(shapes.LotState.model_fields)
    assert (first["standing_fen"], second["standing_fen"]) == (None, wan(200).minor)


def test_a_stream_under_the_apis_address_needs_a_caller(room: Room) -> None:
    url = f"{room.served.url}/api/v1/live?lots={room.lot_id}"

    answers = [
        httpx.get(url, headers=headers) for headers in ({}, {"Authorization": "Bearer ta_x"}, {"Authorization": "Basic eDp5"})
    ]

    assert [code(answer) for answer in answers] == [(401, "not_signed_in"), (401, "token_ended"), (401, "not_signed_in")]
