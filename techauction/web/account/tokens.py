"""One's own tokens for the JSON API."""

from typing import ClassVar

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField
from wtforms.validators import DataRequired, Length

from techauction.core.refusal import Refusal
from techauction.core.tokens import NoScopeChosen, ScopeNotYours, TokenScope
from techauction.db import db, transaction
from techauction.queries.accounts import tokens_of
from techauction.services import tokens as services
from techauction.web.context import now, signed_in
from techauction.web.fields import Beside, CheckboxesField, Form, choices
from techauction.web.guard import anyone_signed_in

bp = Blueprint("account_tokens", __name__, url_prefix="/account/tokens")
bp.before_request(anyone_signed_in())


class TokenForm(Form):
    """What a new token is for, and for how long."""

    BESIDE: ClassVar[Beside] = {NoScopeChosen: "scopes", ScopeNotYours: "scopes"}

    name = StringField(_l("What it is for"), [DataRequired(_l("Write what the token is for.")), Length(max=80)])
    scopes = CheckboxesField(_l("It may"))
    days = SelectField(_l("It holds for"), default="90")

    def offer(self) -> None:
        """Fill in what may be chosen."""
        self.scopes.choices = choices(services.SCOPES[signed_in().role])
        self.days.choices = [
            ("30", _("30 days")),
            ("90", _("90 days")),
            ("365", _("One year")),
            ("", _("Until it is revoked")),
        ]


@bp.route("", methods=["GET", "POST"])
def tokens() -> ResponseReturnValue:
    """List one's tokens, and make one: it is shown this once, so the page answers by itself instead of redirecting."""
    form = TokenForm(request.form)
    form.offer()
    made = _made(form) if request.method == "POST" and form.validate() else None
    if made is not None:
        form = TokenForm(None)
        form.offer()
    shown = tokens_of(db.session(), user_id=signed_in().id, now=now())
    return render_template("account/tokens.html", form=form, tokens=shown, made=made), 422 if form.errors else 200


def _made(form: TokenForm) -> str | None:
    user_id, days = signed_in().id, form.days.data
    try:
        with transaction() as session:
            return services.make(
                session,
                user_id=user_id,
                name=str(form.name.data),
                scopes=[TokenScope(each) for each in form.scopes.data or ()],
                days=int(days) if days else None,
                now=now(),
            )
    except Refusal as refusal:
        form.refuse(refusal)
        return None


@bp.post("/<int:token_id>/revoke")
def revoke(token_id: int) -> ResponseReturnValue:
    """End one of one's own tokens."""
    user_id = signed_in().id
    with transaction() as session:
        known = services.revoke(session, token_id=token_id, user_id=user_id, now=now())
    if not known:
        abort(404)
    flash(_("That token is revoked."), "success")
    return redirect(url_for(".tokens"), 303)
