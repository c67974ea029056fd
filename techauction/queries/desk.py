"""A round's desk: all its lots while they are sold."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.lot import Stage
from techauction.core.record import Kind
from techauction.queries.catalogue import LotTile, tile_of, tiles_of_round
from techauction.queries.organizer import may_open, own
from techauction.queries.rounds import RoundHead, Totals, head_of, totals_of
from techauction.queries.viewing import LISTED, rounds_of
from techauction.store.auction import PulseRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.record import RecordRow


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskLot:
    """A lot on the desk."""

    lot_id: int
    tile: LotTile


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPage:
    """All lots of a round while it is sold. `hosted`: the organizer's market is its host."""

    id: int
    head: RoundHead
    totals: Totals
    hosted: bool
    may_open: bool
    lots: tuple[DeskLot, ...]

    def count(self, *stages: str) -> int:
        """Return how many lots stand at one of the stages."""
        return sum(each.tile.sale.stage.value in stages for each in self.lots)


@dataclass(frozen=True, slots=True)
class Beats:
    """When the auctioneer last said that it lives, and how late the round's last hammer fell."""

    pulse_at: datetime | None
    late: timedelta | None


def desk(session: Session, slug: str, *, market_key: str, now: datetime) -> DeskPage | None:
    """Return the desk of a round of the market's, or nothing."""
    row = session.scalars(own(market_key).where(RoundRow.slug == slug)).one_or_none()
    if row is None or row.published_at is None:
        return None
    lots = session.execute(tiles_of_round(row.id))
    return DeskPage(
        id=row.id,
        head=head_of(row),
        totals=totals_of(session, [row.id])[row.id],
        hosted=row.host_market_key == market_key,
        may_open=may_open(row, now),
        lots=tuple(DeskLot(lot_id=found[0].id, tile=tile_of(*found, now=now)) for found in lots),
    )


def round_at_desk(session: Session, slug: str, *, market_key: str) -> tuple[int, dict[int, Stage]] | None:
    """Return the id of a round of the market's and the stages of its lots by id, or nothing."""
    round_id = session.scalar(select(RoundRow.id).where(RoundRow.id.in_(rounds_of(market_key)), RoundRow.slug == slug))
    if round_id is None:
        return None
    lots = session.execute(select(LotRow.id, LotRow.stage).where(LotRow.round_id == round_id, LISTED).order_by(LotRow.number))
    return round_id, dict(lots.all())


def beats(session: Session, round_id: int) -> Beats:
    """Return how the sale keeps time."""
    last = session.execute(
        select(RecordRow.at, RecordRow.closes_at)
        .join(LotRow, RecordRow.lot_id == LotRow.id)
        .where(LotRow.round_id == round_id, RecordRow.kind == Kind.HAMMERED)
        .order_by(RecordRow.at.desc(), RecordRow.id.desc())
        .limit(1)
    ).first()
    late = None if last is None or last.closes_at is None else last.at - last.closes_at
    return Beats(pulse_at=session.scalar(select(PulseRow.at)), late=late)
