"""A round's paddles: requests, receipts of deposits, numbers, and paddles taken back."""

from datetime import datetime
from functools import partial
from typing import ClassVar

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from techauction.core.admission import DepositTooLate, ReceiptInFuture, ReceiptRecorded, must_be_in_time
from techauction.core.paddle import LEAST_PADDLE, MOST_PADDLE, PaddleNumberWrong, PaddleState, PaddleTaken
from techauction.core.refusal import NoSuch, Refusal
from techauction.db import db, transaction
from techauction.queries import admission as queries
from techauction.services import admission
from techauction.services.deposits import Received, must_be_new
from techauction.store.people import Role
from techauction.web.acting import acted
from techauction.web.addresses import member
from techauction.web.context import my_market, now, signed_in
from techauction.web.fields import Beside, Form, MoneyField, SaidBeside, ShanghaiDateTimeField, WholeField
from techauction.web.guard import only
from techauction.web.navigation import page_number

bp = Blueprint("organizer_admission", __name__, url_prefix="/organizer/rounds/<slug>/paddles")
bp.before_request(only(Role.ORGANIZER))


class ReceiptForm(Form):
    """What the bank's statement says of a deposit."""

    BESIDE: ClassVar[Beside] = {DepositTooLate: "value_at", ReceiptInFuture: "value_at", ReceiptRecorded: "reference"}

    closes_at: datetime | None = None
    """When the round's registration closes."""

    amount = MoneyField(_l("Amount received"), [InputRequired(_l("Write the amount."))])
    value_at = ShanghaiDateTimeField(_l("Bank's value time"), [InputRequired(_l("Write a date and a time."))])
    reference = StringField(_l("Bank's reference"), [InputRequired(_l("Write the bank's reference.")), Length(max=80)])

    def validate_reference(self, field: StringField) -> None:
        """Say beside the reference if it was recorded."""
        try:
            must_be_new(db.session(), str(field.data))
        except Refusal as refusal:
            raise SaidBeside(refusal) from refusal

    def validate_value_at(self, field: ShanghaiDateTimeField) -> None:
        """Say beside the time if it is too late for the round, or has not come."""
        if self.closes_at is None or field.data is None:
            return
        try:
            must_be_in_time(value_at=field.data, registration_closes_at=self.closes_at, now=now())
        except Refusal as refusal:
            raise SaidBeside(refusal) from refusal

    def received(self) -> Received:
        """Return what was received."""
        assert self.amount.data is not None
        assert self.value_at.data is not None
        return Received(amount=self.amount.data, value_at=self.value_at.data, reference=str(self.reference.data))


class IssueForm(Form):
    """Under which number the paddle is issued; the next free one where none is written."""

    BESIDE: ClassVar[Beside] = {PaddleNumberWrong: "number", PaddleTaken: "number"}

    number = WholeField(
        _l("Paddle number"),
        [Optional(), NumberRange(LEAST_PADDLE, MOST_PADDLE, _l("Write a number from %(min)d to %(max)d."))],
    )


class VoidForm(Form):
    """Why a paddle is taken back, or a request refused."""

    reason = TextAreaField(_l("Reason"), [InputRequired(_l("Say why; the enterprise reads it.")), Length(max=500)])


@bp.get("")
def paddles(slug: str) -> ResponseReturnValue:
    """Show a round's requests and paddles."""
    state = member(PaddleState, request.args.get("state", ""))
    page = queries.paddles(db.session(), slug, market_key=my_market(), state=state, page=page_number())
    return render_template("organizer/paddles.html", page=page or abort(404), state=state)


@bp.get("/<int:paddle_id>")
def paddle(slug: str, paddle_id: int) -> ResponseReturnValue:
    """Show one paddle with its deposits."""
    return _shown(slug, paddle_id)


@bp.post("/<int:paddle_id>/receipts")
def receive(slug: str, paddle_id: int) -> ResponseReturnValue:
    """Record a deposit that the bank received."""
    page = queries.paddle(db.session(), slug, paddle_id=paddle_id, market_key=my_market()) or abort(404)
    form = ReceiptForm(request.form)
    form.closes_at = page.head.registration_closes_at
    if not form.validate():
        return _shown(slug, paddle_id, receipt=form)
    market_key, by_id = _who(slug, paddle_id)
    try:
        with transaction() as session:
            admission.receive(
                session, paddle_id=paddle_id, market_key=market_key, received=form.received(), by_id=by_id, now=now()
            )
    except Refusal as refusal:
        _refuse(form, refusal)
        return _shown(slug, paddle_id, receipt=form)
    flash(_("The receipt is recorded."), "success")
    return redirect(url_for(".paddle", slug=slug, paddle_id=paddle_id), 303)


@bp.post("/<int:paddle_id>/surplus")
def return_surplus(slug: str, paddle_id: int) -> ResponseReturnValue:
    """Record that what was received over the deposits went back."""
    form = ReceiptForm(formdata=None)
    market_key, by_id = _who(slug, paddle_id)
    try:
        with transaction() as session:
            amount = admission.return_surplus(session, paddle_id=paddle_id, market_key=market_key, by_id=by_id, now=now())
    except Refusal as refusal:
        _refuse(form, refusal)
        return _shown(slug, paddle_id, receipt=form)
    flash(_("It is recorded that %(sum)s went back.", sum=str(amount)), "success")
    return redirect(url_for(".paddle", slug=slug, paddle_id=paddle_id), 303)


@bp.post("/<int:paddle_id>/issue")
def issue(slug: str, paddle_id: int) -> ResponseReturnValue:
    """Issue the paddle."""
    form = IssueForm(request.form)
    if not form.validate():
        return _shown(slug, paddle_id, issue_form=form)
    market_key, by_id = _who(slug, paddle_id)
    try:
        with transaction() as session:
            number = admission.issue(
                session, paddle_id=paddle_id, market_key=market_key, wanted=form.number.data, by_id=by_id, now=now()
            )
    except Refusal as refusal:
        _refuse(form, refusal)
        return _shown(slug, paddle_id, issue_form=form)
    flash(_("Paddle %(number)d is issued.", number=number), "success")
    return redirect(url_for(".paddle", slug=slug, paddle_id=paddle_id), 303)


@bp.post("/<int:paddle_id>/void")
def void(slug: str, paddle_id: int) -> ResponseReturnValue:
    """Void the paddle, or refuse the request; in the auctioneer's turn, because its bids are."""
    form = VoidForm(request.form)
    if not form.validate():
        return _shown(slug, paddle_id, void_form=form)
    market_key, by_id = _who(slug, paddle_id)
    use_case = partial(admission.void, paddle_id=paddle_id, market_key=market_key, reason=str(form.reason.data), by_id=by_id)
    refusal = acted(use_case, said=_("It is taken back, and the enterprise is told why."))
    if refusal is not None:
        _refuse(form, refusal)
        return _shown(slug, paddle_id, void_form=form)
    return redirect(url_for(".paddle", slug=slug, paddle_id=paddle_id), 303)


def _who(slug: str, paddle_id: int) -> tuple[str, int]:
    """Return the organizer's market and id, once the paddle was found to be of this round and market."""
    market_key, by_id = my_market(), signed_in().id
    if queries.paddle(db.session(), slug, paddle_id=paddle_id, market_key=market_key) is None:
        abort(404)
    return market_key, by_id


def _refuse(form: Form, refusal: Refusal) -> None:
    if isinstance(refusal, NoSuch):
        abort(404)
    form.refuse(refusal)


def _shown(
    slug: str,
    paddle_id: int,
    *,
    receipt: ReceiptForm | None = None,
    issue_form: IssueForm | None = None,
    void_form: VoidForm | None = None,
) -> ResponseReturnValue:
    page = queries.paddle(db.session(), slug, paddle_id=paddle_id, market_key=my_market()) or abort(404)
    wrong = any(form is not None and form.errors for form in (receipt, issue_form, void_form))
    return (
        render_template(
            "organizer/paddle.html",
            page=page,
            receipt=receipt or ReceiptForm(formdata=None),
            issue=issue_form or IssueForm(formdata=None),
            void=void_form or VoidForm(formdata=None),
        ),
        422 if wrong else 200,
    )
