"""Letting the hammer fall."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, assert_never

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core import hammer
from techauction.core.custody import WITHOUT_KEYS, CannotOpen, Custody
from techauction.core.lot import Stage
from techauction.core.outcome import Ending, PassedIn, Sold
from techauction.core.record import Kind
from techauction.core.replayed import Sealed
from techauction.services import heads, holding, reserves, sealing, settlement, telling
from techauction.services.heads import Head
from techauction.services.processes import ALONE, Heard
from techauction.store.auction import OutcomeRow
from techauction.store.consigning import LotRow, ReserveRow
from techauction.store.statements import Writing

log = structlog.get_logger()


def due(session: Session, *, now: datetime) -> list[int]:
    """Return the lots whose close has come, but for those that wait for a key."""
    return list(
        session.scalars(
            select(LotRow.id)
            .where(LotRow.stage == Stage.OPEN, LotRow.closes_at <= now, LotRow.key_missing_at.is_(None))
            .order_by(LotRow.id)
        )
    )


def claim(
    session: Session,
    *,
    now: datetime,
    most: int,
    among: Collection[int] | None = None,
    awaits: Callable[[int, datetime], bool] = lambda _lot_id, _closes_at: False,
) -> list[int]:
    """Lock at most `most` lots that close at `now` or before, the earliest first, and return them.

    What another process holds it is at work on: it lets the hammer fall, or takes a bid that may move the close. Nobody waits
    for it, and what it has changed meanwhile is asked again under the lock. Lots that wait for a key are claimed by name alone.

    `awaits` says of a lot, and its close, whether offers that were here before it are not decided yet: such a lot is left. It
    is asked when the close has come, so it knows of all of them.
    """
    wanted = [LotRow.stage == Stage.OPEN, LotRow.closes_at <= now]
    wanted.append(LotRow.key_missing_at.is_(None) if among is None else LotRow.id.in_(among))
    found = session.execute(
        select(LotRow.id, LotRow.closes_at, LotRow.key_missing_at)
        .where(*wanted)
        .order_by(LotRow.closes_at, LotRow.id)
        .limit(most)
        .with_for_update(of=LotRow, key_share=True, skip_locked=True)
    )
    return [
        lot_id
        for lot_id, closes_at, key_missing_at in found
        if key_missing_at is not None or (closes_at is not None and not awaits(lot_id, closes_at))
    ]


def fall(
    session: Session,
    lot_ids: Collection[int],
    *,
    now: datetime,
    custody: Custody = WITHOUT_KEYS,
    heard: Heard = ALONE,
) -> set[int]:
    """Let the hammer fall on lots whose close has come: record and outcome of all of them at once. Return their rounds' ids.

    The record says how many processes were not `heard` before it fell.

    A lot whose reserve or sealed offers cannot be opened now waits for the key. Money and cases take longer, and come after
    (`aftersale`): no lot waits for what the one before it brings with it.

    :raises HammerTooEarly: as it says
    """
    if not lot_ids:
        return set()
    session.flush()
    connection = session.connection()
    locked = heads.lock(connection, lot_ids)
    kept = {
        row.lot_id: row
        for row in session.scalars(
            select(ReserveRow)
            .join(LotRow, LotRow.id == ReserveRow.lot_id)
            .where(LotRow.id.in_(locked), LotRow.reserve_announced)
        )
    }
    events: list[dict[str, Any]] = []
    outcomes: list[dict[str, Any]] = []
    waiting: list[int] = []
    held = {lot_id for lot_id, head in locked.items() if head.lot.held}
    for lot_id, head in locked.items():
        hammer.must_be_due(head.lot, now)
        try:
            reserve = reserves.opened(kept[lot_id], custody) if lot_id in kept else None
            events += sealing.unseal(session, head, custody=custody, now=now)
        except CannotOpen as error:
            log.warning("cannot_open", lot=lot_id, why=str(error))
            waiting.append(lot_id)
            continue
        if reserve is not None:
            _keep_open(kept[lot_id], reserve, now=now)
        event, outcome = _fall(head, reserve, now, unheard=heard.silent(lot_id, head.lot.closes_at))
        events.append(event)
        outcomes.append(outcome)
    heads.keep(session, locked.values(), events)
    _OUTCOMES.rows(connection, outcomes)
    holding.let_go(session, [each["lot_id"] for each in outcomes if each["lot_id"] in held])
    holding.hold(session, waiting, now=now)
    passed_in = [each["lot_id"] for each in outcomes if each["ending"] is Ending.PASSED_IN]
    settlement.release(session, lot_ids=passed_in, now=now)
    # Nothing comes after the hammer of a lot without a bid: who must know is told now.
    telling.ended(session, [each for each in passed_in if locked[each].lot.standing is None])
    return set(session.scalars(select(LotRow.round_id).where(LotRow.id.in_(locked)).distinct()))


def _keep_open(row: ReserveRow, reserve: Sealed, *, now: datetime) -> None:
    """Let a reserve stand open: from the hammer on its institute reads it."""
    row.amount, row.salt, row.opened_at = reserve.reserve, reserve.salt, row.opened_at or now


def _fall(head: Head, reserve: Sealed | None, now: datetime, *, unheard: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the event and the outcome of one lot's hammer."""
    silent: dict[str, object] = {"unheard": unheard} if unheard else {}
    lot = head.lot
    amount = None if reserve is None else reserve.reserve
    ending = hammer.fall(lot, amount, now)

    head.lot = lot.ended()
    outcome: dict[str, Any] = {"lot_id": head.lot_id, "reason": "", "paddle": None, "price": None, "ended_at": now}
    match ending:
        case Sold(paddle=paddle, hammer_price=price):
            data = {"ending": Ending.SOLD.value, "reason": None, **silent}
            if reserve is not None:
                data |= {"reserve_fen": reserve.reserve.minor, "salt": reserve.salt}
            event = head.append(Kind.HAMMERED, at=now, closes_at=lot.closes_at, data=data, paddle=paddle, amount=price)
            outcome |= {
                "ending": Ending.SOLD,
                "paddle": paddle,
                "price": price,
                "reserve_met": None if amount is None else True,
            }
        case PassedIn(reason=reason):
            data = {"ending": Ending.PASSED_IN.value, "reason": reason.value, **silent}
            event = head.append(Kind.HAMMERED, at=now, closes_at=lot.closes_at, data=data)
            met = None if amount is None or lot.standing is None else lot.standing.amount >= amount
            outcome |= {"ending": Ending.PASSED_IN, "reason": reason.value, "reserve_met": met}
        case other:
            assert_never(other)
    return event, outcome


_OUTCOMES = Writing(OutcomeRow)
