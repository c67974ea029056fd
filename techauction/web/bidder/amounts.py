"""Reading an amount back to a bidder, with what it would come to and by when, before it is offered."""

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue

from techauction.db import db
from techauction.queries.payable import Payable, terms_of
from techauction.store.people import Role
from techauction.web.addresses import identifier
from techauction.web.catalogue.amounts import lot_asked_for, read_back
from techauction.web.context import my_organisation_id
from techauction.web.guard import only

bp = Blueprint("bidder_amounts", __name__, url_prefix="/bidder/amounts")
bp.before_request(only(Role.ENTERPRISE))


@bp.post("")
def amounts() -> ResponseReturnValue:
    """Return what an amount says, whether it is lawful on the lot now, and what it would come to.

    A match and a ceiling go by rules of their own: `for` says that it is one (`match`, `instruction`).
    """
    lot = lot_asked_for() or abort(404)
    read, said = read_back(lot, request.form.get("text", ""), purpose=request.form.get("for", "bid"))
    terms = terms_of(db.session(), lot_id=identifier(request.form["lot"]) or 0, organisation_id=my_organisation_id())
    return jsonify(**said, payable=None if read is None or terms is None else _plain(terms.payable(read)))


def _plain(payable: Payable) -> dict[str, str]:
    """Return the sums and days as the page writes them."""
    return {
        "price": str(payable.price),
        "commission": str(payable.commission),
        "total": str(payable.total),
        "deposit": str(payable.deposit),
        "due": str(payable.due),
        "confirmed_by": payable.confirmed_by.isoformat(),
        "signed_by": payable.signed_by.isoformat(),
        "paid_by": payable.paid_by.isoformat(),
    }
