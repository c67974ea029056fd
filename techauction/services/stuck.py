"""Lots with which the house cannot go on by itself: their organizers are told, once."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.stuck import ACT, Duty
from techauction.services.notices import notify, of_lot, organizers, users
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow, RoundMarketRow


def about(lot_id: int) -> str:
    """Return what the audit calls a lot."""
    return f"lot {lot_id}"


def tell(session: Session, *, lot_id: int, duty: Duty, now: datetime) -> None:
    """Tell the organizers of a lot's round that the house could not do its duty with the lot, if they were not told."""
    known = select(AuditRow.id).where(AuditRow.what == ACT, AuditRow.about == about(lot_id), AuditRow.detail == duty.value)
    if session.scalar(known) is not None:
        return
    row = session.get_one(LotRow, lot_id)
    session.add(AuditRow(at=now, by_id=None, what=ACT, about=about(lot_id), detail=duty.value))
    markets = select(RoundMarketRow.market_key).where(RoundMarketRow.round_id == row.round_id)
    told = users(session, organizers(markets))
    notify(session, user_ids=told, what="lot_stuck", facts=of_lot(row) | {"duty": duty.value}, now=now)
