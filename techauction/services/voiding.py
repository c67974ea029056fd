"""Voiding a bid or an outcome: the record keeps what was voided, everything else stands as if it had never been."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core import voiding
from techauction.core.lot import Bid, Lot
from techauction.core.record import BIDS, Kind
from techauction.core.voiding import Holding
from techauction.services import aftersale, settlement
from techauction.services.notices import notify, of_lot, users
from techauction.services.record import append
from techauction.services.two import Two
from techauction.store.aftersale import CaseRow
from techauction.store.auction import OutcomeRow, PaddleRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow
from techauction.store.people import UserRow
from techauction.store.record import RecordRow


def holding(session: Session, lot_id: int) -> Holding | None:
    """Return the lot's bids that were not voided, as a chain from the last."""
    rows = session.execute(
        select(RecordRow.seq, RecordRow.kind, RecordRow.paddle, RecordRow.amount, RecordRow.at, RecordRow.data)
        .where(RecordRow.lot_id == lot_id, RecordRow.kind.in_((*BIDS, Kind.VOIDED)))
        .order_by(RecordRow.seq)
    ).all()
    voided = {seq for row in rows if row.kind is Kind.VOIDED for seq in voiding.voided_by(row.data)}
    return voiding.holding(
        (row.seq, Bid(row.paddle or 0, row.amount, row.at, row.data.get("rank")))
        for row in rows
        if row.kind in BIDS and row.amount is not None and row.seq not in voided
    )


def must_not_stand(session: Session, lot: LotRow, after: Lot) -> None:
    """Refuse that a bid of a voided paddle stands at a locked lot: nobody is sold to who may not bid.

    :raises VoidedPaddleNext: as it says
    """
    its = select(PaddleRow.number).where(PaddleRow.round_id == lot.round_id, PaddleRow.voided_at.is_not(None))
    voiding.must_not_stand(after, set(session.scalars(its)))


def void_bid(session: Session, *, lot: LotRow, seq: int, reason: str, two: Two, now: datetime) -> None:
    """Take a bid of a locked lot back, which is paused or interrupted, and its matches: the highest left stands, or none.

    :raises LotNotStopped, NoSuchBid: as they say
    """
    last = holding(session, lot.id)
    after, kept = voiding.void_bid(lot.to_core(lot.round.rules()), last, seq)
    matches = voiding.matches_of(last, seq)
    standing = after.standing
    lot.standing_paddle = None if standing is None else standing.paddle
    lot.standing_amount = None if standing is None else standing.amount
    lot.standing_at = None if standing is None else standing.placed_at
    lot.standing_rank = None if standing is None else standing.rank
    lot.bidders = sorted(after.bidders)
    lot.bids = sum(1 for _ in voiding.each(kept))
    lot.run += 1  # the same price may be bid again
    [bid] = [each.bid for each in voiding.each(last) if each.seq == seq]
    named = {"bid_paddle": bid.paddle, "bid_fen": bid.amount.minor}
    data: dict[str, object] = {"seq": seq, "reason": reason, **named, **two.as_data()}
    if matches:
        data["matches"] = matches
    append(session, lot, Kind.VOIDED, at=now, data=data)
    session.add(_audit(lot, "bid.voided", f"event {seq}, {two.detail(reason)}", two, now))
    paddles = {each.bid.paddle for each in voiding.each(last) if each.seq in (seq, *matches)}
    _tell(session, lot, what="bid_voided", user_ids=_users_of(session, lot, paddles), reason=reason, now=now)


def void_outcome(session: Session, *, lot: LotRow, reason: str, two: Two, now: datetime) -> None:
    """Take the sale of a locked lot back: its settlement is reversed, the deposit goes back, its case is closed.

    :raises NotSold: there is no sale to void
    """
    outcome = session.get(OutcomeRow, lot.id, with_for_update=True, populate_existing=True)
    ending = voiding.void_outcome(None if outcome is None else outcome.ending)
    assert outcome is not None
    aftersale.bring(session, [lot.id])  # where the clerk has not come to it yet
    data: dict[str, object] = {"reason": reason, **two.as_data()}
    if lot.round.closed_at is not None:
        data["after_close"] = True
    append(session, lot, Kind.VOIDED, at=now, data=data)
    concerned = _users_of(session, lot, {outcome.paddle or 0})
    outcome.ending, outcome.reason, outcome.paddle, outcome.price = ending, reason, None, None
    settlement.reverse(session, lot=lot, now=now)
    case = session.get_one(CaseRow, lot.id, with_for_update=True, populate_existing=True)
    case.closed_at = case.closed_at or now
    concerned += [] if case.manager_id is None else [case.manager_id]
    session.add(_audit(lot, "outcome.voided", two.detail(reason), two, now))
    _tell(session, lot, what="outcome_voided", user_ids=concerned, reason=reason, now=now)


def _audit(lot: LotRow, what: str, detail: str, two: Two, now: datetime) -> AuditRow:
    return AuditRow(at=now, by_id=two.approved_by, what=what, about=f"lot {lot.id}", detail=detail)


def _users_of(session: Session, lot: LotRow, paddles: set[int]) -> list[int]:
    """Return the users of the paddles' bidders and of the lot's institute."""
    bidders = select(PaddleRow.organisation_id).where(PaddleRow.round_id == lot.round_id, PaddleRow.number.in_(paddles))
    concerned = UserRow.organisation_id.in_(bidders) | (UserRow.organisation_id == lot.result.institute_id)
    return users(session, concerned)


def _tell(session: Session, lot: LotRow, *, what: str, user_ids: list[int], reason: str, now: datetime) -> None:
    notify(session, user_ids=user_ids, what=what, facts=of_lot(lot) | {"reason": reason}, now=now)
