"""Telling bidders that they were outbid: in the page first, by mail only if they have not seen it there.

So are those whose standing instruction is spent: nothing lawful can be bid for it any more. They are told like others who were
outbid, without the ceiling, and also where nothing was ever bid for them.

Off the hot path: a tick looks at what lots' records have grown by, at all of them at once. A bidder has at most one such notice
waiting for a lot.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from techauction.core.lot import Stage
from techauction.core.money import Money
from techauction.core.record import BIDS, Kind
from techauction.core.voiding import voided_by
from techauction.services.notices import OUTBID, Facts, of_lot, put, see
from techauction.store.auction import InstructionRow, PaddleRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.notices import NoticeRow
from techauction.store.people import UserRow
from techauction.store.record import RecordRow

PATIENCE = timedelta(seconds=60)
"""How long a bidder has to look at a page before it is told by mail."""


@dataclass(frozen=True, slots=True)
class Selling:
    """A lot while it is sold: the length of its record, who leads since when, the least bid, and what a notice says of it."""

    round_id: int
    seq: int
    paddle: int
    since: datetime
    least: Money
    facts: Facts


class _Notice(NamedTuple):
    id: int
    created_at: datetime
    waits: bool


@dataclass(frozen=True, slots=True)
class Outbid:
    """Who is to be told that it no longer leads a lot: users with the facts; and notices no longer true: their bidder leads."""

    told: list[tuple[int, Facts]]
    moot: list[int]


def selling(session: Session) -> dict[int, Selling]:
    """Return the lots of rounds, not of copies, that are being sold and were bid for."""
    rows = session.scalars(
        select(LotRow)
        .join(LotRow.round)
        .where(LotRow.stage == Stage.OPEN, LotRow.standing_paddle.is_not(None), RoundRow.copy_of_id.is_(None))
        .options(contains_eager(LotRow.round), joinedload(LotRow.result))
    )
    return {row.id: _selling(row) for row in rows}


def _selling(row: LotRow) -> Selling:
    assert row.standing_paddle is not None
    assert row.standing_at is not None
    assert row.standing_amount is not None
    assert row.closes_at is not None
    facts: Facts = {"price_fen": row.standing_amount.minor, "closes_at": row.closes_at.isoformat()}
    least = row.standing_amount + row.increments().at(row.standing_amount)
    return Selling(row.round_id, row.seq, row.standing_paddle, row.standing_at, least, of_lot(row) | facts)


def look(session: Session, lots: Mapping[int, Selling], before: Mapping[int, Selling]) -> Outbid:
    """Return who is to be told about lots as they stand now, where they stood so when it was looked `before`."""
    last_bids, spent = _last_bids(session, lots, before), _spent(session, lots)
    for key, placed_at in spent.items():
        last_bids[key] = max(last_bids.get(key, placed_at), placed_at)
    users = _users(session, {(lots[lot_id].round_id, paddle) for lot_id, paddle in last_bids})
    bidding = [(lot_id, paddle, user_id) for lot_id, paddle in last_bids for user_id in users[lots[lot_id].round_id, paddle]]
    if not bidding:
        return Outbid([], [])
    known = _known(session, lots, {user_id for *_, user_id in bidding}, since=min(last_bids.values()))
    found = Outbid([], [])
    for lot_id, paddle, user_id in bidding:
        notices = known[lot_id, user_id]
        waiting = [each.id for each in notices if each.waits]
        if paddle == lots[lot_id].paddle:
            found.moot.extend(waiting)
        elif not waiting and all(each.created_at < last_bids[lot_id, paddle] for each in notices):
            facts = lots[lot_id].facts
            found.told.append((user_id, facts | {"over_ceiling": True} if (lot_id, paddle) in spent else facts))
    return found


def tell(session: Session, found: Outbid, *, now: datetime) -> None:
    """Put the notices in the outbox, held for a minute."""
    see(session, notice_ids=found.moot, now=now)
    put(session, found.told, what=OUTBID, now=now, hold_until=now + PATIENCE)


def _last_bids(session: Session, lots: Mapping[int, Selling], before: Mapping[int, Selling]) -> dict[tuple[int, int], datetime]:
    """Return the last standing bid of each (lot, paddle) that has bid since, and of who led before."""
    voided: defaultdict[int, list[object]] = defaultdict(list)
    voids = select(RecordRow.lot_id, RecordRow.data).where(RecordRow.lot_id.in_(lots), RecordRow.kind == Kind.VOIDED)
    for lot_id, data in session.execute(voids):
        voided[lot_id] += voided_by(data)
    found: dict[tuple[int, int], datetime] = {}
    for lot_id, lot in lots.items():
        # What was bid since the lots were read is for the next look.
        bids = [RecordRow.lot_id == lot_id, RecordRow.kind.in_(BIDS), RecordRow.paddle.is_not(None), RecordRow.seq <= lot.seq]
        if lot_id in voided:  # who leads now may have bid long ago
            bids.append(RecordRow.seq.not_in(voided[lot_id]))
        elif (seen := before.get(lot_id)) is not None:
            bids.append(RecordRow.seq > seen.seq)
            found[lot_id, seen.paddle] = seen.since
        rows = session.execute(select(RecordRow.paddle, func.max(RecordRow.at)).where(*bids).group_by(RecordRow.paddle))
        found.update({(lot_id, paddle): at for paddle, at in rows if paddle is not None})
    return found


def _spent(session: Session, lots: Mapping[int, Selling]) -> dict[tuple[int, int], datetime]:
    """Return when the instructions were left whose ceiling is under the least bid, by (lot, paddle); who leads needs none."""
    rows = session.execute(
        select(InstructionRow.lot_id, PaddleRow.number, InstructionRow.ceiling, InstructionRow.placed_at)
        .join(PaddleRow, InstructionRow.paddle_id == PaddleRow.id)
        .join(UserRow, InstructionRow.user_id == UserRow.id)
        .where(
            InstructionRow.lot_id.in_(lots),
            InstructionRow.ended_at.is_(None),
            PaddleRow.voided_at.is_(None),
            UserRow.disabled_at.is_(None),
            UserRow.organisation_id == PaddleRow.organisation_id,
        )
    )
    return {
        (lot_id, number): placed_at
        for lot_id, number, ceiling, placed_at in rows
        if number is not None and ceiling < lots[lot_id].least and number != lots[lot_id].paddle
    }


def _users(session: Session, paddles: Collection[tuple[int, int]]) -> dict[tuple[int, int], list[int]]:
    """Return the users of each (round, paddle)."""
    found: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    rows = session.execute(
        select(PaddleRow.round_id, PaddleRow.number, UserRow.id)
        .join(UserRow, UserRow.organisation_id == PaddleRow.organisation_id)
        .where(
            PaddleRow.round_id.in_({round_id for round_id, _ in paddles}),
            PaddleRow.number.in_({number for _, number in paddles}),
            UserRow.disabled_at.is_(None),
        )
        .order_by(UserRow.id)
    )
    for round_id, number, user_id in rows:
        found[round_id, number or 0].append(user_id)
    return found


def _known(
    session: Session, lots: Collection[int], user_ids: Collection[int], *, since: datetime
) -> dict[tuple[int, int], list[_Notice]]:
    """Return what users were told about lots and have not heard yet, or were told since an instant, by (lot, user)."""
    lot_id = NoticeRow.facts["lot_id"].as_integer()
    waits = and_(NoticeRow.seen_at.is_(None), NoticeRow.sent_at.is_(None))
    rows = session.execute(
        select(lot_id, NoticeRow.user_id, NoticeRow.id, NoticeRow.created_at, waits).where(
            NoticeRow.user_id.in_(user_ids),
            NoticeRow.what == OUTBID,
            lot_id.in_(lots),
            or_(waits, NoticeRow.created_at >= since),
        )
    )
    found: defaultdict[tuple[int, int], list[_Notice]] = defaultdict(list)
    for about, user_id, *notice in rows:
        found[about, user_id].append(_Notice(*notice))
    return found
