"""Whole rounds in one call: created and published, with lots, enterprises and paddles."""

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from techauction.api.calls import PREFIX, blueprint, caller, custody, now
from techauction.api.wire import answered
from techauction.core.roundfile import RoundFileWrong
from techauction.core.tokens import TokenScope
from techauction.db import db, transaction
from techauction.queries import published
from techauction.saleroom import answers
from techauction.services.loading import load_round

bp = blueprint("api_loading", TokenScope.ORGANIZE)


@bp.post("/rounds")
def load() -> ResponseReturnValue:
    """Create and publish a round with its lots, enterprises and paddles: all of it, or nothing."""
    try:
        plan = answers.unpacked(request.get_data())
    except ValueError:
        raise RoundFileWrong([("$", "must be JSON")]) from None
    try:
        slug = _loaded(plan)
    except IntegrityError:  # a colleague takes a name at this moment; a second look tells which
        slug = _loaded(plan)
    session = db.session()
    made = {"round": published.round_(session, slug), "lots": published.lot_ids(session, slug)}
    return answered(made, 201, Location=f"{PREFIX}/rounds/{slug}")


def _loaded(plan: object) -> str:
    who = caller()
    with transaction() as session:
        return load_round(session, plan, now=now(), by_id=who.user_id, host=who.market_key, custody=custody()).slug
