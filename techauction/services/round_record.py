"""Adding to a round's own record."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from techauction.core.record import GENESIS
from techauction.core.round_record import RoundEvent, RoundKind, closed_with
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.record import RoundRecordRow

Said = tuple[RoundKind, datetime, Mapping[str, object]]
"""What happened, when, and its particulars."""


def append(session: Session, row: RoundRow, events: Sequence[Said]) -> None:
    """Add events to the record of a round whose row is locked, or was made in this transaction."""
    seq, prev_hash = head(session, row.id)
    rows = []
    for kind, at, data in events:
        seq += 1
        event = RoundEvent(round=row.slug, seq=seq, kind=kind, at=at, data=data)
        rows.append(
            {
                "round_id": row.id,
                "seq": seq,
                "kind": kind,
                "at": at,
                "data": dict(data),
                "prev_hash": prev_hash,
                "hash": (prev_hash := event.digest(prev_hash)),
            }
        )
    if rows:
        session.execute(insert(RoundRecordRow), rows)


def close(session: Session, row: RoundRow, lots: Iterable[LotRow], *, now: datetime) -> str:
    """Put the close of a locked round on its record, with what was refused at its lots; return the hash of that event."""
    chains = {lot.number: lot.refusals() for lot in lots if lot.number is not None}
    append(session, row, [(RoundKind.ROUND_CLOSED, now, closed_with(chains))])
    _, closed = head(session, row.id)
    return closed


def head(session: Session, round_id: int) -> tuple[int, str]:
    """Return place and hash of the last event of a round's record; before the first, of none."""
    last = session.execute(
        select(RoundRecordRow.seq, RoundRecordRow.hash)
        .where(RoundRecordRow.round_id == round_id)
        .order_by(RoundRecordRow.seq.desc())
        .limit(1)
    ).one_or_none()
    return (0, GENESIS) if last is None else (last.seq, last.hash)
