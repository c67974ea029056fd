"""Rehearsing the day of a round: a marked copy of it, its periods divided, with simulated bidders."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core import rehearsal
from techauction.core import round as rounds
from techauction.core.custody import new_salt, sealed_as
from techauction.core.lot import Stage
from techauction.core.record import commitment
from techauction.core.refusal import NoSuch
from techauction.core.round import Phase
from techauction.services.copying import GOING, copied, sold_by
from techauction.services.simulating import simulate_bidders
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow, ReserveRow, RoundRow

_PHASES = frozenset({Phase.DRAFT, Phase.PUBLISHED})
BIDDERS = 8
_LOT = ("result_id", "market_key", "format", "number", "start", "increment", "ladder", "reserve_announced", "submitted_at")
_RESERVES_OVER_START = 4


def rehearse(
    session: Session, *, round_id: int, market_key: str, speed: int, by_id: int, read_clock: Callable[[], datetime]
) -> RoundRow:
    """Make a copy of a round that has not opened, so many times faster; it opens in a moment.

    :raises NoSuch: the round is none of the market's
    :raises NotRehearsable, SpeedWrong, RehearsalGoing, RehearsalWhileOpen: as they say
    :raises RoundNotReady: it could not be published either, but for its dates
    """
    row = session.get(RoundRow, round_id, with_for_update={"of": RoundRow}, populate_existing=True)
    if row is None or market_key not in {each.market_key for each in row.markets}:
        raise NoSuch
    now = read_clock()
    rehearsal.must_be_rehearsable(row.phase, is_copy=row.copy_of_id is not None, opens_at=row.opens_at, now=now, phases=_PHASES)
    calendar, rules = row.calendar(), row.rules()
    periods = rehearsal.rehearsed(calendar, rules.extension, gap_s=row.gap_s, speed=speed, now=now)
    _must_be_alone(session, row, closes_at=periods.closes_at)
    lots = session.scalars(
        select(LotRow).where(LotRow.round_id == round_id, LotRow.stage == Stage.LISTED).order_by(LotRow.number)
    ).all()

    titles = ("【演练】", "Rehearsal: ")
    copy = copied(session, row, periods, name="rehearsal", titles=titles, now=now, speed=speed)
    made = [LotRow(round_id=copy.id, stage=Stage.LISTED, **_of(lot)) for lot in lots]
    rounds.publish(Phase.DRAFT, copy.plan(lot.listed() for lot in made), now)  # as it could be published itself
    session.add_all(made)
    session.flush()
    session.add_all(_reserve(lot, place, now) for place, lot in enumerate(made) if lot.reserve_announced)
    simulate_bidders(session, copy, made, count=max(BIDDERS, copy.min_admitted, copy.min_bidding), now=now)
    detail = f"{copy.slug}, {len(made)} lots, x{speed}"
    session.add(AuditRow(at=now, by_id=by_id, what="rehearsal.begun", about=f"round {row.slug}", detail=detail))
    return copy


def _must_be_alone(session: Session, row: RoundRow, *, closes_at: datetime) -> None:
    """Refuse beside a sale, beside one that begins before the rehearsal ends, and beside another rehearsal of the round."""
    if (other := sold_by(session, closes_at)) is not None:
        raise rehearsal.RehearsalWhileOpen(other.title_zh, other.title_en)
    own = (RoundRow.copy_of_id == row.id) & RoundRow.practice_for_id.is_(None) & RoundRow.phase.in_(GOING)
    if session.scalars(select(RoundRow.id).where(own)).first() is not None:
        raise rehearsal.RehearsalGoing


def _of(lot: LotRow) -> dict[str, Any]:
    return {name: getattr(lot, name) for name in _LOT}


def _reserve(lot: LotRow, place: int, now: datetime) -> ReserveRow:
    """Return an invented reserve: the real one is nobody's to copy."""
    assert lot.start is not None
    assert lot.increment is not None
    amount, salt = lot.start + lot.increment.times(place % _RESERVES_OVER_START), new_salt()
    return ReserveRow(
        lot_id=lot.id, amount=amount, salt=salt, commitment=commitment(sealed_as(lot.id), amount, salt), sealed_at=now
    )
