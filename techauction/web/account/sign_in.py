"""Signing in and out, and choosing a language: what a stranger may do."""

from flask import Blueprint, abort, flash, g, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from techauction.core.accounts import SignInRefused
from techauction.core.tries import TooManyTries
from techauction.db import db, transaction
from techauction.queries.accounts import password_of
from techauction.services import accounts
from techauction.services.tries import Attempt
from techauction.web import keeping, languages, navigation, signing
from techauction.web.account.asking import SignInForm, page
from techauction.web.account.trying import tried
from techauction.web.addresses import safe_next
from techauction.web.context import now

bp = Blueprint("account", __name__, url_prefix="/account")


def _name_tried() -> str:
    return request.form.get("sign_in_name", "").replace("\x00", "").strip().lower()[:120]


@bp.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Show the sign-in, and take a name and a password; `again`: of somebody whose present sign-in is about to end."""
    g.private = True
    wanted = safe_next(request.values.get("next"))
    before = current_user.session_id if current_user.is_authenticated else None
    if before is not None and "again" not in request.args:
        return _onward(keeping.unpacked(request.form.get("kept")), wanted)

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
            if before is not None:
                _end(before)
            return _onward(keeping.unpacked(form.kept.data), wanted)
    elif form.errors:
        status = 422

    form.next.data = wanted or ""
    return page(form), status


def _onward(kept: keeping.Kept | None, wanted: str | None) -> ResponseReturnValue:
    """Return the way on for whoever is signed in: back to what was written, else where it was wanted to go."""
    return redirect(wanted or navigation.home(), 303) if kept is None else keeping.back_to_its_form(kept)


def _end(session_id: int) -> None:
    """End the sign-in that another one follows."""
    with transaction() as session:
        accounts.replace_sign_in(session, session_id=session_id, now=now())


@bp.route("/state", methods=["GET", "POST"])
def state() -> ResponseReturnValue:
    """Tell a page's script whether somebody is signed in, and for how long still; posted, it is kept up if it may be."""
    g.private = True
    if not current_user.is_authenticated:
        return jsonify(signed_in=False)
    if request.method == "POST":
        signing.stay()
    return jsonify(signed_in=True, ends_in_s=int((current_user.ends_at - now()).total_seconds()))


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
