"""A manager's cases, and the steps of each."""

from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from techauction.core.handoff import CaseKind, NoSuchStep, Step, StepOutsideCase
from techauction.core.refusal import NoSuch, Refusal
from techauction.db import db, transaction
from techauction.queries import case as case_query
from techauction.queries import manager
from techauction.queries.case import CasePage
from techauction.queries.manager import State
from techauction.services import handoff
from techauction.store.people import Role
from techauction.web.addresses import member
from techauction.web.context import now, signed_in
from techauction.web.fields import DayField, Form, choices
from techauction.web.guard import only
from techauction.web.navigation import page_number
from techauction.wording import say

bp = Blueprint("manager", __name__, url_prefix="/manager")
bp.before_request(only(Role.MANAGER))

_LONGEST_NOTE = 2_000


class StepForm(Form):
    """A step that was done, on which day."""

    step = SelectField(_l("Step"), validate_choice=False)
    done_on = DayField(_l("Done on"), [InputRequired(_l("Write the day."))])
    note = TextAreaField(_l("Note"), [Length(max=_LONGEST_NOTE)])

    def offer(self, page: CasePage) -> None:
        """Let the steps that may be done now be chosen, on today's date unless another was written."""
        self.step.choices = choices(page.possible)
        if not self.is_submitted():
            self.done_on.data = page.today

    def chosen(self) -> Step:
        """Return the step.

        :raises NoSuchStep: it is none
        """
        try:
            return Step(self.step.data)
        except ValueError as error:
            raise NoSuchStep(str(self.step.data)[:40]) from error


@bp.get("/cases")
def cases() -> ResponseReturnValue:
    """List one's own cases: sold and follow-up apart, open, overdue or closed."""
    kind = member(CaseKind, request.args.get("kind", "")) or CaseKind.SOLD
    state = member(State, request.args.get("state", "")) or State.OPEN
    page = manager.cases(db.session(), manager_id=signed_in().id, kind=kind, state=state, page=page_number(), now=now())
    return render_template("manager/cases.html", page=page, kinds=CaseKind, states=State)


@bp.get("/cases/<int:lot_id>")
def case(lot_id: int) -> ResponseReturnValue:
    """Show a case with its steps."""
    return _case(lot_id, StepForm())


@bp.post("/cases/<int:lot_id>/accept")
def accept(lot_id: int) -> ResponseReturnValue:
    """Accept a case."""
    manager_id = signed_in().id
    try:
        with transaction() as session:
            handoff.accept_case(session, case_id=lot_id, manager_id=manager_id, now=now())
    except NoSuch:
        abort(404)
    flash(_("The case is yours. Record its steps as they are done."), "success")
    return redirect(url_for(".case", lot_id=lot_id), 303)


@bp.post("/cases/<int:lot_id>/steps")
def steps(lot_id: int) -> ResponseReturnValue:
    """Record a step."""
    form = StepForm(request.form)
    if form.validate() and _recorded(form, lot_id):
        flash(_("The step is on record."), "success")
        return redirect(url_for(".case", lot_id=lot_id), 303)
    return _case(lot_id, form, 422)


@bp.post("/cases/<int:lot_id>/close")
def close(lot_id: int) -> ResponseReturnValue:
    """Close a case whose steps are done."""
    form, manager_id = StepForm(), signed_in().id
    try:
        with transaction() as session:
            handoff.close_case(session, case_id=lot_id, manager_id=manager_id, now=now())
    except NoSuch:
        abort(404)
    except Refusal as refusal:
        flash(say(refusal), "danger")
        return _case(lot_id, form, 422)
    flash(_("The case is closed."), "success")
    return redirect(url_for(".cases"), 303)


def _recorded(form: StepForm, lot_id: int) -> bool:
    manager_id, done_on = signed_in().id, form.done_on.data
    assert isinstance(done_on, date)
    try:
        step = form.chosen()
        with transaction() as session:
            handoff.record_step(
                session,
                case_id=lot_id,
                manager_id=manager_id,
                step=step,
                done_on=done_on,
                note=form.note.data or "",
                now=now(),
            )
    except NoSuch:
        abort(404)
    except Refusal as refusal:
        form.refuse(refusal, "done_on" if isinstance(refusal, StepOutsideCase) else "step")
        return False
    return True


def _case(lot_id: int, form: StepForm, status: int = 200) -> ResponseReturnValue:
    page = case_query.case(db.session(), lot_id, manager_id=signed_in().id, now=now())
    if page is None:
        abort(404)
    form.offer(page)
    return render_template("manager/case.html", case=page, form=form, kinds=CaseKind), status
