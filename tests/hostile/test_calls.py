"""No call of the API and no live path breaks, whatever JSON, key, id or byte comes: every no is a problem with a code."""

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from techauction.saleroom.paths import is_live
from tests.hostile import values
from tests.hostile.house import NOW, Actor, House
from tests.plans import a_plan

PATIENCE_S = 60
_BIDS = ("/saleroom/lots/{lot}/bids", "/api/v1/lots/{lot}/bids")
_BY_KEY = ("/saleroom/lots/{lot}/bids/by-key/{key}", "/api/v1/lots/{lot}/bids/by-key/{key}")
_HISTORY = "/saleroom/lots/{lot}"
_STREAMS = ("/saleroom/live", "/api/v1/live")
_OTHERS = ("/saleroom/clock", "/.well-known/techauction-keys.json", "/saleroom/nothing", "/saleroom/lots/1/nothing")
_KEYS = ("", "short", "a-good-key-0001", "x" * 65, "schlüssel-0001", "../../../etc", "%00%00%00%00", "%ff%fe%fd%fc%fb%fa%f9%f8")
Call = tuple[str, str, dict[str, str], bytes | None]


def _signed(actor: Actor, path: str, key: str) -> dict[str, str]:
    by = {"Authorization": f"Bearer {actor.token}"} if "/api/" in path and actor.token else dict(actor.headers)
    return {**by, "X-CSRF-Token": actor.csrf, "Idempotency-Key": key, "Content-Type": "application/json"}


def _offers(house: House) -> Iterator[Call]:
    chance, number = random.Random("offers"), 0
    callers = cycle([each for each in house.actors if each.name in ("bidder", "rival", "bidder.elsewhere")])
    for place in house.places:
        for path in _BIDS:
            number += 1
            said = json.dumps(
                {"amount_fen": 2_000_000_000 + number * 10_000_000, "confirmed": True, "matching": number % 3 == 0}
            )
            yield "POST", path.format(lot=place["lot_id"]), _signed(next(callers), path, f"a-key-{number:08d}"), said.encode()
    for actor in house.actors:
        for path in (*_BIDS, *_BY_KEY):
            where = path.format(lot=house.places[0]["lot_id"], key="a-key-of-nobody")
            for method in ("GET", "POST", "DELETE", "PUT"):
                yield method, where, _signed(actor, path, "a-key-of-nobody"), b"{}" if method == "POST" else None
    lots = cycle(place["lot_id"] for place in house.places)
    for field in ("amount_fen", "confirmed", "matching"):
        for value in values.JSON:
            body = f'{{"amount_fen": 2000000000, "{field}": {value}}}'.encode("utf-8", "surrogatepass")
            path = chance.choice(_BIDS)
            number += 1
            headers = _signed(next(callers), path, f"a-key-{number:08d}")
            yield "POST", path.format(lot=next(lots)), headers, body
    for value in values.JSON:
        path = chance.choice(_BIDS)
        yield "POST", path.format(lot=next(lots)), _signed(next(callers), path, "a-key-000000"), value.encode()
    for value in (*values.WHOLE, *values.TEXTS, *values.NEVER):
        written = quote(value, safe="", errors="surrogatepass")[:4_000]
        path, by_key = chance.choice(_BIDS), chance.choice(_BY_KEY)
        yield "POST", path.format(lot=written), _signed(next(callers), path, "a-key-of-nobody"), b'{"amount_fen": 1}'
        yield "GET", by_key.format(lot=next(lots), key=written), _signed(next(callers), path, "k"), None
        yield "DELETE", by_key.format(lot=next(lots), key=written), _signed(next(callers), path, "k"), None
    for key in _KEYS:
        for path in _BIDS:
            headers = _signed(next(callers), path, key) | {"Idempotency-Key": key}
            yield "POST", path.format(lot=next(lots)), headers, b'{"amount_fen": 2000000000}'


def _looks(house: House) -> Iterator[Call]:
    callers = cycle(house.actors)
    for place in house.places:
        yield "GET", _HISTORY.format(lot=place["lot_id"]), _signed(next(callers), "", ""), None
        for path in _STREAMS:
            yield "GET", f"{path}?lots={place['lot_id']}", _signed(next(callers), path, ""), None
    for path in (*_OTHERS, *_STREAMS):
        for method in ("GET", "HEAD", "POST", "DELETE"):
            yield method, path, _signed(next(callers), path, ""), None
    for value in (*values.WHOLE, *values.TEXTS, *values.NEVER):
        written = quote(value, safe="", errors="surrogatepass")[:4_000]
        yield "GET", f"{_HISTORY.format(lot=1)}?after={written}", _signed(next(callers), "", ""), None
        yield "GET", _HISTORY.format(lot=written), _signed(next(callers), "", ""), None
        yield "GET", f"{_STREAMS[0]}?lots=1,{written}", _signed(next(callers), "", ""), None
        yield "GET", f"{_STREAMS[1]}?lots={written}", _signed(house.actors[1], _STREAMS[1], ""), None
    for header in ("Authorization", "Cookie", "Accept-Language", "X-CSRF-Token"):
        for value in ("", "Bearer", "Bearer \xff", "session=\xff\xfe", "=;=;", "x" * 5_000, "zh;q=nan, en;q=-1", "Basic \x80"):
            yield "GET", f"{_STREAMS[0]}?lots=1", {header: value}, None
            yield "POST", _BIDS[0].format(lot=1), {header: value}, b"{}"
            yield "GET", "/api/v1/rounds", {header: value}, None
            yield "GET", "/rounds", {header: value}, None


def _paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    for name, each in value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ():
        yield from _paths(each, (*at, name))


def _rounds(house: House) -> Iterator[Call]:
    chance, host = random.Random("rounds"), next(each for each in house.actors if each.name == "host")
    plan = a_plan(opens_at=NOW + timedelta(hours=2), slug="posted")
    headers = _signed(host, "/api/v1/rounds", "")
    for at in _paths(plan):
        for value in chance.sample(values.JSON, 3):
            changed = json.loads(json.dumps(plan))
            if not at:
                written = value
            else:
                inside = changed
                for name in at[:-1]:
                    inside = inside[name]
                inside[at[-1]] = "<here>"
                written = json.dumps(changed).replace('"<here>"', value)
            yield "POST", "/api/v1/rounds", headers, written.encode("utf-8", "surrogatepass")
    yield "POST", "/api/v1/rounds", headers, json.dumps(plan).encode("utf-16")
    yield "POST", "/api/v1/rounds", headers, json.dumps(plan).encode()


def test_the_paths_tried_are_live() -> None:
    tried = [*_BIDS, *_BY_KEY, _HISTORY, *_STREAMS, *_OTHERS]

    assert all(is_live(path.format(lot=1, key="a-key-of-nobody")) for path in tried)


@pytest.mark.parametrize("calls", [_offers, _looks, _rounds])
def test_no_call_breaks(house: House, calls: Any) -> None:
    house.go_back()
    broken: dict[str, list[str]] = defaultdict(list)
    statuses = set()

    with httpx.Client(base_url=house.url, timeout=PATIENCE_S) as client:
        for method, path, headers, body in calls(house):
            sent = {name: value.encode("latin-1", "replace") for name, value in headers.items()}
            with client.stream(method, path, headers=sent, content=body) as answer:
                status, kind = answer.status_code, answer.headers.get("content-type", "")
                text = "" if kind.startswith("text/event-stream") else answer.read().decode()
            statuses.add(status)
            named = method == "HEAD" or (kind.startswith("application/problem+json") and "code" in json.loads(text))
            is_page = path.startswith("/rounds")
            if status >= 500 or (status >= 400 and status != 405 and not named and not is_page):
                broken[f"{status} {kind} {text[:120]}"].append(f"{method} {path[:200]} {headers} {(body or b'')[:200]!r}")

    assert not broken, "\n\n".join(f"{len(which)} × {what}\n  " + "\n  ".join(which[:3]) for what, which in broken.items())
    assert statuses & {200, 201}
