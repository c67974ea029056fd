"""The bidding page: found for whoever is signed in, and drawn with its forms as they stand."""

from uuid import uuid4

from flask import abort, render_template
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
from techauction.queries import bidder, unheard
from techauction.queries.bidder import BiddingPage
from techauction.queries.payable import bought, terms_of
from techauction.queries.sale import lot_on_sale
from techauction.queries.watching import watches
from techauction.saleroom.auctioneer import Asked
from techauction.services import instructions
from techauction.web.context import my_organisation_id, now, signed_in, viewer
from techauction.web.editing import EditForm
from techauction.web.fields import Form, MoneyField
from techauction.web.navigation import page_number
from techauction.wording import say

_OF_THE_AMOUNT = (BidTooLow, TooManySteps, OffGrid, OnlyFirstMayBidStart)
"""Refusals after which another amount would be taken."""


class BidForm(Form):
    """How much a bidder offers. The key names the offer: the same key again gets the first answer."""

    amount = MoneyField(_l("Your bid"), [InputRequired(_l("Write your bid."))])
    confirmed = BooleanField(_l("Yes, I mean this amount."))
    matching = BooleanField()
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
            matching=bool(self.matching.data),
        )


class InstructionForm(EditForm):
    """Up to which ceiling the house bids for a bidder; colleagues of one enterprise have one ceiling together."""

    ceiling = MoneyField(_l("Ceiling"), [InputRequired(_l("Write your ceiling."))])


def found(slug: str, number: int) -> BiddingPage:
    """Return the lot's page for the bidder who is signed in, or end in 404."""
    organisation_id = my_organisation_id()
    page = bidder.bidding_page(db.session(), slug, number, organisation_id=organisation_id, page=page_number(), now=now())
    return page or abort(404)


def shown(
    page: BiddingPage,
    form: BidForm | None = None,
    refusal: Refusal | None = None,
    *,
    instruction: InstructionForm | None = None,
) -> str:
    """Return the bidding page. Every form shown has a key of its own, so that a form sent twice is one offer."""
    form = form or BidForm(formdata=None)
    instruction = instruction or InstructionForm(formdata=None)
    instruction.carry(instructions.shown(None if page.instruction is None else page.instruction.ceiling))
    form.key.data = uuid4().hex
    form.confirmed.data = False
    session, lot_id = db.session(), page.lot.tile.sale.lot_id
    helps = isinstance(refusal, _OF_THE_AMOUNT) or (refusal is None and form.amount.errors)
    core = lot_on_sale(session, lot_id, viewer=viewer()) if helps else None
    terms = terms_of(session, lot_id=lot_id, organisation_id=my_organisation_id())
    return render_template(
        "bidder/lot.html",
        page=page,
        form=form,
        instruction=instruction,
        payable=None if terms is None or form.amount.data is None else terms.payable(form.amount.data),
        unknown_years=() if terms is None else terms.payable(page.lot.tile.sale.least).unknown_years,
        bought=bought(session, lot_id=lot_id, organisation_id=my_organisation_id()) if page.leads else None,
        unheard=[say(each) for each in unheard.of_bidder(session, lot_id=lot_id, organisation_id=my_organisation_id())],
        watched=watches(session, user_id=signed_in().id, lot_id=lot_id),
        must_confirm=isinstance(refusal, NeedsConfirmation),
        nearest=() if core is None else nearest(core, form.amount.data or Money(0)),
        choice_key=uuid4().hex,
    )
