"""One's own bids and their receipts."""

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue

from techauction.db import db
from techauction.queries.receipts import my_bid, my_bids
from techauction.receipts import Receipt
from techauction.store.people import Role
from techauction.web.context import certify, house, my_organisation_id
from techauction.web.guard import only
from techauction.web.navigation import page_number

bp = Blueprint("bidder_receipts", __name__, url_prefix="/bidder/receipts")
bp.before_request(only(Role.ENTERPRISE))


@bp.get("")
def receipts() -> ResponseReturnValue:
    """List the bids that were taken, the newest first."""
    page = my_bids(db.session(), organisation_id=my_organisation_id(), page=page_number())
    return render_template("bidder/receipts.html", page=page)


@bp.get("/<int:lot_id>/<int:seq>")
def receipt(lot_id: int, seq: int) -> ResponseReturnValue:
    """Hand a bid's receipt out as a file."""
    bid = my_bid(db.session(), organisation_id=my_organisation_id(), lot_id=lot_id, seq=seq) or abort(404)
    if bid.amount is None:
        abort(404)  # a sealed offer's first receipt was in the answer to it; the next can be had when all are opened
    certify()
    signed = house().signer.sign(
        Receipt(lot_id=bid.lot_id, seq=bid.seq, hash=bid.hash, amount=bid.amount, placed_at=bid.placed_at)
    )
    answer = Response(signed + "\n", mimetype="application/jose")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{bid.slug}-{bid.number}-{bid.seq}.jws")
    return answer
