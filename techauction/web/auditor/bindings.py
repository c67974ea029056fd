"""A round's own record with its bindings opened."""

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from techauction.db import db
from techauction.queries import bindings as queries
from techauction.store.people import Role
from techauction.web.guard import only
from techauction.web.navigation import page_number

bp = Blueprint("auditor_bindings", __name__, url_prefix="/auditor/rounds/<slug>/bindings")
bp.before_request(only(Role.AUDITOR))


@bp.get("")
def bindings(slug: str) -> ResponseReturnValue:
    """Show who each paddle of a round was issued to, beside what is on record of it."""
    page = queries.bindings(db.session(), slug, page=page_number()) or abort(404)
    return render_template("auditor/bindings.html", page=page)
