"""Practising before the day: a lot of one's own, with simulated rivals."""

from flask import Blueprint, abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from techauction.core.refusal import NoSuch, Refusal
from techauction.db import db, transaction
from techauction.queries.rounds import public_round
from techauction.services.practising import NUMBER
from techauction.services.practising import practise as begin
from techauction.store.people import Role
from techauction.web.context import house, my_organisation_id, signed_in
from techauction.web.guard import only
from techauction.wording import say

bp = Blueprint("bidder_practice", __name__, url_prefix="/bidder/rounds/<slug>/practice")
bp.before_request(only(Role.ENTERPRISE))


@bp.post("")
def practise(slug: str) -> ResponseReturnValue:
    """Begin to practise, or go on with it."""
    row = public_round(db.session(), slug) or abort(404)
    round_id, organisation_id, by_id = row.id, my_organisation_id(), signed_in().id
    try:
        with transaction() as session:
            copy = begin(
                session, round_id=round_id, organisation_id=organisation_id, by_id=by_id, read_clock=house().clock
            ).slug
    except NoSuch:
        abort(404)
    except Refusal as refusal:
        flash(say(refusal), "warning")
        return redirect(url_for("bidder_paddles.paddle", slug=slug), 303)
    flash(
        _("This is practice: nothing here is sold. The lot opens in a few seconds; two simulated rivals bid against you."),
        "info",
    )
    return redirect(url_for("bidder.lot", slug=copy, number=NUMBER), 303)
