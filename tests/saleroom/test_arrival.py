"""An offer's time is the house's clock when its last byte was read, by whatever way it came."""

import json
import socket
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from sqlalchemy import select

from techauction.clock import ManualClock
from techauction.store.auction import OfferRow
from tests.builders import OPENS, wan
from tests.saleroom.test_paths import Caller, Room, room
from tests.saleroom.test_several import until

__all__ = ["room"]

MINUTE = timedelta(minutes=1)


def send_slowly(caller: Caller, clock: ManualClock, path: str, headers: Mapping[str, str], body: bytes) -> int:
    """Send a request's body a minute after its head, when the house waits for it; return the status of the answer."""
    where = urlsplit(caller.room.url)
    cookies = "; ".join(f"{name}={value}" for name, value in caller.http.cookies.items())
    said = {"Host": where.netloc, "Cookie": cookies, "Content-Length": len(body), "Expect": "100-continue", **headers}
    head = f"POST {path} HTTP/1.1\r\nConnection: close\r\n" + "".join(f"{name}: {value}\r\n" for name, value in said.items())
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=20) as connection:
        connection.sendall(head.encode() + b"\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 100")
        clock.advance(MINUTE)
        connection.sendall(body)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    return int(answer.split(b" ", 2)[1])


def stamps(room: Room) -> list[datetime]:
    with room.sessions() as session:
        return list(session.scalars(select(OfferRow.received_at).order_by(OfferRow.id)))


def test_an_offer_arrives_with_its_last_byte(room: Room, clock: ManualClock) -> None:
    ant = room.sign_in("ant")
    headers = {"Idempotency-Key": uuid4().hex, "X-CSRF-Token": ant.token}
    body = json.dumps({"amount_fen": wan(200).minor}).encode()

    status = send_slowly(ant, clock, f"/saleroom/lots/{room.lot_id}/bids", headers, body)

    assert (status, stamps(room)) == (201, [OPENS + MINUTE])


def test_a_forms_offer_arrives_with_its_last_byte(room: Room, clock: ManualClock) -> None:
    ant = room.sign_in("ant")
    form = urlencode({"amount": "200万", "key": uuid4().hex, "csrf_token": ant.token}).encode()

    status = send_slowly(
        ant,
        clock,
        f"/bidder/rounds/{room.slug}/lots/1",
        {"Content-Type": "application/x-www-form-urlencoded"},
        form,
    )

    assert (status, stamps(room)) == (303, [OPENS + MINUTE])


def test_refused_requests_to_a_lot_leave_no_ticket_open(room: Room) -> None:
    ant = room.sign_in("ant")

    answers = [ant.bid(b"no json"), ant.bid({"amount_fen": 1}, token="no token"), ant.bid({"amount_fen": wan(200).minor})]
    page = ant.http.post(f"/bidder/rounds/{room.slug}/lots/1", data={"csrf_token": ant.token})

    assert ([each.status_code for each in answers], page.status_code) == ([422, 401, 201], 422)
    until(lambda: not room.process.auctioneer.tickets.count)  # the last page's ends a moment after its answer
