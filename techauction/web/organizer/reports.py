"""What a round brought: the value-added report, and the files to take away."""

import io
from collections.abc import Iterable
from typing import get_args

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from techauction.core.settlement import BooksDiffer
from techauction.db import db, snapshot
from techauction.queries import voids
from techauction.queries.reporting import announced, reported_round
from techauction.queries.rounds import RoundHead
from techauction.reports.exports import Format, settlement_name
from techauction.reports.settlement import compile_settlement
from techauction.reports.value_added import GROUPINGS, compile_report
from techauction.reports.writers.settlement_columns import Language
from techauction.reports.writers.settlement_csv import write_csv as write_settlement_csv
from techauction.reports.writers.settlement_xlsx import write_xlsx
from techauction.reports.writers.value_added import write_csv, write_json
from techauction.store.people import Role
from techauction.web.context import my_market, now
from techauction.web.guard import only
from techauction.web.organizer.bars import draw
from techauction.wording import in_chinese, say

bp = Blueprint("organizer_reports", __name__, url_prefix="/organizer/rounds/<slug>/report")
bp.before_request(only(Role.ORGANIZER))

_CHUNK = 65_536
_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}


@bp.get("")
def report(slug: str) -> ResponseReturnValue:
    """Show the value-added report."""
    return _shown(slug)


@bp.get("/settlement.<form>")
def settlement(slug: str, form: str) -> ResponseReturnValue:
    """Send the settlement as a workbook or as CSV."""
    if form not in get_args(Format):
        abort(404)
    _head(slug)
    language: Language = "zh" if in_chinese() else "en"
    try:
        compiled = compile_settlement(snapshot(db.session()), slug)
    except BooksDiffer as refusal:
        return _shown(slug, refused=say(refusal), status=422)
    if form == "csv":
        return _sent((line.encode() for line in write_settlement_csv(compiled, language)), settlement_name(slug, "csv"), form)
    book = io.BytesIO()
    write_xlsx(compiled, book, language=language, written_at=now())
    book.seek(0)
    return _sent(iter(lambda: book.read(_CHUNK), b""), settlement_name(slug, "xlsx"), form)


@bp.get("/value-added.<form>")
def value_added(slug: str, form: str) -> ResponseReturnValue:
    """Send the value-added report as JSON or as CSV."""
    if form not in ("json", "csv"):
        abort(404)
    _head(slug)
    compiled = compile_report(snapshot(db.session()), slug)
    lines = [write_json(compiled)] if form == "json" else write_csv(compiled)
    return _sent((line.encode() for line in lines), f"{slug}-value-added.{form}", form)


def _head(slug: str) -> RoundHead:
    return reported_round(db.session(), slug, market_key=my_market()) or abort(404)


def _shown(slug: str, *, refused: str | None = None, status: int = 200) -> ResponseReturnValue:
    head, by = _head(slug), request.args.get("by", GROUPINGS[0])
    if by not in GROUPINGS:
        abort(404)
    compiled = compile_report(snapshot(db.session()), slug)
    page = render_template(
        "organizer/report.html",
        head=head,
        report=compiled,
        by=by,
        bars=draw(compiled.by[by]),
        refused=refused,
        voided=voids.count(db.session(), slug),
        announced=announced(db.session(), slug),
    )
    return page, status


def _sent(chunks: Iterable[bytes], name: str, form: str) -> Response:
    response = Response(chunks, content_type=_TYPES[form])
    # A slug is plain ASCII, so the name needs no encoding.
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
