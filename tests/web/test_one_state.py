"""A lot has one state: what its page shows is what its stream says."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from techauction.clock import ManualClock
from techauction.core.money import Money
from techauction.db import writing
from techauction.queries.live import live_lots
from techauction.saleroom.answers import lot_state, packed
from techauction.saleroom.auctioneer import Auctioneer
from techauction.store.people import Role, UserRow
from tests.builders import OPENS, a_lot, a_paddle, a_round, an_organisation, wan
from tests.states import LADDER, MANY, PADDLE, many_lots
from tests.web.conftest import Browser

READERS = {"mine", "not-mine", "has-bid", "has-not-bid", "outbid", "spent"}
"""Words that say what a sale is to the reader of a page: no stream has them."""


def streamed(store: Callable[[], Session], lot_ids: list[int]) -> dict[int, dict[str, Any]]:
    """Return what the stream says of the lots."""
    with store() as session:
        return {each.lot_id: json.loads(packed(lot_state(each, OPENS))) for each in live_lots(session, lot_ids)}


def page_facts(html: str) -> dict[str, object]:
    """Return what a bidder's page says of its lot."""
    main = re.search(r"<div class=\"lot-page bidding-page\".*?>", html, re.DOTALL)
    assert main
    said = dict(re.findall(r'data-([a-z-]+)="([^"]*)"', main[0]))

    def text(name: str) -> str:
        found = re.search(rf"<[a-z]+[^>]*\sdata-{name}(?:\s[^>]*)?>\s*([^<]*?)\s*<", html)
        assert found, name
        return found[1]

    return {
        "order": int(said["order"]),
        "seq": int(said["seq"]),
        "words": sorted(set(said["truth"].split()) - READERS),
        "opens_at": datetime.fromisoformat(said["opens-at"]),
        "closes_at": datetime.fromisoformat(said["closes-at"]),
        "shown": text("price"),
        "rate": text("rate"),
        "increment": text("increment"),
        "bids": text("bids"),
        "steps": [(int(rises), int(fen)) for rises, fen in re.findall(r'data-rises="(\d+)"\s+data-fen="(\d+)"', html)],
        "least": re.findall(r'data-quick\s+data-fen="(\d+)"', html),
    }


def stream_facts(state: dict[str, Any]) -> dict[str, object]:
    """Return the same of a stream's event, as a script would place it."""
    sealed = state["format"] == "sealed"
    return {
        "order": state["order"],
        "seq": state["seq"],
        "words": sorted(state["words"]),
        "opens_at": datetime.fromisoformat(state["opens_at"]),
        "closes_at": datetime.fromisoformat(state["closes_at"]),
        "shown": str(Money(state["shown_fen"])),
        "rate": f"+{state['rate']}%",
        "increment": str(Money(state["increment_fen"])),
        "bids": str(state["bids"]),
        "steps": [tuple(each) for each in state["steps"]],
        "least": [] if sealed else [str(state["least_fen"])],
    }


def test_in_every_state_page_and_stream_say_the_same(
    app: Flask, store: Callable[[], Session], clock: ManualClock, new_user: Callable[..., UserRow], auctioneer: Auctioneer
) -> None:
    with store() as session, writing(session):
        _round, lots = many_lots(session)
        organisation = an_organisation(session)
        a_paddle(session, PADDLE, *lots, organisation=organisation)
        ids = {lot.number: lot.id for lot in lots}
        organisation_id = organisation.id
    new_user("bidder", Role.ENTERPRISE, organisation_id=organisation_id)
    browser = app.test_client()
    assert isinstance(browser, Browser)
    browser.sign_in("bidder")
    clock.set(OPENS)
    auctioneer.nudge().result(timeout=60)  # lots of an open round are opened: none changes while the pages are read
    states = streamed(store, list(ids.values()))
    assert len({json.dumps(each["words"]) for each in states.values()}) > 40, "the states differ"

    told = {number: page_facts(browser.get(f"/bidder/rounds/states/lots/{number}").text) for number in ids}

    assert len(told) == MANY
    different = {number: (facts, stream_facts(states[ids[number]])) for number, facts in told.items()}
    assert {number: each for number, each in different.items() if each[0] != each[1]} == {}


def test_an_unopened_lot_has_the_increment_of_its_start_price_in_the_stream_too(store: Callable[[], Session]) -> None:
    with store() as session, writing(session):
        lot_id = a_lot(session, ladder=LADDER, increment=wan(5), start=wan(200)).id

    state = streamed(store, [lot_id])[lot_id]

    assert state["increment_fen"] == wan(10).minor
    assert state["steps"][:2] == [[0, wan(200).minor], [1, wan(210).minor]]


def test_a_state_is_small(store: Callable[[], Session]) -> None:
    with store() as session, writing(session):
        lot_id = a_lot(session, a_round(session), ladder=LADDER).id

    assert len(packed(streamed(store, [lot_id])[lot_id])) < 1_000
