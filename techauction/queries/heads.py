"""The heads that a round's digest is over, where a lot's record has grown since."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.record import GENESIS, ROUND_VERSION, Kind
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.record import RecordRow, RoundRecordRow


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


def of_round(session: Session, row: RoundRow) -> str | None:
    """Return the head of the round's own record, of a closed round whose digest is over it too."""
    if row.digest_version != ROUND_VERSION:
        return None
    last = select(RoundRecordRow.hash).where(RoundRecordRow.round_id == row.id).order_by(RoundRecordRow.seq.desc())
    return session.scalar(last.limit(1)) or GENESIS
