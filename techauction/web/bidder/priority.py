"""A bidder's priority right at a lot: given up for good."""

from functools import partial

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from techauction.services import priority
from techauction.store.people import Role
from techauction.web.acting import acted_for_bidder
from techauction.web.bidder.pace import paced
from techauction.web.bidder.room import found
from techauction.web.context import my_organisation_id, signed_in
from techauction.web.guard import only
from techauction.wording import say

bp = Blueprint("bidder_priority", __name__, url_prefix="/bidder/rounds/<slug>/lots/<int:number>/priority")
bp.before_request(only(Role.ENTERPRISE))


@bp.post("/waive")
@paced
def waive(slug: str, number: int) -> ResponseReturnValue:
    """Give the right up."""
    lot_id = found(slug, number).lot.tile.sale.lot_id
    act = partial(priority.waive, lot_id=lot_id, organisation_id=my_organisation_id(), by_id=signed_in().id)
    refusal = acted_for_bidder(
        act,
        said=_("You have waived your priority right at this lot."),
        unknown=_("It is not known yet whether your right was waived. Look at the page again in a moment."),
    )
    if refusal is not None:
        flash(say(refusal), "warning")
    return redirect(url_for("bidder.lot", slug=slug, number=number), 303)
