"""What became of an offer, asked by its key; and closing a key, so that a late packet can do nothing more."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from techauction.core.bidding import KeyClosed, NoSuchLot
from techauction.core.record import Kind
from techauction.core.refusal import Refusal
from techauction.services import sealing
from techauction.services.offers import Answer, Taken
from techauction.store.auction import OfferRow
from techauction.store.consigning import LotRow
from techauction.store.record import RecordRow
from techauction.store.viewing import LISTED, Viewer, visible_to


def look_up(session: Session, *, lot_id: int, organisation_id: int, key: str) -> Answer | None:
    """Return the answer that a bidder's key has at a lot; none while none was decided, which a late packet may change."""
    row = session.scalars(
        select(OfferRow).where(OfferRow.organisation_id == organisation_id, OfferRow.key == key, OfferRow.lot_id == lot_id)
    ).one_or_none()
    return None if row is None else answer_of(session, row)


def fate(session: Session, *, lot_id: int, organisation_id: int, key: str) -> Answer | None:
    """Return the same of a lot that the bidder may see.

    :raises NoSuchLot: there is no such lot, or it is not the bidder's to see
    """
    known = look_up(session, lot_id=lot_id, organisation_id=organisation_id, key=key)
    viewer = Viewer(organisation_id=organisation_id)
    seen = select(LotRow.id).join(LotRow.round).where(LotRow.id == lot_id, LISTED, visible_to(viewer))
    if known is None and session.scalar(seen) is None:
        raise NoSuchLot
    return known


def answer_of(session: Session, row: OfferRow) -> Answer:
    """Return what was said to an offer."""
    if row.code is not None:
        return Refusal.restore(row.code, row.facts or {})
    assert row.seq is not None
    events = session.scalars(
        select(RecordRow)
        .where(RecordRow.lot_id == row.lot_id, RecordRow.seq.in_((row.seq, row.seq + 1)))
        .order_by(RecordRow.seq)
    ).all()
    bid, after = events[0], events[-1]
    closes_at = after.closes_at if after.kind is Kind.EXTENDED else bid.closes_at
    assert closes_at is not None
    return Taken(
        lot_id=row.lot_id,
        seq=bid.seq,
        paddle=bid.paddle or sealing.paddle_of(session.connection(), lot_id=row.lot_id, seq=row.seq),
        amount=bid.amount,
        placed_at=bid.at,
        closes_at=closes_at,
        hash=bid.hash,
    )


def close_key(
    session: Session, *, lot_id: int, organisation_id: int, user_id: int, key: str, read_clock: Callable[[], datetime]
) -> Answer:
    """Close a bidder's key for good, and return its answer: the one that it had already, or `KeyClosed`.

    It is an act of the auctioneer, so an offer under the key that waits in the queue before it is decided first.

    :raises NoSuchLot: there is none
    """
    known = fate(session, lot_id=lot_id, organisation_id=organisation_id, key=key)
    if known is not None:
        return known
    now = read_clock()
    row = OfferRow(
        lot_id=lot_id,
        organisation_id=organisation_id,
        user_id=user_id,
        key=key,
        amount=None,
        received_at=now,
        decided_at=now,
        code=KeyClosed.code,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # another process has decided an offer under this key meanwhile
        return look_up(session, lot_id=lot_id, organisation_id=organisation_id, key=key) or KeyClosed()
    return KeyClosed()
