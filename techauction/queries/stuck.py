"""The lots of a round with which the house cannot go on by itself, for its desk."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, cast, exists, literal, select
from sqlalchemy.orm import Session

from techauction.core.lot import Stage
from techauction.core.stuck import ACT, Duty
from techauction.store.aftersale import CaseRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow


@dataclass(frozen=True, slots=True)
class Stuck:
    """What could not be done with a lot, and since when."""

    number: int
    duty: Duty
    since: datetime


def of_round(session: Session, round_id: int, *, now: datetime) -> tuple[Stuck, ...]:
    """Return what could not be done with lots of the round and is still to be done, in their order."""
    found = session.execute(
        select(LotRow, AuditRow.detail, AuditRow.at, exists().where(CaseRow.lot_id == LotRow.id))
        .join(AuditRow, AuditRow.about == literal("lot ") + cast(LotRow.id, String))
        .where(AuditRow.what == ACT, LotRow.round_id == round_id)
        .order_by(LotRow.number, AuditRow.id)
    )
    return tuple(
        Stuck(lot.number, Duty(detail), at)
        for lot, detail, at, settled in found
        if lot.number is not None and _lasts(lot, Duty(detail), settled=settled, now=now)
    )


def _lasts(lot: LotRow, duty: Duty, *, settled: bool, now: datetime) -> bool:
    match duty:
        case Duty.OPENING:
            return lot.stage is Stage.LISTED
        case Duty.ANSWERING:
            return lot.stage is not Stage.ENDED
        case Duty.HAMMER:
            return lot.stage is Stage.OPEN and lot.is_past_close(now)
        case Duty.SETTLING:
            return not settled
