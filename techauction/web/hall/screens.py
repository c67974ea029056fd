"""The board and the closing wall, for anybody: full screens without menus or notices, driven by the keyboard."""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from techauction.core.round import Phase
from techauction.db import db
from techauction.queries.hall import Board, board
from techauction.reports.value_added import compile_report
from techauction.web.addresses import identifier
from techauction.web.context import now, viewer

bp = Blueprint("hall", __name__, url_prefix="/hall")

_SHOWN = (Phase.PUBLISHED, Phase.OPEN, Phase.CLOSED)


@bp.get("/<slug>")
def screen(slug: str) -> ResponseReturnValue:
    """Show one lot of a round as large as the screen; `?lot=` names it, else the board follows the sale."""
    page = _found(slug)
    asked = identifier(request.args.get("lot", ""))
    lot = page.lot(asked)
    if lot is None and asked is not None:
        abort(404)
    before, after = (None, None) if lot is None else page.beside(lot)
    return render_template("hall/board.html", page=page, shown=lot, before=before, after=after, follows=asked is None)


@bp.get("/<slug>/totals")
def totals(slug: str) -> ResponseReturnValue:
    """Show what a round has brought, by field and in total."""
    page = _found(slug)
    return render_template("hall/totals.html", page=page, report=compile_report(db.session(), slug))


def _found(slug: str) -> Board:
    found = board(db.session(), slug, now=now(), viewer=viewer())
    return found if found is not None and found.head.phase in _SHOWN else abort(404)
