"""Signing in and out, and choosing a language: what a stranger may do."""

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_limiter.util import get_remote_address
from flask_login import current_user
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from techauction.core.accounts import SignInRefused
from techauction.db import db, transaction
from techauction.identity import passwords
from techauction.queries.accounts import password_of
from techauction.services import accounts
from techauction.web import languages, navigation, signing
from techauction.web.context import house, now
from techauction.web.fields import Form
from techauction.web.guard import safe_next
from techauction.web.security import limiter

bp = Blueprint("account", __name__, url_prefix="/account")


class SignInForm(Form):
    """A name and a password, and where to go then."""

    sign_in_name = StringField(_l("Sign-in name"), [InputRequired(_l("Write your sign-in name.")), Length(max=120)])
    password = PasswordField(_l("Password"), [InputRequired(_l("Write your password.")), Length(max=200)])
    next = HiddenField()


def _name_tried() -> str:
    return request.form.get("sign_in_name", "").replace("\x00", "").strip().lower()[:120]


def _name_tried_from_here() -> str:
    # By the name alone a rival could keep a bidder out of the sale with ten wrong passwords.
    return f"{_name_tried()} {get_remote_address()}"


def _failed(response: object) -> bool:
    return getattr(response, "status_code", 0) == 422  # noqa: PLR2004


@bp.route("/sign-in", methods=["GET", "POST"])
@limiter.limit("20 per 5 minutes", key_func=get_remote_address, methods=["POST"], deduct_when=_failed)
@limiter.limit("10 per 5 minutes", key_func=_name_tried_from_here, methods=["POST"], deduct_when=_failed)
@limiter.limit("100 per 5 minutes", key_func=_name_tried, methods=["POST"], deduct_when=_failed)
def sign_in() -> ResponseReturnValue:
    """Show the sign-in, and take a name and a password."""
    g.private = True
    wanted = safe_next(request.values.get("next"))
    if current_user.is_authenticated:
        return redirect(wanted or navigation.home(), 303)

    form = SignInForm(request.form)
    if request.method == "POST" and form.validate():
        found = password_of(db.session(), sign_in_name=_name_tried())
        try:
            if (
                not passwords(house().settings).match(None if found is None else found.password_hash, str(form.password.data))
                or found is None
            ):
                raise SignInRefused  # noqa: TRY301
            signing.begin(found.user_id)
        except SignInRefused as refusal:
            form.refuse(refusal)
        else:
            return redirect(wanted or navigation.home(), 303)

    form.next.data = wanted or ""
    return render_template("account/sign_in.html", form=form), 422 if form.errors else 200


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End this sign-in."""
    if current_user.is_authenticated:
        session_id, user_id = current_user.session_id, current_user.row.id
        with transaction() as session:
            accounts.sign_out(session, session_id=session_id, user_id=user_id, now=now())
        signing.end()
        flash(_("You are signed out."), "success")
    return redirect(url_for(".sign_in"), 303)


@bp.post("/language")
def language() -> ResponseReturnValue:
    """Change the language, for this browser and for the user."""
    chosen = languages.LANGUAGES.get(request.form.get("language", ""))
    if chosen is None:
        abort(400)
    if current_user.is_authenticated:
        user_id = current_user.row.id
        with transaction() as session:
            accounts.choose_language(session, user_id=user_id, locale=chosen.locale)
    response = redirect(safe_next(request.form.get("next")) or navigation.home(), 303)
    languages.keep(response, request.form["language"])  # type: ignore[arg-type]
    return response
