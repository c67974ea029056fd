"""One's own watch list."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from techauction.core.bidding import NoSuchLot
from techauction.db import db, transaction
from techauction.queries.watching import watched
from techauction.services.watching import unwatch, watch
from techauction.web.addresses import safe_next
from techauction.web.context import now, signed_in
from techauction.web.guard import anyone_signed_in
from techauction.web.navigation import page_number

bp = Blueprint("account_watching", __name__, url_prefix="/account/watching")
bp.before_request(anyone_signed_in())


@bp.get("")
def lots() -> ResponseReturnValue:
    """Show the lots that one watches."""
    user = signed_in()
    page = watched(db.session(), user_id=user.id, organisation_id=user.organisation_id, page=page_number(), now=now())
    return render_template("account/watching.html", page=page)


@bp.post("/<int:lot_id>/add")
def add(lot_id: int) -> ResponseReturnValue:
    """Watch a lot."""
    user_id = signed_in().id
    try:
        with transaction() as session:
            watch(session, user_id=user_id, lot_id=lot_id)
    except NoSuchLot:
        abort(404)
    return _back()


@bp.post("/<int:lot_id>/remove")
def remove(lot_id: int) -> ResponseReturnValue:
    """Watch a lot no more."""
    user_id = signed_in().id
    with transaction() as session:
        unwatch(session, user_id=user_id, lot_id=lot_id)
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(safe_next(request.form.get("next")) or url_for(".lots"), 303)
