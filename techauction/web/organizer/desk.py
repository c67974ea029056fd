"""A round's desk: all its lots live, what one organizer may do at once, and what waits for a second."""

from functools import partial

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from techauction.core.approval import Person
from techauction.core.lot import Stage
from techauction.core.refusal import Refusal
from techauction.db import db, files_stand
from techauction.queries import approvals, stuck, unheard
from techauction.queries import desk as queries
from techauction.services import opening, pausing
from techauction.store.people import Role
from techauction.web.acting import acted, opened
from techauction.web.addresses import identifier
from techauction.web.context import house, my_market, now, signed_in
from techauction.web.fields import Form, WholeField
from techauction.web.guard import only

bp = Blueprint("organizer_desk", __name__, url_prefix="/organizer/rounds/<slug>/desk")
bp.before_request(only(Role.ORGANIZER))


class ReasonForm(Form):
    """Why something is done; everybody reads it."""

    reason = StringField(_l("Public reason"), [InputRequired(_l("Give a reason: it will be public.")), Length(max=500)])


class LotsForm(ReasonForm):
    """What is done to several lots."""

    minutes = WholeField(_l("Minutes more"), [Optional(), NumberRange(1, 1_440)], default=10)


@bp.get("")
def desk(slug: str) -> ResponseReturnValue:
    """Show all lots of a round."""
    return shown(slug)


@bp.post("/open")
def open_now(slug: str) -> ResponseReturnValue:
    """Open a round that is due, or a rehearsal at any time."""
    round_id, _lots = own_round(slug)
    use_case = partial(opening.begin_round, round_id=round_id, by_id=signed_in().id)
    refusal = acted(use_case, said=_("The round is open."))
    if refusal is None:
        opened()
    return answered(slug, refusal)


@bp.post("/pause")
def pause(slug: str) -> ResponseReturnValue:
    """Pause the lots ticked, or all that are open."""
    form = LotsForm(request.form)
    lot_ids = ticked(slug, Stage.OPEN)
    if not form.validate():
        return shown(slug, form)
    if not lot_ids:
        return nothing_ticked(slug, form)
    use_case = partial(
        pausing.pause,
        lot_ids=lot_ids,
        reason=str(form.reason.data),
        by_id=signed_in().id,
        leave_closed="all" in request.form,
    )
    return answered(slug, acted(use_case, said=_("The lots are paused.")), form)


@bp.get("/facts")
def facts(slug: str) -> ResponseReturnValue:
    """Tell how the sale does at this moment, for the desk's script."""
    round_id, _lots = own_round(slug)
    waiting = approvals.of_round(db.session(), round_id, reader=_reader(), now=now()).waiting
    return jsonify(**_vitals(round_id), requests=[each.id for each in waiting])


@bp.get("/requests")
def requests(slug: str) -> ResponseReturnValue:
    """Show the requests by themselves, for the desk's script."""
    round_id, _lots = own_round(slug)
    found = approvals.of_round(db.session(), round_id, reader=_reader(), now=now())
    return render_template("organizer/_requests.html", requests=found, slug=slug)


def own_round(slug: str) -> tuple[int, dict[int, Stage]]:
    """Return the id of a round of the organizer's market, and the stages of its lots by id; another's is not there."""
    return queries.round_at_desk(db.session(), slug, market_key=my_market()) or abort(404)


def _reader() -> Person:
    """Return who reads, as the rules of approval know it."""
    user = signed_in()
    return Person(user.id, user.market_key)


def ticked(slug: str, *stages: Stage) -> list[int]:
    """Return the ids of the lots ticked, or of all at these stages; a lot of another round is not there."""
    _round_id, lots = own_round(slug)
    named = {identifier(each) or 0 for each in request.form.getlist("lot")}
    if not named <= lots.keys():
        abort(404)
    return sorted(named) if "all" not in request.form else [each for each, stage in lots.items() if stage in stages]


def answered(slug: str, refusal: Refusal | None, form: ReasonForm | None = None) -> ResponseReturnValue:
    """Lead back to the desk, or show it with why something was not done."""
    if refusal is None:
        return redirect(url_for("organizer_desk.desk", slug=slug), 303)
    form = form or LotsForm(formdata=None)
    form.refuse(refusal)
    return shown(slug, form)


def nothing_ticked(slug: str, form: ReasonForm) -> ResponseReturnValue:
    """Show the desk and say that no lot was named."""
    form.form_errors.append(_("Tick the lots first; there is none to do this to."))
    return shown(slug, form)


def shown(slug: str, form: ReasonForm | None = None) -> ResponseReturnValue:
    """Show the desk; a form that has something against it stands where it was sent from."""
    page = queries.desk(db.session(), slug, market_key=my_market(), now=now()) or abort(404)
    lots = form if isinstance(form, LotsForm) else LotsForm(formdata=None)
    whole = form if form is not None and not isinstance(form, LotsForm) else ReasonForm(formdata=None, prefix="whole-")
    return (
        render_template(
            "organizer/desk.html",
            page=page,
            form=lots,
            whole=whole,
            ticked=frozenset(request.form.getlist("lot")),
            requests=approvals.of_round(db.session(), page.id, reader=_reader(), now=now()),
            vitals=_vitals(page.id),
            unheard=unheard.of_round(db.session(), page.id),
            died=queries.died(db.session(), page.id),
            stuck=stuck.of_round(db.session(), page.id, now=now()),
            files_stand=files_stand(db.engine),
            slug=slug,
        ),
        422 if lots.errors or whole.errors else 200,
    )


def _vitals(round_id: int) -> dict[str, int | None]:
    """Return how the sale does: in whole numbers, seconds and milliseconds since."""
    at, beats, vitals = now(), queries.beats(db.session(), round_id), house().vitals
    return {
        "waiting": house().auctioneer.waiting,
        "watching": vitals.watching,
        "joined": vitals.joined_of_late(at),
        "dropped": vitals.dropped_of_late(at),
        "late_ms": None if beats.late is None else round(beats.late.total_seconds() * 1_000),
        "pulse_s": None if beats.proven_at is None else round((at - beats.proven_at).total_seconds()),
        "tick_s": None if vitals.ticked_at is None else round((at - vitals.ticked_at).total_seconds()),
    }
