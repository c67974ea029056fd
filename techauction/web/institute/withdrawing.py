"""Withdrawing a lot before it opens: a page of its own, because it cannot be undone."""

from functools import partial

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from techauction.core.lot import Stage
from techauction.db import db
from techauction.queries import institute as queries
from techauction.services import withdrawing
from techauction.store.people import Role
from techauction.web.acting import acted
from techauction.web.context import my_organisation_id, now, signed_in
from techauction.web.fields import Form
from techauction.web.guard import only

bp = Blueprint("institute_withdrawing", __name__, url_prefix="/institute/results/<int:lot_id>/withdraw")
bp.before_request(only(Role.INSTITUTE))


class WithdrawForm(Form):
    """Why a lot is withdrawn."""

    reason = StringField(_l("Public reason"), [InputRequired(_l("Give a reason: it will be public.")), Length(max=500)])


@bp.route("", methods=["GET", "POST"])
def withdraw(lot_id: int) -> ResponseReturnValue:
    """Ask for the reason, then withdraw one of the institute's lots."""
    user, institute_id = signed_in(), my_organisation_id()
    page = queries.my_result(db.session(), lot_id=lot_id, institute_id=institute_id, officer=user.sealing_officer, now=now())
    if page is None or (page.stage is not Stage.LISTED and request.method == "GET"):
        abort(404)
    form = WithdrawForm(request.form)
    if request.method == "POST" and form.validate():
        use_case = partial(
            withdrawing.withdraw, lot_id=lot_id, reason=str(form.reason.data), by_id=user.id, institute_id=institute_id
        )
        refusal = acted(use_case, said=_("The lot is withdrawn, and those concerned are told."))
        if refusal is None:
            return redirect(url_for("institute.lot", lot_id=lot_id), 303)
        form.refuse(refusal)
    return render_template("institute/withdraw.html", page=page, form=form), 422 if form.errors else 200
