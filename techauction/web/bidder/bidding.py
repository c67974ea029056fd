"""Bidding: a bidder's lots, and the page on which it bids."""

from concurrent.futures import TimeoutError as StillWaiting
from uuid import uuid4

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import BooleanField, HiddenField
from wtforms.validators import InputRequired, Length

from techauction.core.ascending import OnlyFirstMayBidStart, TooManySteps
from techauction.core.lawful import nearest
from techauction.core.money import Money
from techauction.core.offer import BidTooLow, NeedsConfirmation, OffGrid
from techauction.core.refusal import Refusal
from techauction.db import db
from techauction.postgresql import CommitUnknown
from techauction.queries import bidder
from techauction.queries.bidder import BiddingPage
from techauction.queries.sale import lot_on_sale
from techauction.saleroom.auctioneer import Asked, FateUnknown, QueueFull
from techauction.store.people import Role
from techauction.web.context import auctioneer, certify, house, my_organisation_id, now, signed_in
from techauction.web.fields import Form, MoneyField
from techauction.web.filters import when
from techauction.web.guard import only
from techauction.web.security import limiter

bp = Blueprint("bidder", __name__, url_prefix="/bidder")
bp.before_request(only(Role.ENTERPRISE))

PATIENCE_S = 3.0
"""How long a form waits for the auctioneer; after that the offer's fate is told by its key."""


_OF_THE_AMOUNT = (BidTooLow, TooManySteps, OffGrid, OnlyFirstMayBidStart)
"""Refusals after which another amount would be taken."""


class BidForm(Form):
    """How much a bidder offers. The key names the offer: the same key again gets the first answer."""

    amount = MoneyField(_l("Your bid"), [InputRequired(_l("Write your bid."))])
    confirmed = BooleanField(_l("Yes, I mean this amount."))
    key = HiddenField(validators=[InputRequired(_l("Load the page again, then offer.")), Length(min=8, max=64)])

    def asked(self, lot_id: int) -> Asked:
        """Return what the auctioneer is asked to take."""
        assert self.amount.data is not None
        return Asked(
            lot_id=lot_id,
            organisation_id=my_organisation_id(),
            user_id=signed_in().id,
            session_id=current_user.session_id,
            amount=self.amount.data,
            key=str(self.key.data),
            confirmed=bool(self.confirmed.data),
            received_at=now(),
        )


def _rate() -> str:
    return f"{house().settings.bids_per_second} per second"


@bp.get("", strict_slashes=False)
def lots() -> ResponseReturnValue:
    """Show the lots that the bidder's paddles are admitted to."""
    number = request.args.get("page", 1, type=int)
    page = bidder.my_lots(db.session(), organisation_id=my_organisation_id(), page=number, now=now())
    return render_template("bidder/lots.html", page=page)


@bp.get("/rounds/<slug>/lots/<int:number>")
def lot(slug: str, number: int) -> ResponseReturnValue:
    """Show a lot to its bidder; `?amount=` fills the form."""
    return _shown(_found(slug, number), BidForm(request.args)), 200


@bp.post("/rounds/<slug>/lots/<int:number>")
@limiter.limit(_rate, key_func=lambda: f"bidder {my_organisation_id()}")
def bid(slug: str, number: int) -> ResponseReturnValue:
    """Offer an amount, and wait for the auctioneer's answer."""
    page = _found(slug, number)
    form = BidForm(request.form)
    if not form.validate():
        return _shown(page, form), 422

    asked = form.asked(page.lot.tile.sale.lot_id)
    db.session().rollback()  # the page shown after the bid must not be older than the bid
    try:
        taken = auctioneer().submit(asked).result(timeout=PATIENCE_S)
    except (StillWaiting, FateUnknown):
        return _unknown(_found(slug, number), asked.amount, asked.key, confirmed=asked.confirmed)
    except Refusal as refusal:
        form.refuse(refusal, "amount")
        status = 503 if isinstance(refusal, QueueFull) else 422
        return _shown(_found(slug, number), form, refusal), status
    _say_taken(taken.amount, taken.paddle, when(taken.placed_at, "ms"))
    return redirect(url_for(".lot", slug=slug, number=number), 303)


@bp.get("/rounds/<slug>/lots/<int:number>/offers/<key>")
def offer(slug: str, number: int, key: str) -> ResponseReturnValue:
    """Look again what became of an offer, by its key."""
    page = _found(slug, number)
    found = bidder.answered(db.session(), organisation_id=my_organisation_id(), lot_id=page.lot.tile.sale.lot_id, key=key)
    if found is None:
        offered = request.args.get("fen", type=int)
        return _unknown(page, Money(offered) if offered else None, key, confirmed="confirmed" in request.args)
    if found.refusal is not None:
        form = BidForm(data={"amount": found.amount})
        form.amount.errors = []
        form.refuse(found.refusal, "amount")
        return _shown(page, form, found.refusal), 200
    try:
        certify()
    except CommitUnknown:
        return _unknown(_found(slug, number), found.amount, key, confirmed="confirmed" in request.args)
    assert page.me.paddle is not None
    _say_taken(found.amount, page.me.paddle, when(found.decided_at, "ms"))
    return redirect(url_for(".lot", slug=slug, number=number), 303)


def _found(slug: str, number: int) -> BiddingPage:
    history = request.args.get("page", 1, type=int)
    found = bidder.bidding_page(db.session(), slug, number, organisation_id=my_organisation_id(), page=history, now=now())
    return found or abort(404)


def _shown(page: BiddingPage, form: BidForm, refusal: Refusal | None = None) -> str:
    """Return the bidding page. Every form shown has a key of its own, so that a form sent twice is one offer."""
    form.key.data = uuid4().hex
    form.confirmed.data = False
    helps = isinstance(refusal, _OF_THE_AMOUNT) or (refusal is None and form.amount.errors)
    core = lot_on_sale(db.session(), page.lot.tile.sale.lot_id) if helps else None
    return render_template(
        "bidder/lot.html",
        page=page,
        form=form,
        must_confirm=isinstance(refusal, NeedsConfirmation),
        nearest=() if core is None else nearest(core, form.amount.data or Money(0)),
        choice_key=uuid4().hex,
    )


def _unknown(page: BiddingPage, amount: Money | None, key: str, *, confirmed: bool) -> ResponseReturnValue:
    return render_template("bidder/unknown.html", page=page, amount=amount, key=key, confirmed=confirmed), 503


def _say_taken(amount: Money, paddle: int, at: str) -> None:
    flash(
        _("Your bid of %(amount)s was taken at %(at)s for paddle %(paddle)s.", amount=amount, at=at, paddle=paddle), "success"
    )
