"""Users: who they are, new ones, and those who may no longer sign in."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from techauction.core import accounts as rules
from techauction.core.refusal import Refusal
from techauction.db import db, transaction
from techauction.identity import passwords
from techauction.queries import administration, choices
from techauction.services import accounts
from techauction.store.people import Role
from techauction.web.addresses import member
from techauction.web.administrator.forms import HouseUserForm, PasswordForm
from techauction.web.context import house, now, signed_in
from techauction.web.guard import only
from techauction.web.navigation import page_number
from techauction.wording import say

bp = Blueprint("administrator", __name__, url_prefix="/administrator")
bp.before_request(only(Role.ADMINISTRATOR))


@bp.get("/users")
def users() -> ResponseReturnValue:
    """Show the users, those searched for."""
    search, role = request.args.get("q", "").strip()[:80], request.args.get("role", "")
    page = administration.users_page(db.session(), search=search, role=member(Role, role), page=page_number())
    return render_template("administrator/users.html", page=page, roles=list(Role), search=search, role=role)


@bp.route("/users/new", methods=["GET", "POST"])
def new_user() -> ResponseReturnValue:
    """Take in a user of the house."""
    form = HouseUserForm(request.form)
    form.offer(choices.markets(db.session()), choices.fields(db.session()))
    if request.method == "POST" and form.validate():
        by_id = signed_in().id
        try:
            hashed = hashed_password(str(form.password.data), sign_in_name=str(form.sign_in_name.data))
            with transaction() as session:
                made = accounts.create_user(
                    session,
                    sign_in_name=str(form.sign_in_name.data),
                    name=str(form.name.data),
                    email=form.email.data or "",
                    role=Role(form.role.data),
                    password_hash=hashed,
                    market_key=form.market_key.data or None,
                    field_keys=form.field_keys.data or (),
                    by_id=by_id,
                    now=now(),
                )
                name = made.sign_in_name
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("%(name)s may sign in now.", name=name), "success")
            return redirect(url_for(".users"), 303)
    return render_template("administrator/new_user.html", form=form), 422 if form.errors else 200


@bp.post("/users/<int:user_id>/disable")
def disable(user_id: int) -> ResponseReturnValue:
    """Keep a user from signing in."""
    by_id = signed_in().id
    try:
        with transaction() as session:
            known = accounts.disable_user(session, user_id=user_id, by_id=by_id, now=now()) is not None
    except Refusal as refusal:
        return _refused(refusal)
    if not known:
        abort(404)
    flash(_("This user can no longer sign in, and every sign-in of theirs has ended."), "success")
    return redirect(url_for(".users"), 303)


@bp.post("/users/<int:user_id>/enable")
def enable(user_id: int) -> ResponseReturnValue:
    """Let a disabled user sign in again."""
    by_id = signed_in().id
    with transaction() as session:
        known = accounts.enable_user(session, user_id=user_id, by_id=by_id, now=now()) is not None
    if not known:
        abort(404)
    flash(_("This user may sign in again."), "success")
    return redirect(url_for(".users"), 303)


@bp.route("/users/<int:user_id>/password", methods=["GET", "POST"])
def password(user_id: int) -> ResponseReturnValue:
    """Give a user a new password."""
    user = administration.user_line(db.session(), user_id=user_id) or abort(404)
    form = PasswordForm(request.form)
    form.sign_in_name = user.sign_in_name
    if request.method == "POST" and form.validate():
        by_id = signed_in().id
        try:
            hashed = hashed_password(str(form.password.data), sign_in_name=user.sign_in_name)
            with transaction() as session:
                accounts.reset_password(session, user_id=user_id, password_hash=hashed, by_id=by_id, now=now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("%(name)s has a new password; every sign-in of theirs has ended.", name=user.sign_in_name), "success")
            return redirect(url_for(".users"), 303)
    return render_template("administrator/password.html", form=form, user=user), 422 if form.errors else 200


def hashed_password(text: str, *, sign_in_name: str) -> str:
    """Return the hash of a first or new password, made before any transaction begins.

    :raises PasswordTooShort, PasswordTooLong, PasswordIsName: as they say
    """
    return passwords(house().settings).hash(rules.password(text, sign_in_name=sign_in_name.strip().lower()))


def _refused(refusal: Refusal) -> ResponseReturnValue:
    page = administration.users_page(db.session(), search="", role=None, page=1)
    return render_template(
        "administrator/users.html", page=page, roles=list(Role), search="", role="", refused=say(refusal)
    ), 422
