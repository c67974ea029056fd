"""An enterprise's paddles: asking for one, and seeing what it still needs."""

from typing import ClassVar

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from techauction.core.admission import NoLotNamed, OwnLot, PaddleHeld, RulesNotAccepted
from techauction.core.refusal import NoSuch, Refusal
from techauction.db import db, transaction
from techauction.queries.paddles import AskPage, ask_page, my_paddle, my_rounds
from techauction.services import admission
from techauction.store.people import Role
from techauction.web.context import my_organisation_id, now, signed_in
from techauction.web.fields import Beside, CheckboxesField, Form, SaidBeside
from techauction.web.guard import only
from techauction.web.navigation import page_number

bp = Blueprint("bidder_paddles", __name__, url_prefix="/bidder")
bp.before_request(only(Role.ENTERPRISE))


class AskForm(Form):
    """Which lots a paddle is asked for. `every_lot` names all that may be named."""

    BESIDE: ClassVar[Beside] = {NoLotNamed: "lots", OwnLot: "lots", RulesNotAccepted: "rules_accepted"}

    every_lot = BooleanField(_l("All lots of the round"))
    lots = CheckboxesField(_l("Lots"), coerce=int)
    rules_accepted = BooleanField(_l("We have read the rules of this round and accept them."))

    def validate_rules_accepted(self, field: BooleanField) -> None:
        """Say beside the box that it must be ticked."""
        if not field.data:
            raise SaidBeside(RulesNotAccepted())

    def validate_lots(self, field: CheckboxesField) -> None:
        """Say beside the lots that one must be named."""
        if not field.data and not self.every_lot.data:
            raise SaidBeside(NoLotNamed())

    def lot_ids(self, page: AskPage) -> list[int]:
        """Return the lots named."""
        if self.every_lot.data:
            return [lot.id for lot in page.lots if not lot.is_own]
        return list(self.lots.data or ())


@bp.get("/paddles")
def paddles() -> ResponseReturnValue:
    """Show the rounds to take part in, and one's paddles."""
    page = my_rounds(db.session(), organisation_id=my_organisation_id(), page=page_number(), now=now())
    return render_template("bidder/paddles.html", page=page)


@bp.route("/rounds/<slug>/paddle", methods=["GET", "POST"])
def paddle(slug: str) -> ResponseReturnValue:
    """Show the enterprise's paddle in a round; where it has none, ask for one."""
    organisation_id = my_organisation_id()
    mine = my_paddle(db.session(), slug, organisation_id=organisation_id, now=now())
    if mine is not None:
        # A second press of the button finds what the first one did.
        if request.method == "POST":
            return redirect(url_for(".paddle", slug=slug), 303)
        return render_template("bidder/paddle.html", page=mine)
    page = ask_page(db.session(), slug, organisation_id=organisation_id, now=now()) or abort(404)

    form = AskForm(request.form)
    form.lots.choices = [(lot.id, str(lot.number)) for lot in page.lots if not lot.is_own]
    if request.method == "POST" and form.validate() and _asked(form, page, organisation_id):
        flash(_("Your request is with the organizers. Now pay the deposit as this page says."), "success")
        return redirect(url_for(".paddle", slug=slug), 303)
    boxes = {box.data: box for box in form.lots}
    return render_template("bidder/ask.html", page=page, form=form, boxes=boxes), 422 if form.errors else 200


def _asked(form: AskForm, page: AskPage, organisation_id: int) -> bool:
    by_id = signed_in().id
    try:
        with transaction() as session:
            admission.ask(
                session,
                round_id=page.round_id,
                organisation_id=organisation_id,
                lot_ids=form.lot_ids(page),
                rules_accepted=bool(form.rules_accepted.data),
                by_id=by_id,
                now=now(),
            )
    except NoSuch:
        abort(404)
    except PaddleHeld:
        return True  # a colleague, or a second press of the button, was quicker
    except Refusal as refusal:
        form.refuse(refusal)
        return False
    return True
