"""Telling bidders that they were outbid: in the page first, by mail only if they have not seen it there.

Off the hot path: a tick looks at lots whose record grew. A bidder has at most one such notice waiting for a lot.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from techauction.core.lot import Stage
from techauction.core.record import BIDS, Kind
from techauction.core.voiding import voided_by
from techauction.services.notices import OUTBID, notify, see
from techauction.store.auction import PaddleRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.notices import NoticeRow
from techauction.store.people import UserRow
from techauction.store.record import RecordRow

PATIENCE = timedelta(seconds=60)
"""How long a bidder has to look at a page before it is told by mail."""


@dataclass(frozen=True, slots=True)
class Outbid:
    """Users to be told that they no longer lead a lot, and notices that are no longer true: their bidder leads again."""

    user_ids: list[int]
    moot: list[int]


def selling(session: Session) -> dict[int, int]:
    """Return the length of the record of every lot of a round, not of a copy, that is being sold and was bid for."""
    lots = (
        select(LotRow.id, LotRow.seq)
        .join(LotRow.round)
        .where(LotRow.stage == Stage.OPEN, LotRow.standing_paddle.is_not(None), RoundRow.copy_of_id.is_(None))
    )
    return dict(session.execute(lots).all())


def look(session: Session, lot_id: int) -> Outbid:
    """Return who is to be told about a lot as it stands now."""
    lot = session.get(LotRow, lot_id)
    if lot is None or lot.stage is not Stage.OPEN or lot.standing_paddle is None:
        return Outbid([], [])
    voids = session.scalars(select(RecordRow.data).where(RecordRow.lot_id == lot_id, RecordRow.kind == Kind.VOIDED))
    voided = [seq for each in voids for seq in voided_by(each)]
    rows = session.execute(
        select(RecordRow.paddle, func.max(RecordRow.at))
        .where(
            RecordRow.lot_id == lot_id,
            RecordRow.kind.in_(BIDS),
            RecordRow.paddle.is_not(None),
            RecordRow.seq.not_in(voided),
        )
        .group_by(RecordRow.paddle)
    )
    last_bids = {paddle: at for paddle, at in rows if paddle is not None}
    users = _users(session, lot.round_id, last_bids)
    told = _told(session, lot, [user_id for of in users.values() for user_id in of], since=lot.opens_at or lot.submitted_at)
    outbid: list[int] = []
    moot: list[int] = []
    for paddle, user_ids in users.items():
        for user_id in user_ids:
            waiting = [row.id for row in told.get(user_id, ()) if row.seen_at is None and row.sent_at is None]
            since_bid = any(row.created_at >= last_bids[paddle] for row in told.get(user_id, ()))
            if paddle == lot.standing_paddle:
                moot += waiting
            elif not waiting and not since_bid:
                outbid.append(user_id)
    return Outbid(outbid, moot)


def tell(session: Session, lot_id: int, found: Outbid, *, now: datetime) -> None:
    """Put the notices in the outbox, held for a minute."""
    lot = session.get_one(LotRow, lot_id, options=[joinedload(LotRow.round), joinedload(LotRow.result)])
    facts: dict[str, int | str | None] = {
        "slug": lot.round.slug,
        "number": lot.number,
        "lot_id": lot.id,
        "title_zh": lot.result.title_zh,
        "title_en": lot.result.title_en,
        "price_fen": None if lot.standing_amount is None else lot.standing_amount.minor,
        "closes_at": None if lot.closes_at is None else lot.closes_at.isoformat(),
    }
    see(session, notice_ids=found.moot, now=now)
    notify(session, user_ids=found.user_ids, what="outbid", facts=facts, now=now, hold_until=now + PATIENCE)


def _users(session: Session, round_id: int, paddles: Collection[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    rows = session.execute(
        select(PaddleRow.number, UserRow.id)
        .join(UserRow, UserRow.organisation_id == PaddleRow.organisation_id)
        .where(PaddleRow.round_id == round_id, PaddleRow.number.in_(paddles), UserRow.disabled_at.is_(None))
        .order_by(UserRow.id)
    )
    for number, user_id in rows:
        found.setdefault(number or 0, []).append(user_id)
    return found


def _told(session: Session, lot: LotRow, user_ids: Sequence[int], *, since: datetime) -> dict[int, list[NoticeRow]]:
    """Return the users' notices of having been outbid on the lot."""
    found: dict[int, list[NoticeRow]] = {}
    rows = select(NoticeRow).where(NoticeRow.user_id.in_(user_ids), NoticeRow.what == OUTBID, NoticeRow.created_at >= since)
    for row in session.scalars(rows):
        if row.facts.get("lot_id") == lot.id:
            found.setdefault(row.user_id, []).append(row)
    return found
