"""The audit trail, and the notices that reached nobody."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from techauction.db import db
from techauction.queries import administration
from techauction.queries.notices import unsent
from techauction.store.people import Role
from techauction.web.guard import only
from techauction.web.navigation import page_number

bp = Blueprint("administrator_audit", __name__, url_prefix="/administrator")
bp.before_request(only(Role.ADMINISTRATOR))


@bp.get("/audit")
def audit() -> ResponseReturnValue:
    """Show who did what, newest first."""
    what = request.args.get("what", "")[:60]
    page = administration.audit_page(db.session(), what=what, page=page_number())
    return render_template("administrator/audit.html", page=page, what=what)


@bp.get("/notices")
def notices() -> ResponseReturnValue:
    """Show the notices that were given up, and why."""
    return render_template("administrator/notices.html", page=unsent(db.session(), page=page_number()))
