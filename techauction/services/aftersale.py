"""What the hammer brings with it: the settlement of a sale and the lot's case, lot by lot, soon after it fell.

Nothing but the outcome says that it is owed, so a process that stops in between owes it still, to whoever sells next.
"""

from collections.abc import Collection
from typing import assert_never

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from techauction.core.handoff import CaseKind
from techauction.core.outcome import Ending
from techauction.core.round import Phase
from techauction.services import settlement, telling
from techauction.services.handoff import open_case
from techauction.store.aftersale import CaseRow
from techauction.store.auction import OutcomeRow, PaddleRow
from techauction.store.consigning import LotRow, RoundRow


def owed(session: Session, *, most: int, apart_from: Collection[int] = (), round_id: int | None = None) -> list[int]:
    """Return at most `most` lots of open rounds whose settlement and case are owed, in id order."""
    wanted = select(LotRow.id).join(RoundRow, LotRow.round_id == RoundRow.id).join(OutcomeRow, OutcomeRow.lot_id == LotRow.id)
    wanted = wanted.outerjoin(CaseRow, CaseRow.lot_id == LotRow.id).where(
        RoundRow.phase == Phase.OPEN,
        or_(
            OutcomeRow.ending == Ending.SOLD,
            and_(OutcomeRow.ending == Ending.PASSED_IN, LotRow.standing_amount.is_not(None)),
        ),
        CaseRow.lot_id.is_(None),
        LotRow.id.not_in(apart_from),
    )
    if round_id is not None:
        wanted = wanted.where(LotRow.round_id == round_id)
    return list(session.scalars(wanted.order_by(LotRow.id).limit(most)))


def bring(session: Session, lot_ids: Collection[int]) -> bool:
    """Settle and hand off lots, as of their hammer, and tell everybody; one that has its case has had everything.

    What another process holds it is at work on, and nobody waits for it. Return whether anything was brought.
    """
    rows = session.scalars(
        select(LotRow)
        .where(LotRow.id.in_(lot_ids), ~select(CaseRow.lot_id).where(CaseRow.lot_id == LotRow.id).exists())
        .order_by(LotRow.id)
        .with_for_update(of=LotRow, key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    # Another process may have brought it since the statement began.
    had = set(session.scalars(select(CaseRow.lot_id).where(CaseRow.lot_id.in_(row.id for row in rows))))
    brought = [row for row in rows if row.id not in had]
    for row in brought:
        _bring(session, row)
    telling.ended(session, [row.id for row in brought])
    return bool(brought)


def _bring(session: Session, row: LotRow) -> None:
    outcome = session.get_one(OutcomeRow, row.id)
    match outcome.ending:
        case Ending.SOLD:
            assert outcome.price is not None
            paddle = session.scalars(
                select(PaddleRow).where(PaddleRow.round_id == row.round_id, PaddleRow.number == outcome.paddle)
            ).one()
            settlement.settle(session, lot=row, paddle=paddle, hammer_price=outcome.price, now=outcome.ended_at)
            open_case(session, lot=row, kind=CaseKind.SOLD, now=outcome.ended_at)
        case Ending.PASSED_IN:
            open_case(session, lot=row, kind=CaseKind.FOLLOW_UP, now=outcome.ended_at)
        case Ending.AGREED | Ending.WITHHELD | Ending.WITHDRAWN | Ending.VOID:
            raise AssertionError("nothing is owed for a lot that no hammer fell on")
        case other:
            assert_never(other)
