"""The head of a round's own record, where its digest is over it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.record import GENESIS, ROUND_VERSION
from techauction.store.consigning import RoundRow
from techauction.store.record import RoundRecordRow


def of_round(session: Session, row: RoundRow) -> str | None:
    """Return the head of the round's own record, of a closed round whose digest is over it too."""
    if row.digest_version != ROUND_VERSION:
        return None
    last = select(RoundRecordRow.hash).where(RoundRecordRow.round_id == row.id).order_by(RoundRecordRow.seq.desc())
    return session.scalar(last.limit(1)) or GENESIS
