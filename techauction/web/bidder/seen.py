"""Noting that a bidder has seen in its page that it was outbid, so that no mail tells it again."""

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue

from techauction.db import db, transaction
from techauction.queries.sale import lot_on_sale
from techauction.services.notices import see, unseen
from techauction.store.people import Role
from techauction.web.context import now, signed_in, viewer
from techauction.web.guard import only

bp = Blueprint("bidder_seen", __name__, url_prefix="/bidder/lots/<int:lot_id>/seen")
bp.before_request(only(Role.ENTERPRISE))


@bp.post("")
def seen(lot_id: int) -> ResponseReturnValue:
    """Note it; the page asks while somebody looks at it."""
    if lot_on_sale(db.session(), lot_id, viewer=viewer()) is None:
        abort(404)
    note(lot_id)
    return "", 204


def note(lot_id: int) -> None:
    """Note that whoever is signed in has seen how the lot stands; most often there is nothing to note."""
    user_id = signed_in().id
    waiting = unseen(db.session(), user_id=user_id, lot_id=lot_id)
    if waiting:
        with transaction() as session:
            see(session, notice_ids=waiting, now=now())
