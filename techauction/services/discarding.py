"""Throwing copies of rounds away, a few rows at a time: the only deletion in the house, and only of what nobody sold.

It may be broken off at any point, and begun again.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, delete, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from techauction.core.lot import Stage
from techauction.core.refusal import NoSuch
from techauction.core.round import Phase
from techauction.services.simulating import credit_codes
from techauction.store.aftersale import CaseRow, CaseStepRow
from techauction.store.auction import (
    AdmissionRow,
    ApprovalRow,
    InstructionRow,
    OfferRow,
    OutcomeRow,
    PaddleRow,
    SealedBidRow,
)
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow, ReserveRow, ResultRow, RoundMarketRow, RoundRow, WatchRow
from techauction.store.money import DepositRow, PostingRow, ReceiptRow, SettlementRow
from techauction.store.notices import NoticeRow
from techauction.store.people import OrganisationRow, UserRow
from techauction.store.record import RecordRow, RoundRecordRow

AT_ONCE = 500
"""So many rows of a table go in one transaction, which must stay short beside a sale."""
KEPT = timedelta(hours=6)
"""How long a rehearsal may be looked at after its end."""
PRACTICE_KEPT = timedelta(hours=1)
LONGEST = timedelta(hours=24)
"""A copy that never ended, because it stands paused, goes after a day."""
Key = InstrumentedAttribute[int] | InstrumentedAttribute[str]


def over(session: Session, *, now: datetime) -> list[int]:
    """Return the copies that have had their time, and those that were stopped."""
    practice = RoundRow.practice_for_id.is_not(None)
    return list(
        session.scalars(
            select(RoundRow.id)
            .where(
                RoundRow.copy_of_id.is_not(None),
                or_(
                    RoundRow.phase == Phase.CALLED_OFF,
                    RoundRow.closed_at <= now - KEPT,
                    and_(practice, RoundRow.closed_at <= now - PRACTICE_KEPT),
                    RoundRow.created_at <= now - LONGEST,
                ),
            )
            .order_by(RoundRow.id)
        )
    )


def stop(
    session: Session,
    *,
    round_id: int,
    read_clock: Callable[[], datetime],
    market_key: str | None = None,
    by_id: int | None = None,
) -> None:
    """Take a copy out of the sale for good, in the auctioneer's turn; it is thrown away next. A market stops only its own.

    :raises NoSuch: there is no such copy
    """
    row = session.get(RoundRow, round_id, with_for_update={"of": RoundRow, "key_share": True}, populate_existing=True)
    if row is None or row.copy_of_id is None or market_key not in {None, *(each.market_key for each in row.markets)}:
        raise NoSuch
    if row.phase is Phase.CALLED_OFF:
        return
    lots = select(LotRow.id).where(LotRow.round_id == round_id).order_by(LotRow.id).with_for_update(of=LotRow, key_share=True)
    lot_ids = session.scalars(lots).all()
    # A copy has no phase to be called off from: an open one ends here, without hammers.
    row.phase = Phase.CALLED_OFF
    session.execute(update(LotRow).where(LotRow.id.in_(lot_ids)).values(stage=Stage.ENDED))
    session.add(AuditRow(at=read_clock(), by_id=by_id, what="rehearsal.stopped", about=f"round {row.slug}"))


def discard_some(session: Session, *, round_id: int, most: int = AT_ONCE) -> bool:
    """Delete at most so many rows of a copy that was stopped, and return whether there may be more.

    :raises NoSuch: there is no such copy, or it was not stopped
    """
    row = session.get(RoundRow, round_id, with_for_update={"of": RoundRow}, populate_existing=True)
    if row is None or row.copy_of_id is None or row.phase is not Phase.CALLED_OFF:
        raise NoSuch
    simulated = select(OrganisationRow.id).where(OrganisationRow.credit_code.startswith(credit_codes(round_id)))
    for key, its in rows_of(round_id, simulated):
        some = session.scalars(select(key).where(its).limit(most)).all()
        if some:
            session.execute(delete(key.class_).where(key.in_(some), its).execution_options(synchronize_session=False))
            return True
    session.expunge(row)
    session.execute(delete(RoundRow).where(RoundRow.id == round_id, RoundRow.copy_of_id.is_not(None)))
    return False


def rows_of(round_id: int, own: Select[int]) -> Iterator[tuple[Key, ColumnElement[bool]]]:
    """Yield a key of each table and which of its rows are the round's, those before that refer to those after.

    `own` are the ids of the organisations that go with it.
    """
    lots = select(LotRow.id).where(LotRow.round_id == round_id)
    paddles = select(PaddleRow.id).where(PaddleRow.round_id == round_id)
    agents = select(UserRow.id).where(UserRow.organisation_id.in_(own))
    yield InstructionRow.id, InstructionRow.lot_id.in_(lots)
    yield SealedBidRow.id, SealedBidRow.lot_id.in_(lots)
    yield OfferRow.id, OfferRow.lot_id.in_(lots)
    yield RecordRow.id, RecordRow.lot_id.in_(lots)
    yield RoundRecordRow.id, RoundRecordRow.round_id == round_id
    yield OutcomeRow.lot_id, OutcomeRow.lot_id.in_(lots)
    yield CaseStepRow.id, CaseStepRow.case_id.in_(lots)
    yield CaseRow.lot_id, CaseRow.lot_id.in_(lots)
    yield ReserveRow.lot_id, ReserveRow.lot_id.in_(lots)
    yield WatchRow.lot_id, WatchRow.lot_id.in_(lots)
    yield SettlementRow.lot_id, SettlementRow.lot_id.in_(lots)
    yield PostingRow.id, PostingRow.paddle_id.in_(paddles)
    yield ReceiptRow.id, ReceiptRow.paddle_id.in_(paddles)
    yield DepositRow.id, DepositRow.paddle_id.in_(paddles)
    yield AdmissionRow.id, AdmissionRow.paddle_id.in_(paddles)
    yield PaddleRow.id, PaddleRow.round_id == round_id
    yield ApprovalRow.id, ApprovalRow.round_id == round_id
    yield LotRow.id, LotRow.round_id == round_id
    yield ResultRow.id, ResultRow.institute_id.in_(own)
    yield NoticeRow.id, NoticeRow.user_id.in_(agents)
    yield UserRow.id, UserRow.organisation_id.in_(own)
    yield OrganisationRow.id, OrganisationRow.id.in_(own)
    yield RoundMarketRow.round_id, RoundMarketRow.round_id == round_id
