"""One lot at the desk: its bids, and the acts on it alone."""

from functools import partial

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from techauction.core.approval import Act
from techauction.core.refusal import NoSuch, Refusal
from techauction.db import db
from techauction.queries.lot_at_desk import LotAtDesk, lot_at_desk
from techauction.services import pausing, withdrawing
from techauction.services.deeds import Subject
from techauction.store.people import Role
from techauction.web.acting import acted
from techauction.web.addresses import identifier
from techauction.web.context import my_market, now, signed_in
from techauction.web.guard import only
from techauction.web.organizer.approvals import ask_for
from techauction.web.organizer.desk import ReasonForm

bp = Blueprint("organizer_bids", __name__, url_prefix="/organizer/rounds/<slug>/desk/lots/<int:number>")
bp.before_request(only(Role.ORGANIZER))


@bp.get("")
def lot(slug: str, number: int) -> ResponseReturnValue:
    """Show a lot's bids."""
    return _shown(_page(slug, number), ReasonForm(formdata=None))


@bp.post("/pause")
def pause(slug: str, number: int) -> ResponseReturnValue:
    """Pause the lot."""
    page, form = _page(slug, number), ReasonForm(request.form)
    if not form.validate():
        return _shown(page, form)
    use_case = partial(pausing.pause, lot_ids=[page.lot_id], reason=str(form.reason.data), by_id=signed_in().id)
    return _answered(slug, page, form, acted(use_case, said=_("The lot is paused.")))


@bp.post("/void")
def void(slug: str, number: int) -> ResponseReturnValue:
    """Ask that a bid be voided."""
    page, form = _page(slug, number), ReasonForm(request.form)
    seq = identifier(request.form.get("seq", "")) or abort(404)
    if not form.validate():
        return _shown(page, form)
    subject = Subject(lot_ids=(page.lot_id,), seq=seq)
    return _answered(slug, page, form, ask_for(page.round_id, Act.VOID_BID, subject, str(form.reason.data)))


@bp.post("/void-outcome")
def void_outcome(slug: str, number: int) -> ResponseReturnValue:
    """Ask that the sale be voided."""
    page, form = _page(slug, number), ReasonForm(request.form)
    if not form.validate():
        return _shown(page, form)
    subject = Subject(lot_ids=(page.lot_id,))
    return _answered(slug, page, form, ask_for(page.round_id, Act.VOID_OUTCOME, subject, str(form.reason.data)))


@bp.post("/withdraw")
def withdraw(slug: str, number: int) -> ResponseReturnValue:
    """Withdraw a lot of the own market before it opens."""
    page, form = _page(slug, number), ReasonForm(request.form)
    if not form.validate():
        return _shown(page, form)
    use_case = partial(
        withdrawing.withdraw,
        lot_id=page.lot_id,
        reason=str(form.reason.data),
        by_id=signed_in().id,
        market_key=my_market(),
    )
    return _answered(slug, page, form, acted(use_case, said=_("The lot is withdrawn, and those concerned are told.")))


def _answered(slug: str, page: LotAtDesk, form: ReasonForm, refusal: Refusal | None) -> ResponseReturnValue:
    if isinstance(refusal, NoSuch):
        abort(404)
    if refusal is None:
        return redirect(url_for("organizer_desk.desk", slug=slug), 303)
    form.refuse(refusal)
    return _shown(_page(slug, page.tile.number), form)


def _page(slug: str, number: int) -> LotAtDesk:
    return lot_at_desk(db.session(), slug, number, market_key=my_market(), now=now()) or abort(404)


def _shown(page: LotAtDesk, form: ReasonForm) -> ResponseReturnValue:
    return render_template("organizer/bids.html", page=page, form=form), 422 if form.errors else 200
