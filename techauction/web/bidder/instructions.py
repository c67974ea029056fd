"""A bidder's standing instruction: left, changed, taken back. Each is an act of the auctioneer."""

from functools import partial

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from techauction.core.instruction import NoInstruction
from techauction.core.seen import ChangedMeanwhile
from techauction.services import instructions
from techauction.store.people import Role
from techauction.web.acting import acted_for_bidder, acted_in_time
from techauction.web.bidder.pace import paced
from techauction.web.bidder.room import InstructionForm, found, shown
from techauction.web.context import my_organisation_id, signed_in
from techauction.web.guard import only
from techauction.wording import say

bp = Blueprint("bidder_instructions", __name__, url_prefix="/bidder/rounds/<slug>/lots/<int:number>/instruction")
bp.before_request(only(Role.ENTERPRISE))


@bp.post("")
@paced
def place(slug: str, number: int) -> ResponseReturnValue:
    """Leave an instruction, or another ceiling."""
    page = found(slug, number)
    form = InstructionForm(request.form)
    if not form.validate():
        return shown(page, instruction=form), 422

    assert form.ceiling.data is not None
    lot_id = page.lot.tile.sale.lot_id
    act = partial(
        instructions.place,
        lot_id=lot_id,
        organisation_id=my_organisation_id(),
        user_id=signed_in().id,
        ceiling=form.ceiling.data,
        seen=form.marks(),
    )
    refusal = acted_in_time(
        act,
        lot_id=lot_id,
        said=_("Your instruction is kept: the system bids for you up to %(ceiling)s.", ceiling=form.ceiling.data),
        unknown=_("It is not known yet whether your instruction was kept. Look at the page again in a moment."),
    )
    if refusal is None:
        return redirect(url_for("bidder.lot", slug=slug, number=number, _anchor="instruction"), 303)
    page = found(slug, number)
    if isinstance(refusal, ChangedMeanwhile):
        kept = None if page.instruction is None else page.instruction.ceiling
        theirs = InstructionForm(formdata=None, data=instructions.shown(kept))
        form.conflict(refusal, mine=instructions.shown(form.ceiling.data), kept=instructions.shown(kept), theirs=theirs)
    else:
        form.refuse(refusal, "ceiling")
    return shown(page, instruction=form), 422


@bp.post("/withdraw")
@paced
def withdraw(slug: str, number: int) -> ResponseReturnValue:
    """Take the instruction back; what was bid for it stands."""
    page = found(slug, number)
    act = partial(
        instructions.withdraw,
        lot_id=page.lot.tile.sale.lot_id,
        organisation_id=my_organisation_id(),
        seen=InstructionForm(request.form).marks(),
    )
    refusal = acted_for_bidder(
        act,
        said=_("Your instruction is withdrawn. A bid that it made still stands."),
        unknown=_("It is not known yet whether your instruction was withdrawn. Look at the page again in a moment."),
    )
    # Where there is none, a colleague, or a second press of the button, was quicker.
    if refusal is not None and not isinstance(refusal, NoInstruction):
        flash(say(refusal), "warning")
    return redirect(url_for("bidder.lot", slug=slug, number=number, _anchor="instruction"), 303)
