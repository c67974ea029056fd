"""One's own password and sign-ins."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import PasswordField
from wtforms.validators import EqualTo, InputRequired

from techauction.core.accounts import PasswordWrong
from techauction.core.tries import TooManyTries
from techauction.db import db, transaction
from techauction.identity import passwords
from techauction.queries.accounts import PasswordOf, sessions_of
from techauction.services import accounts
from techauction.web import signing
from techauction.web.account.first import fit_password
from techauction.web.account.trying import tried, was_right
from techauction.web.context import house, now, signed_in
from techauction.web.fields import Form
from techauction.web.guard import anyone_signed_in

bp = Blueprint("account_own", __name__, url_prefix="/account")
bp.before_request(anyone_signed_in())


class PasswordForm(Form):
    """The present password, and the new one twice."""

    sign_in_name = ""
    present = PasswordField(_l("Present password"), [InputRequired(_l("Write your present password."))])
    new = PasswordField(_l("New password"), [InputRequired(_l("Write a new password."))])
    again = PasswordField(
        _l("New password again"), [InputRequired(_l("Write it again.")), EqualTo("new", _l("The two are not the same."))]
    )

    def validate_new(self, field: Any) -> None:
        """Say beside the new password if it is not good enough."""
        fit_password(field, sign_in_name=self.sign_in_name)


@bp.route("/password", methods=["GET", "POST"])
def password() -> ResponseReturnValue:
    """Change the password; every other sign-in ends, and every token."""
    form = PasswordForm(request.form)
    form.sign_in_name = signed_in().sign_in_name
    status = 200
    if request.method == "POST":
        status = 422
        try:
            if _changed(form):
                flash(_("Your password is changed. Your other sign-ins and your API tokens have ended."), "success")
                return redirect(url_for(".sessions"), 303)
        except TooManyTries as refusal:
            form.refuse(refusal, "present")
            status = 429
    return render_template("account/password.html", form=form), status


def _changed(form: PasswordForm) -> bool:
    """Change the password if the present one is right and the new one may be; else say in the form why not.

    :raises TooManyTries: the present one is not looked at
    """
    user = signed_in()
    user_id, session_id, sign_in_name = user.id, current_user.session_id, user.sign_in_name
    of = PasswordOf(user_id, user.password_hash)
    good = form.validate()
    if not form.present.data:
        return False
    attempt = tried(str(form.present.data), sign_in_name=sign_in_name, of=of, session_id=session_id)
    if attempt is None:
        form.refuse(PasswordWrong(), "present")
        return False
    was_right(attempt)
    if not good:
        return False
    hashed = passwords(house().settings).hash(str(form.new.data))
    with transaction() as session:
        accounts.change_password(session, user_id=user_id, password_hash=hashed, keep_session_id=session_id, now=now())
    return True


@bp.get("/sessions")
def sessions() -> ResponseReturnValue:
    """Show where one is signed in."""
    shown = sessions_of(db.session(), user_id=signed_in().id, current_id=current_user.session_id, now=now())
    return render_template("account/sessions.html", sessions=shown)


@bp.post("/sessions/<int:session_id>/revoke")
def revoke(session_id: int) -> ResponseReturnValue:
    """End one of one's own sign-ins; the present one too."""
    user_id, present = signed_in().id, current_user.session_id
    with transaction() as session:
        known = accounts.sign_out(session, session_id=session_id, user_id=user_id, now=now())
    if not known:
        abort(404)
    if session_id == present:
        signing.end()
        return redirect(url_for("account.sign_in"), 303)
    flash(_("That sign-in has ended."), "success")
    return redirect(url_for(".sessions"), 303)
