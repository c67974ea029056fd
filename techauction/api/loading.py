"""Whole rounds in one call: created and published, with lots, enterprises and paddles."""

from flask import request
from flask.typing import ResponseReturnValue

from techauction import loads
from techauction.api.calls import PREFIX, blueprint, caller, custody, now
from techauction.api.wire import answered
from techauction.core.reading import Faults
from techauction.core.roundfile import RoundFileWrong, read
from techauction.core.tokens import TokenScope
from techauction.db import db
from techauction.queries import published
from techauction.saleroom import answers

bp = blueprint("api_loading", TokenScope.ORGANIZE)


@bp.post("/rounds")
def load() -> ResponseReturnValue:
    """Create and publish a round with its lots, enterprises and paddles: all of it, or nothing."""
    who, at, session = caller(), now(), db.session()
    session.rollback()  # a page holds no connection while it waits
    try:
        plan = answers.unpacked(request.get_data())
    except ValueError:
        raise RoundFileWrong([("$", "must be JSON")]) from None
    faults = Faults()
    file = read(plan, loads.known(db.engine), faults, at)
    slug = loads.load(db.engine, file, faults, now=at, by_id=who.user_id, host=who.market_key, custody=custody())
    made = {"round": published.round_(session, slug), "lots": published.lot_ids(session, slug)}
    return answered(made, 201, Location=f"{PREFIX}/rounds/{slug}")
