"""How the saleroom says things on the wire: JSON with integer fen, and instants in UTC."""

from datetime import datetime

import orjson

from techauction.core import json_text
from techauction.core.refusal import Refusal
from techauction.queries.live import LiveEvent
from techauction.queries.sale import Sale
from techauction.queries.voids import Void
from techauction.services.bidding import Taken

STATUS = {
    "no_such_lot": 404,
    "not_signed_in": 401,
    "sign_in_ended": 401,
    "token_ended": 401,
    "scope_missing": 403,
    "not_admitted": 403,
    "paddle_voided": 403,
    "deposit_insufficient": 403,
    "no_priority_right": 403,
    "key_reused": 422,
    "json_key_twice": 422,
    "offer_unreadable": 422,
    "too_many_offers": 429,
    "queue_full": 503,
    "too_many_watchers": 503,
    "unknown": 503,
    "request_entity_too_large": 413,
    "service_unavailable": 503,
    "internal_server_error": 500,
}
"""The HTTP status of a refusal; any other is 409: the lot's state does not allow the offer."""
CHALLENGE = 'Bearer realm="techauction"'
"""What a 401 says in `WWW-Authenticate`."""


def packed(value: object) -> bytes:
    """Return compact JSON in UTF-8."""
    return orjson.dumps(value)


def lot_state(lot: Sale, server_at: datetime) -> dict[str, object]:
    """Return a lot's whole public state: whoever shows it has nothing to reckon."""
    return {
        "lot": lot.lot_id,
        "seq": lot.seq,
        "order": lot.order,
        "head_hash": lot.head_hash,
        "words": sorted(lot.words()),
        "stage": lot.stage.value,
        "held": lot.held,
        "format": lot.format.value,
        "paddle": lot.paddle,
        "priority": lot.priority,
        "shown_fen": lot.shown.minor,
        "rate": lot.risen,
        "standing_fen": None if lot.standing is None else lot.standing.minor,
        "least_fen": lot.least.minor,
        "most_fen": None if lot.most is None else lot.most.minor,
        "increment_fen": lot.increment.minor,
        "steps": [[step.rises, step.amount.minor] for step in lot.steps],
        "bids": lot.bids,
        "opens_at": lot.opens_at.isoformat(),
        "closes_at": lot.closes_at.isoformat(),
        "extended": lot.extended,
        "last_period_s": int(lot.last_period.total_seconds()),
        "reason": lot.stop_reason,
        "ending": None if lot.ending is None else lot.ending.value,
        "price_fen": None if lot.price is None else lot.price.minor,
        "server_at": server_at.isoformat(),
    }


def event(each: LiveEvent) -> dict[str, object]:
    """Return one event of a lot's history."""
    return {
        "seq": each.seq,
        "kind": each.kind.value,
        "at": each.at.isoformat(),
        "paddle": each.paddle,
        "amount_fen": None if each.amount is None else each.amount.minor,
        "closes_at": None if each.closes_at is None else each.closes_at.isoformat(),
        "reason": each.reason,
        "void": None if each.void is None else _void(each.void),
        "without_bids": each.without_bids,
    }


def _void(void: Void) -> dict[str, object]:
    """Return which bids an event took back, and whose two persons agreed to it."""
    return {
        "bids": [
            {"seq": bid.seq, "paddle": bid.paddle, "amount_fen": None if bid.amount is None else bid.amount.minor}
            for bid in void.bids
        ],
        "markets": [{"zh": name.zh, "en": name.en} for name in void.markets],
        "supervised": void.supervised,
    }


def taken(answer: Taken) -> dict[str, object]:
    """Return the answer to an offer that stands."""
    return {
        "lot": answer.lot_id,
        "seq": answer.seq,
        "paddle": answer.paddle,
        "amount_fen": None if answer.amount is None else answer.amount.minor,
        "placed_at": answer.placed_at.isoformat(),
        "closes_at": answer.closes_at.isoformat(),
        "hash": answer.hash,
    }


def problem(status: int, code: str, title: str, facts: dict[str, int | str | None] | None = None) -> dict[str, object]:
    """Return a problem as RFC 9457 has it, with the refusal's code and facts beside it."""
    return {**(facts or {}), "type": "about:blank", "title": title, "status": status, "code": code}


def status_of(refusal: Refusal) -> int:
    """Return the HTTP status of a refused offer."""
    return STATUS.get(refusal.code, 409)


def unpacked(body: bytes) -> object:
    """Return the JSON value; a number that is no JSON number is none here either.

    :raises KeyTwice: a name stands twice in one object
    :raises ValueError: it is no JSON
    """
    value: object = orjson.loads(body)
    # The fast reader keeps the last of two alike. With no more colons than names none stands twice: so it is with offers.
    if not isinstance(value, dict | list) or (isinstance(value, dict) and body.count(b":") == len(value)):
        return value
    return json_text.read(body.decode())
