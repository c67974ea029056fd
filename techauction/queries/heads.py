"""The heads that a round's digest is over, where a lot's record has grown since."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.record import Kind
from techauction.store.consigning import LotRow
from techauction.store.record import RecordRow


def at_close(session: Session, round_id: int) -> dict[int, str]:
    """Return the head hash at the close of each lot of the round whose outcome was voided later, by the lot's id."""
    rows = session.execute(
        select(RecordRow.lot_id, RecordRow.prev_hash)
        .join(LotRow, RecordRow.lot_id == LotRow.id)
        .where(
            LotRow.round_id == round_id,
            RecordRow.kind == Kind.VOIDED,
            RecordRow.data["after_close"].as_boolean().is_(True),
        )
    )
    return dict(rows.all())
