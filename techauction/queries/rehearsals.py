"""The rehearsals of a round, as the organizers of its markets see them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from techauction.core.lot import Stage
from techauction.core.names import Name
from techauction.core.rehearsal import LEAST_SPEED, MOST_SPEED
from techauction.core.round import Phase
from techauction.queries.organizer import own
from techauction.queries.rounds import RoundHead, Totals, head_of, totals_of
from techauction.store.consigning import LotRow, RoundRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A copy in which the round's day is rehearsed."""

    id: int
    slug: str
    title: Name
    speed: int
    phase: Phase
    opens_at: datetime
    closes_at: datetime
    closed_at: datetime | None
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalsPage:
    """A round's rehearsals, the latest first, and what one would be made of."""

    round_id: int
    head: RoundHead
    lots: int
    lasts: timedelta
    extension: timedelta
    may_begin: bool
    rehearsals: tuple[Rehearsal, ...]

    def speeds(self) -> tuple[tuple[int, timedelta, timedelta], ...]:
        """Return some speeds, with how long a rehearsal and its extension would then be."""
        some = (LEAST_SPEED, 10, 60, MOST_SPEED)
        return tuple((speed, self.lasts / speed, max(self.extension / speed, timedelta(seconds=1))) for speed in some)


def rehearsals(session: Session, slug: str, *, market_key: str, now: datetime) -> RehearsalsPage | None:
    """Return the rehearsals of a round of the market's, or nothing."""
    row = session.scalars(own(market_key).where(RoundRow.slug == slug, RoundRow.copy_of_id.is_(None))).one_or_none()
    if row is None:
        return None
    copies = session.scalars(
        select(RoundRow)
        .where(RoundRow.copy_of_id == row.id, RoundRow.practice_for_id.is_(None), RoundRow.phase != Phase.CALLED_OFF)
        .order_by(RoundRow.id.desc())
    ).all()
    totals = totals_of(session, [each.id for each in copies])
    listed = select(func.count()).where(LotRow.round_id == row.id, LotRow.stage == Stage.LISTED)
    lots = session.scalar(listed) or 0
    calendar = row.calendar()
    return RehearsalsPage(
        round_id=row.id,
        head=head_of(row),
        lots=lots,
        lasts=calendar.closes(max(lots - 1, 0)) - calendar.opens_at,
        extension=row.rules().extension.length,
        may_begin=row.phase is Phase.DRAFT or (row.phase is Phase.PUBLISHED and now < row.opens_at),
        rehearsals=tuple(_rehearsal(each, totals[each.id]) for each in copies),
    )


def _rehearsal(row: RoundRow, totals: Totals) -> Rehearsal:
    return Rehearsal(
        id=row.id,
        slug=row.slug,
        title=row.title,
        speed=row.speed,
        phase=row.phase,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        closed_at=row.closed_at,
        totals=totals,
    )
