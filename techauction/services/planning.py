"""What a round opens with, for its record and for that of each of its lots."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.binding import admitted_digest
from techauction.core.round_record import RoundKind, plan_digest
from techauction.services import round_record
from techauction.services.record import name_of
from techauction.store.auction import AdmissionRow, PaddleRow
from techauction.store.consigning import LotRow, RoundRow


def put_on_record(session: Session, row: RoundRow, *, now: datetime) -> None:
    """Put the plan of a locked round that opens on its record."""
    round_record.append(session, row, [(RoundKind.ROUND_OPENED, now, {"plan": row.planned().as_json()})])


def opened_with(session: Session, row: RoundRow, lots: Collection[LotRow]) -> dict[int, dict[str, object]]:
    """Return by its id what each lot of a locked round says of the round when it opens.

    That is the digest of the plan, the head of the round's record, to which every paddle issued before is bound, and the digest
    of the lot's admitted paddles with their ranks.
    """
    plan = plan_digest(row.slug, row.planned().as_json())
    _, head = round_record.head(session, row.id)
    admitted: dict[int, list[tuple[int, int | None, str]]] = {lot.id: [] for lot in lots}
    found = session.execute(
        select(AdmissionRow.lot_id, PaddleRow.number, AdmissionRow.priority_rank, PaddleRow.salt)
        .join(PaddleRow, AdmissionRow.paddle_id == PaddleRow.id)
        .where(AdmissionRow.lot_id.in_(admitted), PaddleRow.issued_at.is_not(None), PaddleRow.voided_at.is_(None))
    )
    for lot_id, number, rank, salt in found:
        assert number is not None
        assert salt is not None
        admitted[lot_id].append((number, rank, salt))
    return {
        lot.id: {
            "plan": plan,
            "round_head": head,
            "admitted": admitted_digest(name_of(row.slug, lot.number or 0), admitted[lot.id]),
        }
        for lot in lots
    }
