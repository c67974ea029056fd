"""The clerk's console: bids called in the hall, entered by paddle through the same auctioneer."""

from functools import partial
from uuid import uuid4

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import BooleanField, HiddenField
from wtforms.validators import InputRequired, Length, NumberRange

from techauction.core.lot import Format
from techauction.core.offer import NeedsConfirmation, Source
from techauction.core.paddle import NoSuchPaddle
from techauction.core.refusal import Refusal
from techauction.db import db
from techauction.postgresql import CommitUnknown
from techauction.queries import desk as desks
from techauction.queries.lot_at_desk import LotAtDesk, lot_at_desk
from techauction.saleroom.auctioneer import Asked, FateUnknown
from techauction.services import floor as services
from techauction.store.people import Role
from techauction.web.acting import acted
from techauction.web.addresses import LARGEST_ID, identifier
from techauction.web.context import PATIENCE_S, auctioneer, my_market, now, signed_in, ticket
from techauction.web.fields import Form, MoneyField, WholeField
from techauction.web.guard import only

bp = Blueprint("organizer_floor", __name__, url_prefix="/organizer/rounds/<slug>/floor")
bp.before_request(only(Role.ORGANIZER))

LAST_BIDS = 8
_OF_A_PADDLE: dict[str, LazyString] = {
    "own_bid_stands": _l("This paddle's bid of %(standing)s stands already: it leads."),
    "not_admitted": _l("This paddle is not admitted to this lot."),
    "deposit_insufficient": _l("This paddle's deposit held is %(held)s; the lot needs %(required)s."),
    "received_in_time": _l(
        "This call was here in time, but the lot had ended when the house came to it. It is kept, and shown."
    ),
    "sealed_once": _l("This paddle has made its sealed offer already."),
}
"""What the sentences to a bidder say to a clerk."""


class CallForm(Form):
    """A bid that was called in the hall. The key names the offer: the same key again gets the first answer."""

    paddle = WholeField(
        _l("Paddle"),
        [InputRequired(_l("Type the paddle's number.")), NumberRange(1, LARGEST_ID, _l("Type the paddle's number."))],
    )
    amount = MoneyField(_l("Amount"), [InputRequired(_l("Type the amount, or choose a step."))])
    confirmed = BooleanField(_l("Yes, this amount was called."))
    key = HiddenField(validators=[InputRequired(_l("Load the page again, then offer.")), Length(min=8, max=64)])


@bp.get("")
def console(slug: str) -> ResponseReturnValue:
    """Show the console at the lot asked for, else at the first that is open."""
    page = desks.desk(db.session(), slug, market_key=my_market(), now=now()) or abort(404)
    numbers = [each.tile.number for each in page.lots]
    if not numbers:
        abort(404)
    wanted = request.args.get("lot", type=int)
    open_ = next((each.tile.number for each in page.lots if each.tile.takes_bids), numbers[0])
    return _shown(slug, wanted if wanted in numbers else open_, CallForm(formdata=None))


@bp.post("/lots/<int:number>")
def call(slug: str, number: int) -> ResponseReturnValue:
    """Place a bid for a paddle."""
    page, said = _page(slug, number), request.form.copy()
    if "step" in said:  # one of the amounts to choose from, whatever was typed
        said["amount"] = said["step"]
    form = CallForm(said)
    if page.format is Format.SEALED:
        abort(404)
    if not form.validate():
        return _shown(slug, number, form)
    assert form.paddle.data is not None
    assert form.amount.data is not None
    try:
        organisation_id = services.bidder_of(db.session(), round_id=page.round_id, paddle=form.paddle.data)
    except NoSuchPaddle as refusal:
        form.refuse(refusal, "paddle")
        return _shown(slug, number, form)
    asked = Asked(
        lot_id=page.lot_id,
        organisation_id=organisation_id,
        user_id=signed_in().id,
        session_id=current_user.session_id,
        amount=form.amount.data,
        key=str(form.key.data),
        confirmed=bool(form.confirmed.data),
        source=Source.FLOOR,
    )
    db.session().rollback()
    try:
        auctioneer().submit(asked, ticket()).result(timeout=PATIENCE_S)
    except (TimeoutError, FateUnknown, CommitUnknown):
        # The same key again gets the first answer: the form comes back as it was, with its key.
        form.form_errors.append(_("It is not known yet whether this bid stands. Send it once more: it is taken once only."))
        return _shown(slug, number, form, keep=True)
    except Refusal as refusal:
        _refuse(form, refusal)
        return _shown(slug, number, form, must_confirm=isinstance(refusal, NeedsConfirmation))
    flash(_("Paddle %(paddle)s: %(amount)s is taken.", paddle=form.paddle.data, amount=form.amount.data), "success")
    return redirect(url_for(".console", slug=slug, lot=number), 303)


@bp.post("/lots/<int:number>/undo")
def undo(slug: str, number: int) -> ResponseReturnValue:
    """Stop the lot, and ask that a bid be voided."""
    page = _page(slug, number)
    seq = identifier(request.form.get("seq", "")) or abort(404)
    use_case = partial(services.undo, round_id=page.round_id, lot_id=page.lot_id, seq=seq, by_id=signed_in().id)
    refusal = acted(use_case, said=_("The lot is paused. The bid is voided as soon as another approves it."))
    if refusal is None:
        return redirect(url_for(".console", slug=slug, lot=number), 303)
    form = CallForm(formdata=None)
    form.refuse(refusal)
    return _shown(slug, number, form)


def _refuse(form: CallForm, refusal: Refusal) -> None:
    to_clerk = _OF_A_PADDLE.get(refusal.code)
    if to_clerk is None:
        form.refuse(refusal, "amount")
    else:
        form.form_errors.append(str(to_clerk) % refusal.facts)


def _page(slug: str, number: int) -> LotAtDesk:
    return lot_at_desk(db.session(), slug, number, market_key=my_market(), now=now(), most=LAST_BIDS) or abort(404)


def _shown(slug: str, number: int, form: CallForm, *, keep: bool = False, must_confirm: bool = False) -> ResponseReturnValue:
    desk = desks.desk(db.session(), slug, market_key=my_market(), now=now()) or abort(404)
    page = _page(slug, number)
    if not keep:
        form.key.data = uuid4().hex
    return (
        render_template(
            "organizer/floor.html",
            desk=desk,
            page=page,
            form=form,
            steps=[each.amount for each in page.tile.sale.steps],
            sealed=page.format is Format.SEALED,
            must_confirm=must_confirm,
        ),
        422 if form.errors else 200,
    )
