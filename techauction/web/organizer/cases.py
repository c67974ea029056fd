"""Cases that no manager has accepted yet, for organizers of their markets and for administrators."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from techauction.core.refusal import NoSuch, Refusal
from techauction.db import db, transaction
from techauction.queries.handoff import given_cases
from techauction.services.handoff import assign_case
from techauction.store.people import Role
from techauction.web.addresses import identifier
from techauction.web.context import now, signed_in
from techauction.web.guard import only
from techauction.web.navigation import page_number
from techauction.wording import say

bp = Blueprint("organizer_cases", __name__, url_prefix="/organizer/cases")
bp.before_request(only(Role.ORGANIZER, Role.ADMINISTRATOR))


@bp.get("")
def cases() -> ResponseReturnValue:
    """List the cases that no manager has accepted, those without a manager first."""
    return _cases()


@bp.post("/<int:lot_id>/manager")
def give(lot_id: int) -> ResponseReturnValue:
    """Give a case to a manager of its market."""
    by_id, market_key, manager_id = signed_in().id, _market(), identifier(request.form.get("manager", ""))
    try:
        with transaction() as session:
            assign_case(
                session,
                case_id=lot_id,
                manager_id=manager_id or 0,
                instead_of=identifier(request.form.get("seen", "")),
                market_key=market_key,
                by_id=by_id,
                now=now(),
            )
    except NoSuch:
        abort(404)
    except Refusal as refusal:
        flash(say(refusal), "danger")
        return _cases(422)
    flash(_("The case is assigned."), "success")
    return redirect(url_for(".cases"), 303)


def _market() -> str | None:
    """Return the organizer's market; none for an administrator, who acts for all of them."""
    user = signed_in()
    return None if user.role is Role.ADMINISTRATOR else user.market_key


def _cases(status: int = 200) -> ResponseReturnValue:
    page = given_cases(db.session(), market_key=_market(), page=page_number())
    return render_template("organizer/cases.html", page=page), status
