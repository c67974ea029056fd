"""Setting rounds up: the list, a round with its lots, its form, and the acts of its host."""

from functools import partial
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, TextAreaField
from wtforms.validators import InputRequired, Length

from techauction.core.days import day_of
from techauction.core.refusal import NoSuch, Refusal
from techauction.core.round import Phase, RoundNotReady
from techauction.core.seen import ChangedMeanwhile, must_be_as_seen, values_of
from techauction.db import db, transaction
from techauction.queries import organizer as queries
from techauction.queries.choices import markets
from techauction.queries.organizer import SetUpPage
from techauction.services import rounds as services
from techauction.store.days import special_days
from techauction.store.drafts import LOT
from techauction.store.people import Role
from techauction.web.addresses import identifier
from techauction.web.context import house, my_market, now, signed_in
from techauction.web.editing import EditForm, text_of
from techauction.web.fields import keyed
from techauction.web.guard import only
from techauction.web.navigation import page_number
from techauction.web.organizer.round_form import RoundForm, blank, filled, label_of
from techauction.wording import say_problem

bp = Blueprint("organizer", __name__, url_prefix="/organizer")
bp.before_request(only(Role.ORGANIZER))

_MOST_TOLD = 20
"""Of the changes that another made."""


class PublishForm(EditForm):
    """That a round is published on purpose; a rehearsal needs no second look."""

    checked = BooleanField(_l("We have checked the times, terms and lots. From now on they stand."))


class CallOffForm(EditForm):
    """Why a draft is called off, and that it is on purpose."""

    reason = TextAreaField(_l("Reason"), [InputRequired(_l("Say why; it goes into the audit trail.")), Length(max=500)])
    meant = BooleanField(_l("Yes, call this round off."))


def _is_meant(field: BooleanField, page: SetUpPage) -> bool:
    """Return whether the box is ticked that a rehearsal does not have; else the error stands beside it."""
    if page.head.rehearsal or field.data:
        return True
    field.errors = [_("Tick this too, so that no slip of the hand does it.")]
    return False


@bp.get("/rounds")
def rounds() -> ResponseReturnValue:
    """Show the rounds of the organizer's market."""
    page = queries.own_rounds(db.session(), market_key=my_market(), page=page_number())
    return render_template("organizer/rounds.html", page=page)


@bp.route("/new-round", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    """Draft a round."""
    form = RoundForm(data=blank(now(), special_days(db.session(), since=day_of(now()))))
    _offer(form)
    if request.method == "POST" and form.validate():
        by_id, planned = signed_in().id, form.planned(host=my_market())
        try:
            with transaction() as session:
                slug = services.draft(session, planned=planned, by_id=by_id, now=now()).slug
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The draft is kept. Institutes can bring results to it now."), "success")
            return redirect(url_for(".round_", slug=slug), 303)
    return render_template("organizer/round_form.html", form=form, page=None), 422 if form.errors else 200


@bp.get("/rounds/<slug>")
def round_(slug: str) -> ResponseReturnValue:
    """Show a round with its rules and lots."""
    return _shown(_page(slug))


@bp.route("/rounds/<slug>/edit", methods=["GET", "POST"])
def edit(slug: str) -> ResponseReturnValue:
    """Change a draft."""
    page = _page(_moved(slug))
    if page.head.phase is not Phase.DRAFT or not page.hosted:
        abort(404)
    form = _filled(page)
    if request.method == "POST" and form.validate():
        by_id, market_key = signed_in().id, my_market()
        planned = form.planned(host=market_key, synthetic=page.planned.synthetic)
        change = partial(services.revise, round_id=page.id, market_key=market_key, planned=planned, seen=form.marks())
        try:
            with transaction() as session:
                change(session, by_id=by_id, now=now())
        except ChangedMeanwhile as refusal:
            page = _page(_moved(slug))
            form.conflict(refusal, mine=values_of(planned), kept=values_of(page.planned), theirs=_filled(page, formdata=None))
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The draft is changed."), "success")
            return redirect(url_for(".round_", slug=planned.slug), 303)
    status = 422 if form.errors else 200
    if request.method == "GET":
        form.mark(page.problems)
    return render_template("organizer/round_form.html", form=form, page=page), status


@bp.post("/rounds/<slug>/publish")
def publish(slug: str) -> ResponseReturnValue:
    """Announce a round."""
    page, by_id, market_key = _page(slug), signed_in().id, my_market()
    form = PublishForm(request.form)
    if _overtaken(form, page):
        form.checked.data = False
        return _shown(page, publishing=form, status=422)
    if page.hosted and not page.problems and not _is_meant(form.checked, page):
        return _shown(page, publishing=form, status=422)
    try:
        with transaction() as session:
            services.publish(
                session, round_id=page.id, market_key=market_key, seen=form.marks(), by_id=by_id, read_clock=house().clock
            )
    except NoSuch:
        abort(404)
    except ChangedMeanwhile:
        page, form.checked.data = _page(slug), False
        _overtaken(form, page)
        return _shown(page, publishing=form, status=422)
    except RoundNotReady:
        return _shown(_page(slug), status=422)
    except Refusal as refusal:
        form.refuse(refusal)
        return _shown(_page(slug), publishing=form, status=422)
    flash(_("The round is published. Its terms stand now, and enterprises can ask for paddles."), "success")
    return redirect(url_for(".round_", slug=slug), 303)


@bp.post("/rounds/<slug>/call-off")
def call_off(slug: str) -> ResponseReturnValue:
    """Call a draft off; a round that was announced is called off at its desk, by two."""
    page, by_id, market_key = _page(slug), signed_in().id, my_market()
    form = CallOffForm(request.form)
    if _overtaken(form, page):
        form.meant.data = False
        return _shown(page, form, status=422)
    if not all([form.validate(), _is_meant(form.meant, page)]):
        return _shown(page, form, status=422)
    try:
        with transaction() as session:
            services.call_off(
                session,
                round_id=page.id,
                market_key=market_key,
                reason=str(form.reason.data),
                seen=form.marks(),
                by_id=by_id,
                read_clock=house().clock,
            )
    except NoSuch:
        abort(404)
    except ChangedMeanwhile:
        page, form.meant.data = _page(slug), False
        _overtaken(form, page)
        return _shown(page, form, status=422)
    except Refusal as refusal:
        form.refuse(refusal)
        return _shown(_page(slug), form, status=422)
    flash(_("The draft is called off."), "success")
    return redirect(url_for(".round_", slug=slug), 303)


def _overtaken(form: EditForm, page: SetUpPage) -> bool:
    """Return whether another changed the draft since the form's sender was shown it; then the form says what."""
    if page.head.phase is not Phase.DRAFT or not page.hosted:
        return False
    seen = form.marks()
    try:
        must_be_as_seen(page.decided, seen)
    except ChangedMeanwhile as refusal:
        changed = refusal.names
    else:
        return False

    terms = _filled(page, formdata=None)
    said = []
    for name in (*changed, *(each for each in seen if each.startswith(LOT) and each not in page.decided)):
        field = terms._fields.get(RoundForm.CALLED.get(name, name))
        lot = _("Lot %(number)s", number=name.removeprefix(LOT))
        if field is not None:
            said.append(_("%(what)s: now %(it)s.", what=field.label.text, it=text_of(field)))
        elif name.startswith(LOT):
            said.append(
                _("%(lot)s is new or changed.", lot=lot) if name in changed else _("%(lot)s is no longer in it.", lot=lot)
            )
    more = [_("Further changes: %(count)s.", count=len(said) - _MOST_TOLD)] if len(said) > _MOST_TOLD else []
    form.form_errors += [
        _("Somebody else changed the draft while you had this page open. Nothing was done."),
        *said[:_MOST_TOLD],
        *more,
        _("Look at the draft as it stands now, then press again."),
    ]
    return True


def _page(slug: str) -> SetUpPage:
    found = queries.set_up(db.session(), slug, market_key=my_market(), page=page_number(), now=now())
    return found or abort(404)


def _shown(
    page: SetUpPage, form: CallOffForm | None = None, *, publishing: PublishForm | None = None, status: int = 200
) -> ResponseReturnValue:
    problems = [(label_of(each), say_problem(each), each.field, each.lot) for each in page.problems]
    lots = {each.number: each for each in page.lots}
    form, publishing = form or CallOffForm(formdata=None), publishing or PublishForm(formdata=None)
    for each in (form, publishing):
        each.carry(page.decided)  # of what stands on the page
    return (
        render_template(
            "organizer/round.html",
            page=page,
            problems=problems,
            lots=lots,
            form=form,
            publishing=publishing,
            mine=my_market(),
        ),
        status,
    )


def _moved(slug: str) -> str:
    """Return where the draft is now that the form was filled from: another may have given it another address meanwhile."""
    of = identifier(request.form.get("of", ""))
    return slug if of is None else queries.slug_of(db.session(), of, market_key=my_market()) or slug


def _filled(page: SetUpPage, **how: Any) -> RoundForm:
    """Return the form as the draft stands, or as it was sent."""
    form = RoundForm(data={**filled(page.planned), "of": str(page.id)}, **how)
    form.round_id = page.id
    _offer(form)
    if not form.is_submitted() or "formdata" in how:
        form.carry(values_of(page.planned))
    return form


def _offer(form: RoundForm) -> None:
    own = my_market()
    form.offer(
        keyed(each for each in markets(db.session()) if each.key != own),
        [(str(user_id), name) for user_id, name in queries.organizers_of(db.session(), own)],
    )
