"""The special days, by which working days are counted."""

from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from techauction.core.days import day_of
from techauction.core.refusal import NoSuch, Refusal
from techauction.core.seen import ChangedMeanwhile
from techauction.db import db, transaction
from techauction.queries.days import SpecialDay, days_page, special_day
from techauction.services.days import add_special_day, name_special_day, remove_special_day
from techauction.store.people import Role
from techauction.web.administrator.forms import DayNamesForm, SpecialDayForm
from techauction.web.context import now, signed_in
from techauction.web.fields import YEARS
from techauction.web.guard import only

bp = Blueprint("administrator_days", __name__, url_prefix="/administrator")
bp.before_request(only(Role.ADMINISTRATOR))


@bp.get("/days")
def days() -> ResponseReturnValue:
    """Show a year's special days, by default this year's."""
    today = day_of(now())
    year = request.args.get("year", today.year, type=int)
    page = days_page(db.session(), year=year if year in YEARS else today.year, today=today)
    return render_template("administrator/days.html", page=page)


@bp.route("/days/new", methods=["GET", "POST"])
def new_day() -> ResponseReturnValue:
    """Add a special day."""
    form = SpecialDayForm(request.form)
    if request.method == "POST" and form.validate():
        by_id, day = signed_in().id, form.day.data
        assert isinstance(day, date)
        try:
            with transaction() as session:
                add_special_day(session, day=day, works=form.is_working(), **form.names(), by_id=by_id, now=now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("%(day)s is a special day now.", day=day), "success")
            return redirect(url_for(".days", year=day.year), 303)
    return render_template("administrator/new_day.html", form=form), 422 if form.errors else 200


@bp.route("/days/<string:text>", methods=["GET", "POST"])
def change_day(text: str) -> ResponseReturnValue:
    """Call a special day otherwise."""
    line = special_day(db.session(), _day(text)) or abort(404)
    form = _names(line)
    if request.method == "POST" and form.validate():
        by_id = signed_in().id
        try:
            with transaction() as session:
                name_special_day(session, day=line.day, **form.names(), seen=form.marks(), by_id=by_id, now=now())
        except NoSuch:
            abort(404)
        except ChangedMeanwhile as refusal:
            line = special_day(db.session(), line.day) or abort(404)
            form.conflict(refusal, mine=form.names(), kept=_values(line), theirs=_names(line, formdata=None))
        else:
            flash(_("The names of %(day)s are changed.", day=line.day), "success")
            return redirect(url_for(".days", year=line.day.year), 303)
    return render_template("administrator/day.html", form=form, line=line), 422 if form.errors else 200


@bp.post("/days/<string:text>/remove")
def remove_day(text: str) -> ResponseReturnValue:
    """Have a day go by the week again."""
    by_id, day = signed_in().id, _day(text)
    try:
        with transaction() as session:
            remove_special_day(session, day=day, by_id=by_id, now=now())
    except NoSuch:
        abort(404)
    flash(_("%(day)s goes by the week again.", day=day), "success")
    return redirect(url_for(".days", year=day.year), 303)


def _day(text: str) -> date:
    """Return the day of an address, or end in 404."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        abort(404)


def _values(line: SpecialDay) -> dict[str, object]:
    return {"name_zh": line.name.zh, "name_en": line.name.en}


def _names(line: SpecialDay, **how: Any) -> DayNamesForm:
    """Return the form as the day's names stand, or as it was sent."""
    shown = _values(line) | ({"name_en": ""} if line.name.en == line.name.zh else {})
    form = DayNamesForm(data=shown, **how)
    if not form.is_submitted() or "formdata" in how:
        form.carry(_values(line))
    return form
