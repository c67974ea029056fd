"""An institute's results: the list, one of them, its form, and its sealed reserve."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from techauction.core.consigning import Instrument
from techauction.core.refusal import NoSuch, Refusal
from techauction.core.seen import ChangedMeanwhile, values_of
from techauction.db import db, transaction
from techauction.queries import institute as queries
from techauction.queries.choices import fields
from techauction.queries.institute import ResultPage, RoundChoice
from techauction.services import consigning, reserves
from techauction.store.people import Role
from techauction.web.context import PATIENCE_S, auctioneer, house, my_organisation_id, now, signed_in
from techauction.web.fields import Form, MoneyField, choices, keyed
from techauction.web.filters import named, when
from techauction.web.guard import only
from techauction.web.institute.result_form import ResultForm, filled
from techauction.web.navigation import page_number

bp = Blueprint("institute", __name__, url_prefix="/institute")
bp.before_request(only(Role.INSTITUTE))

_NONE = ("", _l("Choose …"))


class SealForm(Form):
    """The reserve that the sealing officer seals."""

    reserve = MoneyField(_l("Reserve"), [InputRequired(_l("Write the reserve."))])


class SlipForm(SealForm):
    """What stands on the officer's seal slip."""

    salt = StringField(
        _l("Salt"),
        [InputRequired(_l("Write the salt as it stands on the slip.")), Length(max=64)],
        filters=[lambda text: "".join((text or "").split()).lower()],
    )


@bp.get("/results")
def lots() -> ResponseReturnValue:
    """Show the institute's results."""
    page = queries.my_results(db.session(), institute_id=my_organisation_id(), page=page_number())
    return render_template("institute/lots.html", page=page)


@bp.route("/new-result", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    """List a result, for the market to review."""
    form = ResultForm()
    rounds = _offer(form)
    if request.method == "POST" and form.validate():
        by_id, institute_id = signed_in().id, my_organisation_id()
        try:
            with transaction() as session:
                lot_id = consigning.submit(
                    session,
                    institute_id=institute_id,
                    round_id=form.round_id(),
                    described=form.described(),
                    terms=form.terms(),
                    by_id=by_id,
                    read_clock=house().clock,
                ).id
        except NoSuch:
            abort(404)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The result is with your market now, which will review it."), "success")
            return redirect(url_for(".lot", lot_id=lot_id), 303)
    return render_template("institute/result_form.html", form=form, page=None, rounds=rounds), 422 if form.errors else 200


@bp.get("/results/<int:lot_id>")
def lot(lot_id: int) -> ResponseReturnValue:
    """Show one of the institute's results, its sale and its seal."""
    return _shown(_page(lot_id))


@bp.route("/results/<int:lot_id>/edit", methods=["GET", "POST"])
def edit(lot_id: int) -> ResponseReturnValue:
    """Change a result that is not accepted yet, and submit it again."""
    page = _page(lot_id)
    if not page.may_revise and request.method == "GET":
        return redirect(url_for(".lot", lot_id=lot_id), 303)
    form = _filled(page)
    if request.method == "POST" and form.validate():
        by_id, institute_id = signed_in().id, my_organisation_id()
        described, terms = form.described(), form.terms()
        try:
            with transaction() as session:
                consigning.revise(
                    session,
                    lot_id=lot_id,
                    institute_id=institute_id,
                    described=described,
                    terms=terms,
                    seen=form.marks(),
                    by_id=by_id,
                    read_clock=house().clock,
                )
        except ChangedMeanwhile as refusal:
            page = _page(lot_id)
            mine, kept = values_of(described, terms), values_of(page.described, page.terms)
            form.conflict(refusal, mine=mine, kept=kept, theirs=_filled(page, formdata=None))
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The result is changed, and with your market again."), "success")
            return redirect(url_for(".lot", lot_id=lot_id), 303)
    return render_template("institute/result_form.html", form=form, page=page, rounds=()), 422 if form.errors else 200


@bp.post("/results/<int:lot_id>/seal")
def seal(lot_id: int) -> ResponseReturnValue:
    """Seal the reserve, and show the slip this once; the sealing officer's act."""
    page, form = _page(lot_id), SealForm(request.form)
    if not form.validate():
        return _shown(page, form)
    by_id, institute_id = signed_in().id, my_organisation_id()
    assert form.reserve.data is not None
    try:
        with transaction() as session:
            slip = reserves.seal(
                session,
                lot_id=lot_id,
                institute_id=institute_id,
                reserve=form.reserve.data,
                by_id=by_id,
                custody=house().custody,
                read_clock=house().clock,
            )
    except Refusal as refusal:
        form.refuse(refusal, "reserve")
        return _shown(page, form)
    # The answer to the form is the slip itself: nothing that is kept could show it a second time.
    return render_template("institute/slip.html", page=page, slip=slip)


@bp.post("/results/<int:lot_id>/reserve")
def enter(lot_id: int) -> ResponseReturnValue:
    """Take the reserve from the slip, because no key opens it, and let the hammer fall."""
    page, form = _page(lot_id), SlipForm(request.form)
    if not form.validate():
        return _shown(page, slip_form=form)
    assert form.reserve.data is not None
    act = partial(
        reserves.enter_again,
        lot_id=lot_id,
        institute_id=my_organisation_id(),
        reserve=form.reserve.data,
        salt=str(form.salt.data),
        by_id=signed_in().id,
    )
    db.session().rollback()  # the page shown afterwards must not be older than what was done
    try:
        auctioneer().act(act).result(timeout=PATIENCE_S)
        auctioneer().nudge().result(timeout=PATIENCE_S)
    except TimeoutError:
        flash(_("The auctioneer has not answered yet. Load this page again to see what came of it."), "warning")
    except Refusal as refusal:
        form.refuse(refusal)
        return _shown(_page(lot_id), slip_form=form)
    else:
        flash(_("The reserve is the one that was committed, and the hammer falls."), "success")
    return redirect(url_for(".lot", lot_id=lot_id), 303)


def _page(lot_id: int) -> ResultPage:
    found = queries.my_result(
        db.session(), lot_id=lot_id, institute_id=my_organisation_id(), officer=signed_in().sealing_officer, now=now()
    )
    return found or abort(404)


def _shown(page: ResultPage, form: SealForm | None = None, slip_form: SlipForm | None = None) -> ResponseReturnValue:
    return (
        render_template(
            "institute/lot.html",
            page=page,
            form=form or SealForm(formdata=None),
            slip_form=slip_form or SlipForm(formdata=None),
            officer=signed_in().sealing_officer,
        ),
        422 if form is not None or slip_form is not None else 200,
    )


def _filled(page: ResultPage, **how: Any) -> ResultForm:
    """Return the form as the result stands, or as it was sent."""
    form = ResultForm(data=filled(page), **how)
    _offer(form, page)
    if not form.is_submitted() or "formdata" in how:
        form.carry(values_of(page.described, page.terms))
    return form


def _offer(form: ResultForm, page: ResultPage | None = None) -> Sequence[RoundChoice]:
    """Offer the rounds, fields and instruments; a result that is changed stays in its round."""
    rounds = () if page else queries.rounds_open_to(db.session(), institute_id=my_organisation_id(), now=now())
    if page:
        del form.round
    else:
        form.round.choices = [
            (each.id, _("%(title)s · opens %(time)s", title=named(each.title), time=when(each.opens_at, "minute")))
            for each in rounds
        ]
    form.field.choices = [_NONE, *keyed(fields(db.session()))]
    form.instrument.choices = [_NONE, *choices(Instrument)]
    return rounds
