"""What an auditor approves as supervisor (监督人), in rounds that one market holds alone."""

from functools import partial

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from techauction.core.approval import Person
from techauction.core.refusal import NoSuch, Refusal
from techauction.db import db
from techauction.queries import approvals as queries
from techauction.services import approvals
from techauction.store.people import Role
from techauction.web.acting import acted
from techauction.web.context import now, signed_in
from techauction.web.guard import only
from techauction.wording import say

bp = Blueprint("auditor_approvals", __name__, url_prefix="/auditor/approvals")
bp.before_request(only(Role.AUDITOR))


@bp.get("")
def waiting() -> ResponseReturnValue:
    """Show what waits for a supervisor."""
    return _shown(None)


@bp.post("/<int:approval_id>/approve")
def approve(approval_id: int) -> ResponseReturnValue:
    """Approve a void: it is done at once."""
    use_case = partial(approvals.approve, approval_id=approval_id, by_id=signed_in().id)
    return _answered(acted(use_case, said=_("Approved, and done.")))


@bp.post("/<int:approval_id>/decline")
def decline(approval_id: int) -> ResponseReturnValue:
    """Decline a void."""
    use_case = partial(approvals.decline, approval_id=approval_id, by_id=signed_in().id)
    return _answered(acted(use_case, said=_("Declined; nothing was done.")))


def _answered(refusal: Refusal | None) -> ResponseReturnValue:
    if isinstance(refusal, NoSuch):
        abort(404)
    return redirect(url_for(".waiting"), 303) if refusal is None else _shown(refusal)


def _shown(refusal: Refusal | None) -> ResponseReturnValue:
    requests = queries.supervised(db.session(), reader=Person(signed_in().id, None), now=now())
    refused = None if refusal is None else say(refusal)
    return render_template("auditor/approvals.html", waiting=requests, refused=refused), 200 if refusal is None else 422
