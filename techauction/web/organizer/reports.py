"""What a round brought: the value-added report, and the files to take away."""

from collections.abc import Iterable, Iterator
from typing import cast, get_args

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from techauction.core.settlement import BooksDiffer, SettlementOwed
from techauction.db import db
from techauction.queries import voids
from techauction.queries.reporting import announced, reported_round
from techauction.queries.rounds import RoundHead
from techauction.reports.exports import Format, settlement_name
from techauction.reports.value_added import GROUPINGS, ValueAddedReport
from techauction.reports.writers.value_added import write_csv, write_json
from techauction.store.people import Role
from techauction.web.context import children, my_market, now
from techauction.web.guard import only
from techauction.web.organizer.bars import draw
from techauction.wording import in_chinese, say

bp = Blueprint("organizer_reports", __name__, url_prefix="/organizer/rounds/<slug>/report")
bp.before_request(only(Role.ORGANIZER))

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
    try:
        parts = _done("settlement", slug=slug, form=form, language="zh" if in_chinese() else "en", written_at=now().isoformat())
    except (BooksDiffer, SettlementOwed) as refusal:
        return _shown(slug, refused=say(refusal), status=422)
    return _sent(cast("Iterator[bytes]", parts), settlement_name(slug, cast("Format", form)), form)


@bp.get("/value-added.<form>")
def value_added(slug: str, form: str) -> ResponseReturnValue:
    """Send the value-added report as JSON or as CSV."""
    if form not in ("json", "csv"):
        abort(404)
    _head(slug)
    compiled = _report(slug)
    lines = [write_json(compiled)] if form == "json" else write_csv(compiled)
    return _sent((line.encode() for line in lines), f"{slug}-value-added.{form}", form)


def _head(slug: str) -> RoundHead:
    return reported_round(db.session(), slug, market_key=my_market()) or abort(404)


def _shown(slug: str, *, refused: str | None = None, status: int = 200) -> ResponseReturnValue:
    head, by = _head(slug), request.args.get("by", GROUPINGS[0])
    if by not in GROUPINGS:
        abort(404)
    compiled = _report(slug)
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


def _report(slug: str) -> ValueAddedReport:
    return cast("ValueAddedReport", next(_done("value_added", slug=slug)))


def _done(job: str, **arguments: object) -> Iterator[object]:
    db.session.rollback()  # a page holds no connection while it waits
    return children().do(job, **arguments)


def _sent(chunks: Iterable[bytes], name: str, form: str) -> Response:
    response = Response(chunks, content_type=_TYPES[form])
    # A slug is plain ASCII, so the name needs no encoding.
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
