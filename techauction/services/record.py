"""Adding to the record of the sale."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core import pausing, refused
from techauction.core.money import Money
from techauction.core.record import AFTER_A_STEP, GENESIS, Event, Kind
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.record import RecordRow

CHANGED = "changed lots"
"""Where a session keeps the ids of the lots whose record grew, for the gallery to be told after the commit."""


def name_of(slug: str, number: int) -> str:
    """Return the name that a lot carries in the record."""
    return f"{slug}/{number}"


def append(
    session: Session,
    lot: LotRow,
    kind: Kind,
    *,
    at: datetime,
    paddle: int | None = None,
    amount: Money | None = None,
    data: Mapping[str, object] | None = None,
) -> RecordRow:
    """Add an event to a lot whose row is locked; the lot's `closes_at`, `seq` and head hash follow.

    It says by how much the clock was set back, if it was.
    """
    assert lot.number is not None
    slug = (
        lot.round.slug
        if "round" in lot.__dict__
        else session.scalars(select(RoundRow.slug).where(RoundRow.id == lot.round_id)).one()
    )
    said = dict(data or {})
    if kind in refused.SAYING:
        said |= lot.refusals().as_data()
    if kind in AFTER_A_STEP and lot.last_at is not None:
        said |= pausing.set_back(lot.last_at, at)
    prev_hash = lot.head_hash or GENESIS
    event = Event(
        lot=name_of(slug, lot.number),
        seq=lot.seq + 1,
        kind=kind,
        at=at,
        paddle=paddle,
        amount=amount,
        closes_at=lot.closes_at,
        data=said,
    )
    row = RecordRow(
        lot_id=lot.id,
        seq=event.seq,
        run=lot.run,
        kind=kind,
        paddle=paddle,
        amount=amount,
        closes_at=event.closes_at,
        at=at,
        data=said,
        prev_hash=prev_hash,
        hash=event.digest(prev_hash),
    )
    session.add(row)
    lot.seq, lot.head_hash, lot.last_at = row.seq, row.hash, at
    session.info.setdefault(CHANGED, set()).add(lot.id)
    return row
