"""Whole rounds in one call: created and published, with lots, enterprises and paddles."""

from collections.abc import Iterator
from datetime import datetime
from tempfile import NamedTemporaryFile
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from techauction import loads
from techauction.api.calls import PREFIX, blueprint, caller, children, custody, now
from techauction.api.wire import answered
from techauction.core.planned import RoundFile
from techauction.core.reading import Faults
from techauction.core.roundfile import RoundFileWrong, read
from techauction.core.tokens import TokenScope
from techauction.db import db
from techauction.queries import published
from techauction.saleroom import answers

MOST_READ_HERE = 256 * 1024
"""So many bytes of a round file are read in this process."""

bp = blueprint("api_loading", TokenScope.ORGANIZE)


@bp.post("/rounds")
def load() -> ResponseReturnValue:
    """Create and publish a round with its lots, enterprises and paddles: all of it, or nothing."""
    who, at, session = caller(), now(), db.session()
    session.rollback()  # a page holds no connection while it waits
    file, faults = _read(request.get_data(), at)
    slug = loads.load(db.engine, file, faults, now=at, by_id=who.user_id, host=who.market_key, custody=custody())
    made = {"round": published.round_(session, slug), "lots": published.lot_ids(session, slug)}
    return answered(made, 201, Location=f"{PREFIX}/rounds/{slug}")


def _read(body: bytes, at: datetime) -> tuple[RoundFile, Faults]:
    """Return the file and its faults. A long one is read by a child: to parse it holds Python's lock, and bids would wait."""
    known = loads.known(db.engine, at)
    if len(body) > MOST_READ_HERE:
        with NamedTemporaryFile() as kept:
            kept.write(body)
            kept.flush()
            parts = children().do("round_file", file=kept.name, known=known.as_json(), at=at.isoformat())
        return _put_together(parts), Faults()
    try:
        plan = answers.unpacked(body)
    except ValueError:
        raise RoundFileWrong([("$", "must be JSON")]) from None
    faults = Faults()
    return read(plan, known, faults, at), faults


def _put_together(parts: Iterator[Any]) -> RoundFile:
    planned = next(parts)
    found: dict[str, list[Any]] = {"institutes": [], "lots": [], "bidders": []}
    for name, some in parts:
        found[name] += some
    return RoundFile(round=planned, **{name: tuple(each) for name, each in found.items()})
