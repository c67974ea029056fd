"""The record of every sale, and its verification on demand."""

from dataclasses import dataclass
from typing import cast

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from techauction.core.violation import Fault, Violation
from techauction.db import db
from techauction.queries import auditor as queries
from techauction.queries import refusals
from techauction.reports.damage import FAILS
from techauction.store.people import Role
from techauction.web.context import children, now, signed_in
from techauction.web.guard import only
from techauction.web.navigation import page_number

bp = Blueprint("auditor", __name__, url_prefix="/auditor")
bp.before_request(only(Role.AUDITOR, Role.ADMINISTRATOR))

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A violation, and where in the record to look at it."""

    code: Fault
    number: int | None
    seq: int | None
    page: int
    detail: str


@bp.get("/rounds")
def rounds() -> ResponseReturnValue:
    """Show the rounds."""
    return render_template("auditor/rounds.html", page=queries.rounds(db.session(), page=page_number()))


@bp.get("/rounds/<slug>")
def round_(slug: str) -> ResponseReturnValue:
    """Show a round and the heads of its lots' records."""
    page = queries.round_(db.session(), slug, page=page_number()) or abort(404)
    return render_template("auditor/round.html", page=page, may_open=signed_in().role is Role.AUDITOR)


@bp.get("/rounds/<slug>/lots/<int:number>")
def record(slug: str, number: int) -> ResponseReturnValue:
    """Show a lot's record."""
    page = queries.record(db.session(), slug, number, page=page_number()) or abort(404)
    return render_template("auditor/record.html", page=page)


@bp.get("/rounds/<slug>/lots/<int:number>/refused")
def refused(slug: str, number: int) -> ResponseReturnValue:
    """Show what was refused at a lot."""
    page = refusals.refused(db.session(), slug, number, page=page_number()) or abort(404)
    return render_template("auditor/refused.html", page=page)


@bp.get("/rounds/<slug>/verification")
def verification(slug: str) -> ResponseReturnValue:
    """Verify a round's record, and show what was found."""
    session = db.session()
    found = _round(session, slug)
    session.rollback()  # a page holds no connection while it waits
    parts = children().do("verification", slug=slug, most=MOST_SHOWN)
    violations, count = cast("tuple[list[Violation], int]", tuple(parts))
    return render_template(
        "auditor/verification.html",
        slug=slug,
        round=found,
        findings=[_finding(each, slug) for each in violations],
        count=count,
        verified_at=now(),
    )


def _round(session: Session, slug: str) -> queries.AuditedRound | None:
    """Return the round's head; none where its row cannot be read, which the verification says."""
    try:
        found = queries.audited_round(session, slug)
        if found is None and not queries.is_damaged(session, slug):
            abort(404)
    except FAILS:
        return None
    return found


def _finding(violation: Violation, slug: str) -> Finding:
    number = violation.lot.removeprefix(f"{slug}/")
    return Finding(
        code=violation.code,
        number=int(number) if number.isdecimal() else None,
        seq=violation.seq,
        page=1 if violation.seq is None else (violation.seq - 1) // queries.EVENTS_A_PAGE + 1,
        detail=violation.detail,
    )
