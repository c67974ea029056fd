"""Priority rights: an organizer of the lot's market confirms who holds one, and a holder may waive it."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from techauction.core import priority
from techauction.core.refusal import NoSuch
from techauction.core.seen import Marks, must_be_as_seen
from techauction.services import group, heads
from techauction.services.notices import notify, of_lot, users
from techauction.store.auction import AdmissionRow, PaddleRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.loading import LOADED
from techauction.store.people import UserRow


def confirm(
    session: Session, *, lot_id: int, paddle: int, market_key: str, rank: int | None, seen: Marks, by_id: int, now: datetime
) -> None:
    """Set the rank of a paddle's priority right at a lot, before the round opens; without a rank the paddle has none.

    :raises NoSuch: no such lot of the market, or the paddle is not admitted to it
    :raises ChangedMeanwhile: the rank is not the one that was shown
    :raises PhaseForbids, PriorityWaived, NoRightAtLicence, PriorityRankWrong: as they say
    """
    lot = session.scalars(
        select(LotRow).join(LotRow.round).where(LotRow.id == lot_id, LotRow.market_key == market_key, LOADED)
    ).one_or_none()
    if lot is None:
        raise NoSuch
    # An opening locks the round too: it sees the rank, or this sees that the round is open.
    round_row = session.get_one(RoundRow, lot.round_id, with_for_update={"key_share": True}, populate_existing=True)
    admission = _admission(session, AdmissionRow.lot_id == lot_id, PaddleRow.number == paddle)
    if admission is None:
        raise NoSuch
    must_be_as_seen({f"rank_{lot_id}": admission.priority_rank}, seen)
    settled = priority.confirm(
        round_row.phase, rank, waived=admission.priority_waived_at is not None, instrument=lot.result.instrument
    )
    if settled == admission.priority_rank:
        return

    admission.priority_rank = settled
    about = f"paddle {paddle} at {round_row.slug}/{lot.number}"
    if settled is None:
        session.add(AuditRow(at=now, by_id=by_id, what="priority.taken_back", about=about))
        _tell(session, lot, admission.paddle, what="priority_taken_back", rank=None, now=now)
    else:
        session.add(AuditRow(at=now, by_id=by_id, what="priority.confirmed", about=about, detail=f"rank {settled}"))
        _tell(session, lot, admission.paddle, what="priority_confirmed", rank=settled, now=now)


def waive(session: Session, *, lot_id: int, organisation_id: int, by_id: int, read_clock: Callable[[], datetime]) -> None:
    """Give up the organisation's priority right at a lot for good. An act of the auctioneer.

    :raises NoSuch: no such lot
    :raises NoPriorityRight, LotClosed: as they say
    """
    connection = session.connection()
    head = heads.lock(connection, [lot_id]).get(lot_id)
    bidder = group.eligibilities(connection, {(lot_id, organisation_id)}).get((lot_id, organisation_id))
    if head is None or not head.is_for(bidder):
        raise NoSuch
    now = read_clock()
    admission = _admission(session, AdmissionRow.lot_id == lot_id, PaddleRow.organisation_id == organisation_id)
    held = admission is not None and admission.priority_waived_at is None
    waived_at = priority.waive(head.lot, admission.priority_rank if admission is not None and held else None, now)

    assert admission is not None
    admission.priority_waived_at = waived_at
    about = f"paddle {admission.paddle.number} at {head.name}"
    session.add(AuditRow(at=now, by_id=by_id, what="priority.waived", about=about))


def _admission(session: Session, *which: ColumnElement[bool]) -> AdmissionRow | None:
    return session.scalars(
        select(AdmissionRow)
        .join(PaddleRow, AdmissionRow.paddle_id == PaddleRow.id)
        .where(*which)
        .execution_options(populate_existing=True)
    ).one_or_none()


def _tell(session: Session, lot: LotRow, holder: PaddleRow, *, what: str, rank: int | None, now: datetime) -> None:
    """Tell the holder's users."""
    bidder = users(session, UserRow.organisation_id == holder.organisation_id)
    notify(session, user_ids=bidder, what=what, facts=of_lot(lot) | {"paddle": holder.number, "rank": rank}, now=now)
