"""The custodian's page of a round under the Auction Law (拍卖): the reserves, one reading at a time, each in the audit."""

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from techauction.core.money import Money
from techauction.core.refusal import Refusal
from techauction.db import db, transaction
from techauction.queries.custody import CustodyPage, custody_page
from techauction.services import reserves as services
from techauction.store.people import Role
from techauction.web.context import house, now, signed_in
from techauction.web.guard import only
from techauction.wording import say

bp = Blueprint("organizer_reserves", __name__, url_prefix="/organizer/rounds/<slug>/reserves")
bp.before_request(only(Role.ORGANIZER))


@bp.get("")
def reserves(slug: str) -> ResponseReturnValue:
    """List the sealed reserves, without their sums."""
    return _shown(_page(slug))


@bp.post("/<int:lot_id>")
def read(slug: str, lot_id: int) -> ResponseReturnValue:
    """Open one reserve for the custodian, after the reading is on record."""
    page, by_id = _page(slug), signed_in().id
    if lot_id not in {each.lot_id for each in page.lots}:
        abort(404)
    try:
        with transaction() as session:
            reserve = services.read(session, lot_id=lot_id, by_id=by_id, custody=house().custody, now=now())
    except Refusal as refusal:
        return _shown(page, error=say(refusal)), 422
    return _shown(page, lot_id=lot_id, reserve=reserve)


def _page(slug: str) -> CustodyPage:
    return custody_page(db.session(), slug, user_id=signed_in().id) or abort(404)


def _shown(page: CustodyPage, *, lot_id: int = 0, reserve: Money | None = None, error: str = "") -> str:
    return render_template("organizer/reserves.html", page=page, lot_id=lot_id, reserve=reserve, error=error)
