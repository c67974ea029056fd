"""Asking at the desk for what needs two, and deciding about what another asked for."""

from functools import partial

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from techauction.core.approval import Act
from techauction.core.lot import Stage
from techauction.core.refusal import NoSuch, Refusal
from techauction.db import transaction
from techauction.services import approvals
from techauction.services.deeds import WHOLE_ROUND, Subject
from techauction.store.people import Role
from techauction.web.acting import acted, opened
from techauction.web.context import house, signed_in
from techauction.web.guard import only
from techauction.web.organizer.desk import LotsForm, ReasonForm, answered, nothing_ticked, own_round, shown, ticked

bp = Blueprint("organizer_approvals", __name__, url_prefix="/organizer/rounds/<slug>/desk")
bp.before_request(only(Role.ORGANIZER))

_STAGES = {Act.RESUME: (Stage.PAUSED, Stage.INTERRUPTED), Act.PROLONG: (Stage.OPEN,)}
"""Acts on lots that the desk names by ticks, and where lots stand that *all* means."""


@bp.post("/ask/<act>")
def ask(slug: str, act: str) -> ResponseReturnValue:
    """Ask for an act on lots or on the whole round."""
    wanted = next((each for each in (*_STAGES, *WHOLE_ROUND) if each.value == act), None) or abort(404)
    if wanted in WHOLE_ROUND:
        whole = ReasonForm(request.form, prefix="whole-")
        own_round(slug)
        return _asked(slug, wanted, Subject(), whole) if whole.validate() else shown(slug, whole)
    form = LotsForm(request.form)
    lot_ids = ticked(slug, *_STAGES[wanted])
    if not form.validate():
        return shown(slug, form)
    if not lot_ids:
        return nothing_ticked(slug, form)
    minutes = (form.minutes.data or 0) if wanted is Act.PROLONG else None
    return _asked(slug, wanted, Subject(lot_ids=tuple(lot_ids), minutes=minutes), form)


@bp.post("/requests/<int:approval_id>/approve")
def approve(slug: str, approval_id: int) -> ResponseReturnValue:
    """Approve what another asked for: it is done at once."""
    own_round(slug)
    use_case = partial(approvals.approve, approval_id=approval_id, by_id=signed_in().id)
    refusal = acted(use_case, said=_("Approved, and done."))
    if refusal is None:
        opened()
    return _decided(slug, refusal)


@bp.post("/requests/<int:approval_id>/decline")
def decline(slug: str, approval_id: int) -> ResponseReturnValue:
    """Decline what another asked for."""
    own_round(slug)
    use_case = partial(approvals.decline, approval_id=approval_id, by_id=signed_in().id)
    return _decided(slug, acted(use_case, said=_("Declined; nothing was done.")))


@bp.post("/requests/<int:approval_id>/take-back")
def take_back(slug: str, approval_id: int) -> ResponseReturnValue:
    """Take the own request back."""
    own_round(slug)
    use_case = partial(approvals.take_back, approval_id=approval_id, by_id=signed_in().id)
    return _decided(slug, acted(use_case, said=_("Taken back; nothing was done.")))


def ask_for(round_id: int, act: Act, subject: Subject, reason: str) -> Refusal | None:
    """Ask for an act, and say so; return why it cannot be asked for."""
    by_id = signed_in().id
    try:
        with transaction() as session:
            approvals.ask(
                session, round_id=round_id, act=act, subject=subject, reason=reason, by_id=by_id, read_clock=house().clock
            )
    except Refusal as refusal:
        return refusal
    flash(_("Asked for. It is done as soon as another approves it, within 15 minutes."), "success")
    return None


def _asked(slug: str, act: Act, subject: Subject, form: ReasonForm) -> ResponseReturnValue:
    round_id, _lots = own_round(slug)
    return answered(slug, ask_for(round_id, act, subject, str(form.reason.data)), form)


def _decided(slug: str, refusal: Refusal | None) -> ResponseReturnValue:
    if isinstance(refusal, NoSuch):
        abort(404)
    if refusal is None:
        return redirect(url_for("organizer_desk.desk", slug=slug), 303)
    return answered(slug, refusal)
