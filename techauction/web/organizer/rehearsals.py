"""Rehearsing a round: begin a copy of it, look at those there are, throw one away."""

from functools import partial
from typing import ClassVar

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms.validators import InputRequired, NumberRange

from techauction.core.refusal import NoSuch, Refusal
from techauction.core.rehearsal import LEAST_SPEED, MOST_SPEED, SpeedWrong
from techauction.db import db, transaction
from techauction.queries.rehearsals import RehearsalsPage
from techauction.queries.rehearsals import rehearsals as found
from techauction.services import discarding
from techauction.services.rehearsing import rehearse
from techauction.store.people import Role
from techauction.web.acting import acted
from techauction.web.addresses import identifier
from techauction.web.context import house, my_market, now, signed_in
from techauction.web.fields import Beside, Form, WholeField
from techauction.web.guard import only

bp = Blueprint("organizer_rehearsals", __name__, url_prefix="/organizer/rounds/<slug>/rehearsals")
bp.before_request(only(Role.ORGANIZER))

_RANGE = NumberRange(LEAST_SPEED, MOST_SPEED, _l("A speed is a whole number from 1 to 600."))


class SpeedForm(Form):
    """How many times faster than the day a rehearsal is."""

    BESIDE: ClassVar[Beside] = {SpeedWrong: "speed"}

    speed = WholeField(
        _l("How many times faster"), [InputRequired(_l("A speed is a whole number from 1 to 600.")), _RANGE], default=60
    )


@bp.get("")
def rehearsals(slug: str) -> ResponseReturnValue:
    """Show a round's rehearsals."""
    return _shown(_page(slug), SpeedForm(formdata=None))


@bp.post("")
def begin(slug: str) -> ResponseReturnValue:
    """Begin a rehearsal."""
    page, by_id, market_key = _page(slug), signed_in().id, my_market()
    form = SpeedForm(request.form)
    if not form.validate():
        return _shown(page, form, 422)
    try:
        with transaction() as session:
            copy = rehearse(
                session,
                round_id=page.round_id,
                market_key=market_key,
                speed=int(form.speed.data or 0),
                by_id=by_id,
                read_clock=house().clock,
            ).slug
    except NoSuch:
        abort(404)
    except Refusal as refusal:
        form.refuse(refusal)
        return _shown(_page(slug), form, 422)
    flash(_("The rehearsal opens in a few seconds, with simulated bidders. Nothing in it is sold."), "success")
    return redirect(url_for("organizer_desk.desk", slug=copy), 303)


@bp.post("/discard")
def discard(slug: str) -> ResponseReturnValue:
    """Throw a rehearsal away, wherever it stands."""
    page, copy_id = _page(slug), identifier(request.form.get("copy", ""))
    if copy_id not in {each.id for each in page.rehearsals}:
        abort(404)
    act = partial(discarding.stop, round_id=copy_id, market_key=my_market(), by_id=signed_in().id)
    if acted(act, said=_("The rehearsal is thrown away.")) is not None:
        abort(404)
    return redirect(url_for(".rehearsals", slug=slug), 303)


def _page(slug: str) -> RehearsalsPage:
    return found(db.session(), slug, market_key=my_market(), now=now()) or abort(404)


def _shown(page: RehearsalsPage, form: SpeedForm, status: int = 200) -> ResponseReturnValue:
    return render_template("organizer/rehearsals.html", page=page, form=form), status
