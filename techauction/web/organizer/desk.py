"""A round's desk: all its lots live, and the organizer's acts on them, in the auctioneer's turn."""

from collections.abc import Callable
from concurrent.futures import TimeoutError as StillWaiting
from functools import partial

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from techauction.core.lot import Stage
from techauction.core.refusal import Refusal
from techauction.db import db
from techauction.queries import organizer as queries
from techauction.services import opening, pausing
from techauction.store.people import Role
from techauction.web.addresses import identifier
from techauction.web.context import auctioneer, now, signed_in
from techauction.web.fields import Form
from techauction.web.guard import only

bp = Blueprint("organizer_desk", __name__, url_prefix="/organizer/rounds/<slug>/desk")
bp.before_request(only(Role.ORGANIZER))

PATIENCE_S = 3.0
_STOPPED = (Stage.PAUSED, Stage.INTERRUPTED)


class StopForm(Form):
    """Why lots are stopped, or go on; everybody reads it."""

    reason = StringField(_l("Public reason"), [InputRequired(_l("Give a reason: it will be public.")), Length(max=500)])


@bp.get("")
def desk(slug: str) -> ResponseReturnValue:
    """Show all lots of a round."""
    return _shown(slug, StopForm(formdata=None))


@bp.post("/open")
def open_now(slug: str) -> ResponseReturnValue:
    """Open a round that is due, or a rehearsal at any time."""
    form = StopForm(formdata=None)
    round_id, _lots = _found(slug)
    use_case = partial(opening.open_round, round_id=round_id, by_id=signed_in().id)
    return _acted(slug, form, use_case, said=_("The round is open."))


@bp.post("/pause")
def pause(slug: str) -> ResponseReturnValue:
    """Pause the lots ticked, or all that are open."""
    use_case = partial(pausing.pause, leave_closed="all" in request.form)
    return _stop_or_go(slug, use_case, (Stage.OPEN,), said=_("The lots are paused."))


@bp.post("/resume")
def resume(slug: str) -> ResponseReturnValue:
    """Resume the lots ticked, or all that are paused or interrupted."""
    return _stop_or_go(slug, pausing.resume, _STOPPED, said=_("The lots go on, each with a full period at least."))


def _stop_or_go(slug: str, use_case: Callable[..., None], stages: tuple[Stage, ...], *, said: str) -> ResponseReturnValue:
    form = StopForm(request.form)
    _round_id, lots = _found(slug)
    ticked = {identifier(each) or 0 for each in request.form.getlist("lot")}
    if not ticked <= lots.keys():
        abort(404)
    lot_ids = sorted(ticked) if "all" not in request.form else [each for each, stage in lots.items() if stage in stages]
    if not form.validate():
        return _shown(slug, form)
    if not lot_ids:
        form.form_errors.append(_("Tick the lots first; there is none to do this to."))
        return _shown(slug, form)
    act = partial(use_case, lot_ids=lot_ids, reason=str(form.reason.data), by_id=signed_in().id)
    return _acted(slug, form, act, said=said)


def _acted(slug: str, form: StopForm, use_case: Callable[..., None], *, said: str) -> ResponseReturnValue:
    db.session().rollback()  # the page shown afterwards must not be older than what was done
    try:
        auctioneer().act(use_case).result(timeout=PATIENCE_S)
    except StillWaiting:
        flash(_("The auctioneer has not answered yet. Load this page again to see what came of it."), "warning")
    except Refusal as refusal:
        form.refuse(refusal)
        return _shown(slug, form)
    else:
        flash(said, "success")
    return redirect(url_for(".desk", slug=slug), 303)


def _found(slug: str) -> tuple[int, dict[int, Stage]]:
    found = queries.round_at_desk(db.session(), slug, market_key=signed_in().market_key or "")
    return found or abort(404)


def _shown(slug: str, form: StopForm) -> ResponseReturnValue:
    page = queries.desk(db.session(), slug, market_key=signed_in().market_key or "", now=now()) or abort(404)
    ticked = frozenset(request.form.getlist("lot"))
    return render_template("organizer/desk.html", page=page, form=form, ticked=ticked), 422 if form.errors else 200
