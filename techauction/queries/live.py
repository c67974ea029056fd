"""What everybody may see of a lot while it is sold: its public state, and its public events."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from techauction.core.money import Money
from techauction.core.record import Kind
from techauction.queries.sale import PLACE, Sale, sale_of
from techauction.queries.viewing import ANNOUNCED, LISTED, Viewer, visible_to
from techauction.store.auction import OutcomeRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.record import RecordRow

_MOST_EVENTS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEvent:
    """One event of a lot's record, as everybody may see it."""

    seq: int
    kind: Kind
    at: datetime
    paddle: int | None
    amount: Money | None
    closes_at: datetime | None


def live_lots(session: Session, lot_ids: Iterable[int]) -> list[Sale]:
    """Return the public state of those of the lots that are announced, if only as copies (`visible_copies`)."""
    rows = session.execute(
        select(LotRow, OutcomeRow, PLACE)
        .join(LotRow.round)
        .outerjoin(OutcomeRow, OutcomeRow.lot_id == LotRow.id)
        .where(
            LotRow.id.in_(set(lot_ids)),
            LISTED,
            ANNOUNCED,
        )
        .order_by(LotRow.id)
        .options(contains_eager(LotRow.round))
        .execution_options(populate_existing=True)
    )
    return [sale_of(row, outcome, place) for row, outcome, place in rows]


def visible_copies(session: Session, lot_ids: Iterable[int], viewer: Viewer) -> frozenset[int]:
    """Return those of the lots that are a copy's and that the viewer may see."""
    found = select(LotRow.id).join(LotRow.round).where(LotRow.id.in_(set(lot_ids)), RoundRow.copy_of_id.is_not(None), LISTED)
    return frozenset(session.scalars(found.where(visible_to(viewer))))


def events_after(session: Session, *, lot_id: int, seq: int) -> list[LiveEvent]:
    """Return a lot's events after `seq`, in order, and not more than a page would show."""
    rows = session.execute(
        select(RecordRow.seq, RecordRow.kind, RecordRow.at, RecordRow.paddle, RecordRow.amount, RecordRow.closes_at)
        .where(RecordRow.lot_id == lot_id, RecordRow.seq > seq)
        .order_by(RecordRow.seq)
        .limit(_MOST_EVENTS)
    )
    return [
        LiveEvent(seq=row.seq, kind=row.kind, at=row.at, paddle=row.paddle, amount=row.amount, closes_at=row.closes_at)
        for row in rows
    ]
