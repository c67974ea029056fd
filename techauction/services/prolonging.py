"""Giving lots more time, for a public reason."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from techauction.core import prolonging
from techauction.core.record import Kind, instant
from techauction.services.record import append
from techauction.services.two import Two
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow


def prolong(session: Session, *, lots: Iterable[LotRow], by: timedelta, reason: str, two: Two, now: datetime) -> None:
    """Move the close of locked lots later: all of them, or none.

    :raises ProlongedWrong, LotNotOpen, LotPaused, LotClosed: as they say
    """
    for row in lots:
        lot = prolonging.prolong(row.to_core(row.round.rules()), by, now)
        assert row.closes_at is not None
        data: dict[str, object] = {"from": instant(row.closes_at), "reason": reason, **two.as_data()}
        row.closes_at, row.scheduled_closes_at = lot.closes_at, lot.scheduled_closes_at
        append(session, row, Kind.PROLONGED, at=now, data=data)
        minutes = f"by {by // timedelta(minutes=1)} min, {two.detail(reason)}"
        session.add(AuditRow(at=now, by_id=two.approved_by, what="lot.prolonged", about=f"lot {row.id}", detail=minutes))
