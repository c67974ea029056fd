"""Organisations that an administrator brings in, and their users."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from techauction.core.refusal import Refusal
from techauction.db import db, transaction
from techauction.queries import administration
from techauction.queries.choices import markets
from techauction.services import accounts
from techauction.services.accounts import NewOrganisation, NewUser
from techauction.store.people import OrganisationKind, Role
from techauction.web.administrator.forms import OrganisationForm, OrganisationUserForm
from techauction.web.administrator.users import hashed_password
from techauction.web.context import now, signed_in
from techauction.web.filters import named
from techauction.web.guard import only
from techauction.web.navigation import page_number

bp = Blueprint("administrator_organisations", __name__, url_prefix="/administrator")
bp.before_request(only(Role.ADMINISTRATOR))


@bp.get("/organisations")
def organisations() -> ResponseReturnValue:
    """Show the organisations, those searched for."""
    search = request.args.get("q", "").strip()[:80]
    page = administration.organisations_page(db.session(), search=search, page=page_number())
    return render_template("administrator/organisations.html", page=page, search=search)


@bp.route("/organisations/new", methods=["GET", "POST"])
def new_organisation() -> ResponseReturnValue:
    """Bring an organisation in, with its first user."""
    form = OrganisationForm(request.form)
    form.offer_all(markets(db.session()))
    if request.method == "POST" and form.validate():
        by_id = signed_in().id
        try:
            user = NewUser(
                sign_in_name=str(form.sign_in_name.data),
                name=str(form.name.data),
                role=Role(form.role.data),
                password_hash=hashed_password(str(form.password.data), sign_in_name=str(form.sign_in_name.data)),
                sealing_officer=bool(form.sealing_officer.data),
            )
            with transaction() as session:
                accounts.bring_in(session, organisation=_described(form), user=user, by_id=by_id, now=now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The organisation is here, and its first user may sign in."), "success")
            return redirect(url_for(".organisations"), 303)
    return render_template("administrator/new_organisation.html", form=form), 422 if form.errors else 200


@bp.route("/organisations/<int:organisation_id>/users/new", methods=["GET", "POST"])
def new_user(organisation_id: int) -> ResponseReturnValue:
    """Take in another user of an organisation."""
    organisation = administration.organisation_line(db.session(), organisation_id=organisation_id) or abort(404)
    form = OrganisationUserForm(request.form)
    form.offer()
    if request.method == "POST" and form.validate():
        by_id = signed_in().id
        try:
            hashed = hashed_password(str(form.password.data), sign_in_name=str(form.sign_in_name.data))
            with transaction() as session:
                accounts.create_user(
                    session,
                    sign_in_name=str(form.sign_in_name.data),
                    name=str(form.name.data),
                    role=Role(form.role.data),
                    password_hash=hashed,
                    organisation_id=organisation_id,
                    sealing_officer=bool(form.sealing_officer.data),
                    by_id=by_id,
                    now=now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("%(name)s has a new user.", name=named(organisation.name)), "success")
            return redirect(url_for(".organisations"), 303)
    page = render_template("administrator/new_organisation_user.html", form=form, organisation=organisation)
    return page, 422 if form.errors else 200


def _described(form: OrganisationForm) -> NewOrganisation:
    name_zh = str(form.name_zh.data)
    return NewOrganisation(
        kind=OrganisationKind(form.kind.data),
        name_zh=name_zh,
        name_en=form.name_en.data or name_zh,
        credit_code=str(form.credit_code.data),
        province=str(form.province.data),
        market_key=str(form.market_key.data),
        telephone=form.telephone.data or "",
        code_unchecked=bool(form.code_unchecked.data),
    )
