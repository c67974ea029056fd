"""Signing in and out, and choosing a language: what a stranger may do."""

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from techauction.core.accounts import SignInRefused
from techauction.core.tries import TooManyTries
from techauction.db import db, transaction
from techauction.queries.accounts import password_of
from techauction.services import accounts
from techauction.services.tries import Attempt
from techauction.web import languages, navigation, signing
from techauction.web.account.trying import tried
from techauction.web.context import now
from techauction.web.fields import Form
from techauction.web.guard import safe_next

bp = Blueprint("account", __name__, url_prefix="/account")


class SignInForm(Form):
    """A name and a password, and where to go then."""

    sign_in_name = StringField(_l("Sign-in name"), [InputRequired(_l("Write your sign-in name.")), Length(max=120)])
    password = PasswordField(_l("Password"), [InputRequired(_l("Write your password.")), Length(max=200)])
    next = HiddenField()


def _name_tried() -> str:
    return request.form.get("sign_in_name", "").replace("\x00", "").strip().lower()[:120]


@bp.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Show the sign-in, and take a name and a password."""
    g.private = True
    wanted = safe_next(request.values.get("next"))
    if current_user.is_authenticated:
        return redirect(wanted or navigation.home(), 303)

    form, status = SignInForm(request.form), 200
    if request.method == "POST" and form.validate():
        try:
            user_id, attempt = _recognised(str(form.password.data))
            signing.begin(user_id, attempt)
        except TooManyTries as refusal:
            form.refuse(refusal)
            status = 429
        except SignInRefused as refusal:
            form.refuse(refusal)
            status = 422
        else:
            return redirect(wanted or navigation.home(), 303)
    elif form.errors:
        status = 422

    form.next.data = wanted or ""
    return render_template("account/sign_in.html", form=form), status


def _recognised(password: str) -> tuple[int, Attempt]:
    """Return the user whose name and password these are, and the attempt.

    :raises TooManyTries, SignInRefused: as they say
    """
    name = _name_tried()
    found = password_of(db.session(), sign_in_name=name)
    attempt = tried(password, sign_in_name=name, of=found)
    if attempt is None or found is None:
        raise SignInRefused
    return found.user_id, attempt


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
