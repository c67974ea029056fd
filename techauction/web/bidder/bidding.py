"""Bidding: a bidder's lots, and the page on which it bids."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from techauction.core.lot import Format
from techauction.core.money import Money
from techauction.core.refusal import Refusal
from techauction.db import db
from techauction.postgresql import CommitUnknown
from techauction.queries import bidder
from techauction.queries.bidder import BiddingPage
from techauction.saleroom.auctioneer import FateUnknown, QueueFull
from techauction.store.people import Role
from techauction.web.bidder.pace import paced
from techauction.web.bidder.room import BidForm, found, shown
from techauction.web.bidder.seen import note
from techauction.web.context import PATIENCE_S, auctioneer, certify, my_organisation_id, now, ticket
from techauction.web.filters import when
from techauction.web.guard import only
from techauction.web.navigation import page_number

bp = Blueprint("bidder", __name__, url_prefix="/bidder")
bp.before_request(only(Role.ENTERPRISE))


@bp.get("", strict_slashes=False)
def lots() -> ResponseReturnValue:
    """Show the lots that the bidder's paddles are admitted to."""
    page = bidder.my_lots(db.session(), organisation_id=my_organisation_id(), page=page_number(), now=now())
    return render_template("bidder/lots.html", page=page)


@bp.get("/rounds/<slug>/lots/<int:number>")
def lot(slug: str, number: int) -> ResponseReturnValue:
    """Show a lot to its bidder; `?amount=` fills the form."""
    page = found(slug, number)
    note(page.lot.tile.sale.lot_id)
    return shown(page, BidForm(request.args)), 200


@bp.post("/rounds/<slug>/lots/<int:number>")
@paced
def bid(slug: str, number: int) -> ResponseReturnValue:
    """Offer an amount, and wait for the auctioneer's answer."""
    page = found(slug, number)
    form = BidForm(request.form)
    if not form.validate():
        return shown(page, form), 422

    asked = form.asked(page.lot.tile.sale.lot_id)
    db.session().rollback()  # the page shown after the bid must not be older than the bid
    try:
        taken = auctioneer().submit(asked, ticket()).result(timeout=PATIENCE_S)
    except (TimeoutError, FateUnknown):
        return _unknown(found(slug, number), asked.amount, asked.key, confirmed=asked.confirmed, matching=asked.matching)
    except Refusal as refusal:
        form.refuse(refusal, "amount")
        status = 503 if isinstance(refusal, QueueFull) else 422
        return shown(found(slug, number), form, refusal), status
    _say_taken(page, asked.amount, taken.paddle, when(taken.placed_at, "ms"))
    return redirect(url_for(".lot", slug=slug, number=number), 303)


@bp.get("/rounds/<slug>/lots/<int:number>/offers/<key>")
def offer(slug: str, number: int, key: str) -> ResponseReturnValue:
    """Look again what became of an offer, by its key."""
    page = found(slug, number)
    known = bidder.answered(db.session(), organisation_id=my_organisation_id(), lot_id=page.lot.tile.sale.lot_id, key=key)
    offered = request.args.get("fen", type=int)
    asked = {"confirmed": "confirmed" in request.args, "matching": "matching" in request.args}
    if known is None:
        return _unknown(page, Money(offered) if offered else None, key, **asked)
    if known.refusal is not None:
        form = BidForm(data={"amount": known.amount})
        form.amount.errors = []
        form.refuse(known.refusal, "amount")
        return shown(page, form, known.refusal), 200
    try:
        certify()
    except CommitUnknown:
        return _unknown(found(slug, number), known.amount, key, **asked)
    assert page.me.paddle is not None
    _say_taken(page, known.amount, page.me.paddle, when(known.decided_at, "ms"))
    return redirect(url_for(".lot", slug=slug, number=number), 303)


def _unknown(page: BiddingPage, amount: Money | None, key: str, *, confirmed: bool, matching: bool) -> ResponseReturnValue:
    return render_template(
        "bidder/unknown.html", page=page, amount=amount, key=key, confirmed=confirmed, matching=matching
    ), 503


def _say_taken(page: BiddingPage, amount: Money | None, paddle: int, at: str) -> None:
    if page.lot.tile.sale.format is not Format.SEALED:
        said = _("Your bid of %(amount)s was taken at %(at)s for paddle %(paddle)s.", amount=amount, at=at, paddle=paddle)
    elif amount is None:
        said = _("Your sealed offer was taken at %(at)s for paddle %(paddle)s.", at=at, paddle=paddle)
    else:
        said = _(
            "Your sealed offer of %(amount)s was taken at %(at)s for paddle %(paddle)s. "
            "Note the sum: it is not shown again before the close.",
            amount=amount,
            at=at,
            paddle=paddle,
        )
    flash(said, "success")
