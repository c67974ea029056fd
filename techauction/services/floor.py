"""Bids called from the floor: whose a paddle is, and what a clerk does about an entry that was wrong."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.approval import Act
from techauction.core.lot import Stage
from techauction.core.paddle import NoSuchPaddle
from techauction.services import approvals, pausing
from techauction.services.deeds import Subject
from techauction.services.opening import lot_for_update
from techauction.store.auction import PaddleRow

# It stands in the record for everybody, whatever language they read.
MISTAKE = "现场录入有误，待核实。 An entry from the floor was wrong, and is looked into."


def bidder_of(session: Session, *, round_id: int, paddle: int) -> int:
    """Return the organisation that holds the paddle in the round.

    :raises NoSuchPaddle: none of that number was issued there
    """
    found = session.scalar(select(PaddleRow.organisation_id).where(PaddleRow.round_id == round_id, PaddleRow.number == paddle))
    if found is None:
        raise NoSuchPaddle(paddle)
    return found


def undo(session: Session, *, round_id: int, lot_id: int, seq: int, by_id: int, read_clock: Callable[[], datetime]) -> int:
    """Stop the lot at once, and ask that a bid be voided; return the request's id. An act of the auctioneer.

    :raises NoSuch, NoSuchLot, NoSuchBid, LotNotOpen, LotClosed: as they say
    """
    row = lot_for_update(session, lot_id)
    now = read_clock()
    if row.stage not in (Stage.PAUSED, Stage.INTERRUPTED):
        pausing.pause(session, lot_ids=[lot_id], reason=MISTAKE, by_id=by_id, read_clock=lambda: now)
        session.flush()
    return approvals.ask(
        session,
        round_id=round_id,
        act=Act.VOID_BID,
        subject=Subject(lot_ids=(lot_id,), seq=seq),
        reason=MISTAKE,
        by_id=by_id,
        read_clock=lambda: now,
    )
