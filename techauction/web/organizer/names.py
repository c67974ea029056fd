"""New names of organisations, for organizers of their market and administrators: one asks, another approves."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from techauction.core.names import Name
from techauction.core.refusal import NoSuch, Refusal
from techauction.core.renaming import SameName
from techauction.db import db, transaction
from techauction.queries import renaming as queries
from techauction.queries.renaming import NamesPage
from techauction.services import renaming
from techauction.store.people import Role
from techauction.web.context import now, signed_in
from techauction.web.fields import Beside, Form
from techauction.web.guard import only
from techauction.wording import say

bp = Blueprint("organizer_names", __name__, url_prefix="/organizer/organisations/<int:organisation_id>/name")
bp.before_request(only(Role.ORGANIZER, Role.ADMINISTRATOR))


class NameForm(Form):
    """What an organisation is to be called, and why."""

    BESIDE: ClassVar[Beside] = {SameName: "name_zh"}

    name_zh = StringField(_l("New name in Chinese"), [InputRequired(_l("Write the Chinese name.")), Length(max=200)])
    name_en = StringField(_l("New name in English"), [Length(max=200)])
    reason = TextAreaField(
        _l("Reason"), [InputRequired(_l("Say what shows it, such as the registration authority's notice.")), Length(max=500)]
    )

    def wanted(self) -> Name:
        """Return the name; one without English is the Chinese one in both."""
        zh = str(self.name_zh.data).strip()
        return Name(zh, str(self.name_en.data or "").strip() or zh)


@bp.get("")
def names(organisation_id: int) -> ResponseReturnValue:
    """Show an organisation's names."""
    return _shown(_page(organisation_id), NameForm(formdata=None))


@bp.post("")
def ask(organisation_id: int) -> ResponseReturnValue:
    """Ask for a new name."""
    form, by_id = NameForm(request.form), signed_in().id
    page = _page(organisation_id)
    if not form.validate():
        return _shown(page, form)
    try:
        with transaction() as session:
            renaming.ask(
                session,
                organisation_id=organisation_id,
                wanted=form.wanted(),
                reason=str(form.reason.data),
                by_id=by_id,
                now=now(),
            )
    except Refusal as refusal:
        form.refuse(refusal)
        return _shown(_page(organisation_id), form)
    flash(_("Asked for. The name stays as it is until another approves it, within 7 days."), "success")
    return redirect(url_for(".names", organisation_id=organisation_id), 303)


@bp.post("/<int:rename_id>/approve")
def approve(organisation_id: int, rename_id: int) -> ResponseReturnValue:
    """Approve what another asked for."""
    return _decided(organisation_id, rename_id, renaming.approve, _("Approved: the organisation has its new name."))


@bp.post("/<int:rename_id>/decline")
def decline(organisation_id: int, rename_id: int) -> ResponseReturnValue:
    """Decline what another asked for."""
    return _decided(organisation_id, rename_id, renaming.decline, _("Declined; nothing was done."))


@bp.post("/<int:rename_id>/take-back")
def take_back(organisation_id: int, rename_id: int) -> ResponseReturnValue:
    """Take the own request back."""
    return _decided(organisation_id, rename_id, renaming.take_back, _("Taken back; nothing was done."))


def _decided(organisation_id: int, rename_id: int, decide: Callable[..., None], said: str) -> ResponseReturnValue:
    if all(each.id != rename_id for each in _page(organisation_id).renames):
        abort(404)
    use_case = partial(decide, rename_id=rename_id, by_id=signed_in().id, now=now())
    try:
        with transaction() as session:
            use_case(session)
    except NoSuch:
        abort(404)
    except Refusal as refusal:
        form = NameForm(formdata=None)
        return _shown(_page(organisation_id), form, say(refusal))
    flash(said, "success")
    return redirect(url_for(".names", organisation_id=organisation_id), 303)


def _page(organisation_id: int) -> NamesPage:
    user = signed_in()
    market_key = None if user.role is Role.ADMINISTRATOR else user.market_key
    return queries.names(
        db.session(), organisation_id=organisation_id, market_key=market_key, reader_id=user.id, now=now()
    ) or abort(404)


def _shown(page: NamesPage, form: NameForm, refused: str | None = None) -> ResponseReturnValue:
    status = 422 if form.errors or refused else 200
    return render_template("organizer/names.html", page=page, form=form, refused=refused), status
