"""Pausing, interrupting and resuming lots."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from techauction.core import pausing
from techauction.core.absence import Gap, Step
from techauction.core.lot import Stage
from techauction.core.record import Kind, instant
from techauction.core.refusal import Refusal
from techauction.services import instructions
from techauction.services.notices import Facts, notify, users
from techauction.services.opening import lots_for_update
from techauction.services.record import append
from techauction.services.two import Two
from techauction.store.audit import STEPPED, AuditRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import Role, UserRow

# These stand in the record for everybody, whatever language they read.
AWAY = "销售系统在本标的最后时段内曾中断。 The selling process was away during the last period of this lot."
CLOCK = "服务器时钟发生跳变，待组织者核实后恢复。 The server's clock was stepped; bidding waits until an organizer has looked."


class ReasonMissing(Refusal):
    """A public act needs a public reason."""

    code = "reason_missing"


def pause(
    session: Session,
    *,
    lot_ids: Iterable[int],
    reason: str,
    by_id: int,
    read_clock: Callable[[], datetime],
    leave_closed: bool = False,
) -> None:
    """Stop bidding on the lots at once, for a public reason: all of them, or none.

    With `leave_closed`, lots whose close has come meanwhile are left as they are: one that just closed must not keep the
    others from being stopped.

    :raises ReasonMissing, NoSuchLot, LotNotOpen, LotPaused, LotClosed: as they say
    """
    if not reason.strip():
        raise ReasonMissing
    rows = lots_for_update(session, lot_ids)
    now = read_clock()
    if leave_closed:
        rows = [row for row in rows if row.stage is Stage.OPEN and not row.is_past_close(now)] or rows
    for row in rows:
        _pause(session, row, reason=reason, by_id=by_id, now=now)


def resume(
    session: Session,
    *,
    lot_ids: Iterable[int],
    reason: str,
    by_id: int,
    read_clock: Callable[[], datetime],
    two: Two | None = None,
) -> None:
    """Go on with the lots, each with the time it had left and never less than a full period: all of them, or none.

    For organizers it needs two (`approvals`).

    :raises ReasonMissing, NoSuchLot, LotNotPaused: as they say
    """
    if not reason.strip():
        raise ReasonMissing
    rows = lots_for_update(session, lot_ids)
    now = read_clock()
    detail = reason if two is None else two.detail(reason)
    for row in rows:
        lot = pausing.resume(row.to_core(row.round.rules()), row.stopped_at or now, now)
        row.stage, row.opens_at = lot.stage, lot.opens_at
        row.closes_at, row.scheduled_closes_at = lot.closes_at, lot.scheduled_closes_at
        row.stopped_at, row.stop_reason = None, ""
        data = {"reason": reason, **({} if two is None else two.as_data())}
        append(session, row, Kind.RESUMED, at=now, data=data)
        session.add(AuditRow(at=now, by_id=by_id, what="lot.resumed", about=f"lot {row.id}", detail=detail))
    instructions.answer_all(session, [row.id for row in rows], now=now)


def interrupt(session: Session, row: LotRow, gap: Gap, *, now: datetime) -> None:
    """Stop a locked lot that an absence has cost a part of its last period; a resume gives it a full one."""
    row.stage, row.stopped_at, row.stop_reason = pausing.interrupt(row.to_core(row.round.rules())).stage, gap.away_from, AWAY
    data = {"reason": AWAY, "away_from": instant(gap.away_from), "back_at": instant(gap.back_at)}
    append(session, row, Kind.INTERRUPTED, at=now, data=data)


def distrust(session: Session, *, drift: timedelta, read_clock: Callable[[], datetime]) -> int:
    """Pause every open lot, because the wall clock has moved by `drift` against the time that was sold by; tell the organizers.

    Return how many lots are open still: those whose hammer is due by the time that held until now.
    """
    rows = open_lots(session)
    now = read_clock()
    paused = [row for row in rows if row.closes_at is not None and now < row.closes_at]
    for row in paused:
        _pause(session, row, reason=CLOCK, by_id=None, now=now)
    if paused or drift < timedelta(0):  # the verifier asks whether the clock was set back after an absence
        detail = Step(now, drift).told(len(paused))
        session.add(AuditRow(at=now, by_id=None, what=STEPPED, about="clock", detail=detail))
    if paused:
        moved = drift // timedelta(milliseconds=1)
        organizers = users(session, UserRow.role == Role.ORGANIZER)
        facts: Facts = {"moved_ms": moved, "lots": len(paused)}
        notify(session, user_ids=organizers, what="clock_stepped", facts=facts, now=now)
    return len(rows) - len(paused)


def open_lots(session: Session, *which: ColumnElement[bool], skip_locked: bool = False) -> list[LotRow]:
    """Return the open lots, or those of them that fulfil conditions, locked in id order; none that waits for a key.

    With `skip_locked` none that somebody else is at work on.
    """
    return list(
        session.scalars(
            select(LotRow)
            .join(RoundRow, LotRow.round_id == RoundRow.id)
            .where(LotRow.stage == Stage.OPEN, LotRow.key_missing_at.is_(None), *which)
            .order_by(LotRow.id)
            .with_for_update(of=LotRow, key_share=True, skip_locked=skip_locked)
            .execution_options(populate_existing=True)
        )
    )


def _pause(session: Session, row: LotRow, *, reason: str, by_id: int | None, now: datetime) -> None:
    lot = pausing.pause(row.to_core(row.round.rules()), now)
    row.stage, row.stopped_at, row.stop_reason = lot.stage, now, reason
    append(session, row, Kind.PAUSED, at=now, data={"reason": reason})
    session.add(AuditRow(at=now, by_id=by_id, what="lot.paused", about=f"lot {row.id}", detail=reason))
