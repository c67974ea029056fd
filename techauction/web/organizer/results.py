"""The market's review of results that institutes bring."""

from typing import Any, ClassVar

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from techauction.core.consigning import MOST_LOT, LotNumberTaken, LotNumberWrong
from techauction.core.lot import Format
from techauction.core.refusal import NoSuch, Refusal
from techauction.core.seen import values_of
from techauction.db import db, transaction
from techauction.queries import review as queries
from techauction.services import consigning
from techauction.store.people import Role
from techauction.web.context import house, my_market, signed_in
from techauction.web.editing import EditForm
from techauction.web.fields import Beside, Form, WholeField, choices
from techauction.web.guard import only
from techauction.web.navigation import page_number

bp = Blueprint("organizer_results", __name__, url_prefix="/organizer/results")
bp.before_request(only(Role.ORGANIZER))


class AcceptForm(EditForm):
    """Under which number a result is listed, the next one where none is written; and how it is sold.

    It carries marks of the result that its market was shown: what is accepted is that, and nothing that came after it.
    """

    BESIDE: ClassVar[Beside] = {LotNumberTaken: "number", LotNumberWrong: "number"}

    sold_by = RadioField(_l("How it is sold"), default=Format.ASCENDING.value)
    number = WholeField(
        _l("Lot number"), [Optional(), NumberRange(1, MOST_LOT, _l("Write a whole number from %(min)d to %(max)d."))]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sold_by.choices = choices(Format)


class ReturnForm(Form):
    """Why a result is returned."""

    reason = TextAreaField(_l("Reason"), [InputRequired(_l("Say why; the institute reads it.")), Length(max=500)])


@bp.get("")
def results() -> ResponseReturnValue:
    """Show the results that wait for the market."""
    page = queries.waiting_results(db.session(), market_key=my_market(), page=page_number())
    return render_template("organizer/results.html", page=page)


@bp.get("/<int:lot_id>")
def result(lot_id: int) -> ResponseReturnValue:
    """Show a result before its market."""
    return _shown(lot_id)


@bp.post("/<int:lot_id>/accept")
def accept(lot_id: int) -> ResponseReturnValue:
    """List a result as a lot."""
    form = AcceptForm(request.form)
    if not form.validate():
        return _shown(lot_id, accept_form=form)
    by_id, market_key = signed_in().id, my_market()
    try:
        with transaction() as session:
            number = consigning.accept(
                session,
                lot_id=lot_id,
                market_key=market_key,
                number=form.number.data,
                sold_by=Format(form.sold_by.data),
                seen=form.marks(),
                by_id=by_id,
                read_clock=house().clock,
            )
    except NoSuch:
        abort(404)
    except Refusal as refusal:
        form.refuse(refusal)
        return _shown(lot_id, accept_form=form)
    flash(_("The result is listed as lot %(number)d.", number=number), "success")
    return redirect(url_for(".results"), 303)


@bp.post("/<int:lot_id>/return")
def send_back(lot_id: int) -> ResponseReturnValue:
    """Return a result to its institute."""
    form = ReturnForm(request.form)
    if not form.validate():
        return _shown(lot_id, return_form=form)
    by_id, market_key = signed_in().id, my_market()
    try:
        with transaction() as session:
            consigning.send_back(
                session,
                lot_id=lot_id,
                market_key=market_key,
                reason=str(form.reason.data),
                by_id=by_id,
                read_clock=house().clock,
            )
    except NoSuch:
        abort(404)
    except Refusal as refusal:
        form.refuse(refusal)
        return _shown(lot_id, return_form=form)
    flash(_("The result is returned, and its institute is told why."), "success")
    return redirect(url_for(".results"), 303)


def _shown(lot_id: int, *, accept_form: AcceptForm | None = None, return_form: ReturnForm | None = None) -> ResponseReturnValue:
    page = queries.review(db.session(), lot_id=lot_id, market_key=my_market()) or abort(404)
    wrong = accept_form is not None or return_form is not None
    accept_form = accept_form or AcceptForm(formdata=None, data={"number": page.proposed})
    accept_form.carry(values_of(page.described, page.terms))  # of what stands beside the button
    return (
        render_template(
            "organizer/result.html",
            page=page,
            accept=accept_form,
            send_back=return_form or ReturnForm(formdata=None),
        ),
        422 if wrong else 200,
    )
