"""The enterprises of an organizer's market: who registered, and what the market says to it."""

from typing import ClassVar

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, TextAreaField
from wtforms.validators import InputRequired, Length

from techauction.core.refusal import NoSuch, Refusal
from techauction.core.registration import CreditCodeNeedsYes, Decision
from techauction.db import db, transaction
from techauction.queries import enterprises as queries
from techauction.services import registration
from techauction.store.people import Role, Standing
from techauction.web.addresses import member
from techauction.web.context import my_market, now, signed_in
from techauction.web.fields import Beside, Form
from techauction.web.guard import only
from techauction.web.navigation import page_number

bp = Blueprint("organizer_enterprises", __name__, url_prefix="/organizer/enterprises")
bp.before_request(only(Role.ORGANIZER))


class ApproveForm(Form):
    """That the licence was seen, where the credit code does not check."""

    BESIDE: ClassVar[Beside] = {CreditCodeNeedsYes: "licence_seen"}

    licence_seen = BooleanField(_l("I have seen the licence: the code stands so on it"))


class RefuseForm(Form):
    """Why a registration is refused."""

    reason = TextAreaField(_l("Reason"), [InputRequired(_l("Say why; the enterprise reads it.")), Length(max=500)])


@bp.get("")
def enterprises() -> ResponseReturnValue:
    """Show the market's enterprises, those that wait for it first."""
    standing = member(Standing, request.args.get("standing", ""))
    page = queries.enterprises(db.session(), market_key=my_market(), standing=standing, page=page_number())
    return render_template("organizer/enterprises.html", page=page, standing=standing)


@bp.get("/<int:organisation_id>")
def enterprise(organisation_id: int) -> ResponseReturnValue:
    """Show an enterprise."""
    return _shown(organisation_id, RefuseForm())


@bp.post("/<int:organisation_id>/approve")
def approve(organisation_id: int) -> ResponseReturnValue:
    """Approve an enterprise's registration."""
    form = ApproveForm(request.form)
    return _decided(organisation_id, Decision.APPROVED, form, licence_seen=bool(form.licence_seen.data))


@bp.post("/<int:organisation_id>/refuse")
def refuse(organisation_id: int) -> ResponseReturnValue:
    """Refuse an enterprise's registration with a reason."""
    form = RefuseForm(request.form)
    if not form.validate():
        return _shown(organisation_id, form)
    return _decided(organisation_id, Decision.REFUSED, form, reason=str(form.reason.data))


def _decided(
    organisation_id: int, decision: Decision, form: ApproveForm | RefuseForm, reason: str = "", *, licence_seen: bool = False
) -> ResponseReturnValue:
    by_id, market_key = signed_in().id, my_market()
    try:
        with transaction() as session:
            registration.decide(
                session,
                organisation_id=organisation_id,
                market_key=market_key,
                decision=decision,
                reason=reason,
                by_id=by_id,
                now=now(),
                licence_seen=licence_seen,
            )
    except NoSuch:
        abort(404)
    except Refusal as refusal:
        form.refuse(refusal)
        return _shown(organisation_id, form)
    said = _("The enterprise is approved.") if decision is Decision.APPROVED else _("The registration is refused.")
    flash(said, "success")
    return redirect(url_for(".enterprise", organisation_id=organisation_id), 303)


def _shown(organisation_id: int, form: ApproveForm | RefuseForm) -> ResponseReturnValue:
    page = queries.enterprise(db.session(), organisation_id=organisation_id, market_key=my_market()) or abort(404)
    return (
        render_template(
            "organizer/enterprise.html",
            page=page,
            form=form if isinstance(form, RefuseForm) else RefuseForm(formdata=None),
            approve=form if isinstance(form, ApproveForm) else ApproveForm(formdata=None),
        ),
        422 if form.errors else 200,
    )
