"""Rounds, lots and records, as everybody may see them."""

from dataclasses import asdict

from flask import abort
from flask.typing import ResponseReturnValue

from techauction.api.calls import blueprint, now
from techauction.api.wire import answered, page_asked, paged
from techauction.core.tokens import TokenScope
from techauction.db import db
from techauction.queries import published
from techauction.queries.published import PublishedLot
from techauction.queries.sale import Sale
from techauction.saleroom import answers

bp = blueprint("api_reading", TokenScope.READ)


@bp.get("/rounds")
def rounds() -> ResponseReturnValue:
    """List the rounds, the latest first."""
    page, size = page_asked()
    found = published.rounds(db.session(), page=page, size=size)
    return paged("rounds", found.rounds, found.paging)


@bp.get("/rounds/<slug>")
def round_(slug: str) -> ResponseReturnValue:
    """Tell a round."""
    return answered(published.round_(db.session(), slug) or abort(404))


@bp.get("/rounds/<slug>/lots")
def lots(slug: str) -> ResponseReturnValue:
    """List a round's lots by number, each with its present state."""
    page, size = page_asked()
    found = published.lots(db.session(), slug, page=page, size=size) or abort(404)
    return paged("lots", [_with_state(*each) for each in found.lots], found.paging)


@bp.get("/lots/<int:lot_id>")
def lot(lot_id: int) -> ResponseReturnValue:
    """Tell a lot with its present state."""
    return answered(_with_state(*(published.lot(db.session(), lot_id) or abort(404))))


@bp.get("/lots/<int:lot_id>/record")
def record(lot_id: int) -> ResponseReturnValue:
    """Tell a lot's record, event after event."""
    page, size = page_asked()
    found = published.record(db.session(), lot_id, page=page, size=size) or abort(404)
    return paged("events", found.events, found.paging)


def _with_state(each: PublishedLot, state: Sale) -> dict[str, object]:
    return {**asdict(each), "state": answers.lot_state(state, now())}
