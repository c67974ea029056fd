"""Lots past their close whose reserve, or whose sealed offers, cannot be opened: they wait for the key."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from techauction.core.custody import Custody
from techauction.core.lot import Stage
from techauction.services.notices import notify, of_lot, organizers, users
from techauction.services.record import CHANGED
from techauction.store.auction import SealedBidRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow, ReserveRow, RoundMarketRow
from techauction.store.people import Role, UserRow

_WAITING = (LotRow.stage == Stage.OPEN) & LotRow.key_missing_at.is_not(None)


def hold(session: Session, lot_ids: Collection[int], *, now: datetime) -> None:
    """Let lots wait for the key: no outcome, and no bid, for their close has come. Organizers and institute are told once."""
    if not lot_ids:
        return
    rows = session.scalars(
        select(LotRow)
        .where(LotRow.id.in_(lot_ids), LotRow.key_missing_at.is_(None))
        .order_by(LotRow.id)
        .execution_options(populate_existing=True)
    ).all()
    for row in rows:
        row.key_missing_at = now
        session.add(AuditRow(at=now, by_id=None, what="key.missing", about=f"lot {row.id}"))
        _tell(session, row, now=now)
    session.info.setdefault(CHANGED, set()).update(row.id for row in rows)


def let_go(session: Session, lot_ids: Collection[int]) -> None:
    """Say of lots that have ended that they wait no more."""
    if not lot_ids:
        return
    waited = update(LotRow).where(LotRow.id.in_(lot_ids), LotRow.key_missing_at.is_not(None)).values(key_missing_at=None)
    session.execute(waited.execution_options(synchronize_session=False))


def openable(session: Session, custody: Custody) -> list[int]:
    """Return the waiting lots for which everything sealed can be opened now, in id order."""
    waiting = session.scalars(select(LotRow.id).where(_WAITING).order_by(LotRow.id)).all()
    if not waiting:
        return []
    wanted = [
        *session.execute(
            select(ReserveRow.lot_id, ReserveRow.key_id).where(ReserveRow.lot_id.in_(waiting), ReserveRow.amount.is_(None))
        ),
        *session.execute(select(SealedBidRow.lot_id, SealedBidRow.key_id).where(SealedBidRow.lot_id.in_(waiting)).distinct()),
    ]
    stuck = {lot_id for lot_id, key_id in wanted if key_id is None or not custody.holds(key_id)}
    return [lot_id for lot_id in waiting if lot_id not in stuck]


def _tell(session: Session, row: LotRow, *, now: datetime) -> None:
    markets = select(RoundMarketRow.market_key).where(RoundMarketRow.round_id == row.round_id)
    institute = (UserRow.role == Role.INSTITUTE) & (UserRow.organisation_id == row.result.institute_id)
    concerned = users(session, organizers(markets) | institute)
    notify(session, user_ids=concerned, what="key_missing", facts=of_lot(row), now=now)
