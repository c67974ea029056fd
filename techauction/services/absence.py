"""Absences of the house: kept where they touched a lot, and what they do to lots."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import exists, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from techauction.core import absence
from techauction.core.absence import Gap
from techauction.core.lot import Stage
from techauction.core.record import Kind, instant
from techauction.services import pausing, processes
from techauction.services.record import append
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.processes import AbsenceRow

# It stands in the record for everybody, whatever language they read.
AT_CLOSE = (
    "本标的截止时销售系统曾短暂中断，现顺延一个完整时段。"
    " The house was away for a moment when this lot was to close; it goes on for one full period."
)


def note(session: Session, gaps: Iterable[Gap], *, process_id: int, now: datetime) -> None:
    """Keep the times in which this process could take no bid, but for those in which another could, or that touched no lot."""
    for gap in gaps:
        others = processes.last_proof(session, now=now, apart_from=process_id)
        missed = gap if others is None else gap.since(others)
        if missed.length >= absence.LEAST and session.scalar(select(_touched(missed))):
            keep(session, missed)


def keep(session: Session, gap: Gap) -> None:
    """Keep an absence; one that began then and has lasted longer."""
    insert: Callable[..., Any] = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(
        insert(AbsenceRow)
        .values(away_from=gap.away_from, back_at=gap.back_at, set_back=False)
        .on_conflict_do_update(index_elements=[AbsenceRow.away_from], set_={"back_at": gap.back_at, "set_back": False})
    )


def set_back(session: Session, *, now: datetime) -> None:
    """Have nothing stand in the future, of what was proved or missed, by a clock that was set back to `now`."""
    processes.set_back(session, now=now)
    session.execute(update(AbsenceRow).where(AbsenceRow.back_at > now).values(set_back=True))


def look(session: Session, *, now: datetime, lot_ids: Collection[int] | None = None) -> set[int]:
    """Interrupt or prolong the lots that an absence has touched, and return their ids.

    Without names it looks at those whose close is still to come, and that nobody holds. At the others the hammer looks, in its
    own transaction, when the offers are decided that were here in time.
    """
    which = LotRow.closes_at > now if lot_ids is None else LotRow.id.in_(lot_ids)
    gaps: defaultdict[int, list[Gap]] = defaultdict(list)
    for lot_id, away_from, back_at in session.execute(_OVERLAPPING.where(which)):
        gaps[lot_id].append(Gap(away_from, back_at))
    if not gaps:
        return set()
    touched: dict[int, bool] = {}
    for row in pausing.open_lots(session, LotRow.id.in_(gaps), skip_locked=lot_ids is None):
        lot = row.to_core(row.round.rules())
        found = absence.first(lot, gaps[row.id], row.round.gap_s)
        if found is None:
            continue
        gap, touched[row.id] = found
        if touched[row.id]:
            pausing.interrupt(session, row, gap, now=now)
        else:
            _prolong(session, row, gap, now=now)
    for what, interrupted in (("lots.interrupted", True), ("lots.prolonged", False)):
        count = sum(each is interrupted for each in touched.values())
        if count:
            session.add(AuditRow(at=now, by_id=None, what=what, about=f"{count} lots"))
    return set(touched)


def _prolong(session: Session, row: LotRow, gap: Gap, *, now: datetime) -> None:
    """Give a lot a full period, because nobody could bid when it was to close."""
    assert row.closes_at is not None
    data = {
        "from": instant(row.closes_at),
        "reason": AT_CLOSE,
        "cause": absence.CAUSE,
        "away_from": instant(gap.away_from),
        "back_at": instant(gap.back_at),
    }
    lot = absence.prolonged(row.to_core(row.round.rules()), now)
    row.closes_at, row.scheduled_closes_at = lot.closes_at, lot.scheduled_closes_at
    append(session, row, Kind.PROLONGED, at=now, data=data)


def _touched(gap: Gap) -> Any:
    """Return whether an absence may have cost somebody a bid: it was as long as a round's setting, or held a lot's close."""
    return (
        exists()
        .where(LotRow.round_id == RoundRow.id, LotRow.stage == Stage.OPEN, LotRow.key_missing_at.is_(None))
        .where(LotRow.closes_at > gap.away_from, LotRow.opens_at < gap.back_at)
        .where(or_(LotRow.closes_at <= gap.back_at, RoundRow.gap_s <= gap.length.total_seconds()))
    )


_OVERLAPPING = (
    select(LotRow.id, AbsenceRow.away_from, AbsenceRow.back_at)
    .join(AbsenceRow, (AbsenceRow.back_at > LotRow.opens_at) & (AbsenceRow.away_from < LotRow.closes_at))
    .where(~AbsenceRow.set_back, LotRow.stage == Stage.OPEN, LotRow.key_missing_at.is_(None))
    .order_by(LotRow.id, AbsenceRow.away_from)
)
