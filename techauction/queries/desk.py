"""A round's desk: all its lots while they are sold."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from techauction.core import hammer
from techauction.core.lot import Stage
from techauction.core.outcome import WithheldFor
from techauction.core.record import Kind
from techauction.queries.catalogue import LotTile, tile_of, tiles_of_round
from techauction.queries.organizer import may_open, own
from techauction.queries.rounds import RoundHead, Totals, head_of, totals_of
from techauction.queries.viewing import LISTED, rounds_of
from techauction.store import admitting
from techauction.store.auction import AdmissionRow
from techauction.store.consigning import LotRow, ReserveRow, RoundRow
from techauction.store.processes import ProcessRow
from techauction.store.record import RecordRow

NEAR = timedelta(seconds=5)
"""Lots that closed so near to a process's last mark may have missed an offer."""
_DIED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskLot:
    """A lot on the desk. `admitted`: paddles that could bid on it. `withheld_for`: why it will be withheld as things stand."""

    lot_id: int
    tile: LotTile
    admitted: int
    withheld_for: WithheldFor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPage:
    """All lots of a round while it is sold. `hosted`: the organizer's market is its host."""

    id: int
    head: RoundHead
    totals: Totals
    hosted: bool
    may_open: bool
    min_admitted: int
    lots: tuple[DeskLot, ...]

    @property
    def to_withhold(self) -> tuple[DeskLot, ...]:
        """Return the lots that would be withheld if the round opened now."""
        return tuple(each for each in self.lots if each.withheld_for is not None)

    def count(self, *stages: str) -> int:
        """Return how many lots stand at one of the stages."""
        return sum(each.tile.sale.stage.value in stages for each in self.lots)


@dataclass(frozen=True, slots=True)
class Beats:
    """When the house last proved that it can take bids, if any lot is on sale, and how late the round's last hammer fell."""

    proven_at: datetime | None
    late: timedelta | None


@dataclass(frozen=True, slots=True)
class Died:
    """A selling process that died, until when it had decided everything, and the numbers of the lots that closed about then.

    What it had received after that, and not decided, nobody knows.
    """

    process: int
    last_at: datetime
    lots: tuple[int, ...]


def desk(session: Session, slug: str, *, market_key: str, now: datetime) -> DeskPage | None:
    """Return the desk of a round of the market's, or nothing."""
    row = session.scalars(own(market_key).where(RoundRow.slug == slug)).one_or_none()
    if row is None or row.published_at is None:
        return None
    lots = session.execute(tiles_of_round(row.id)).all()
    ids = select(LotRow.id).where(LotRow.round_id == row.id)
    admitted = admitting.admitted(session, AdmissionRow.lot_id.in_(ids))
    sealed = set(session.scalars(select(ReserveRow.lot_id).where(ReserveRow.lot_id.in_(ids))))
    return DeskPage(
        id=row.id,
        head=head_of(row),
        totals=totals_of(session, [row.id])[row.id],
        hosted=row.host_market_key == market_key,
        may_open=may_open(row, now),
        min_admitted=row.min_admitted,
        lots=tuple(
            DeskLot(
                lot_id=lot.id,
                tile=tile_of(lot, outcome, place, now=now),
                admitted=admitted.get(lot.id, 0),
                withheld_for=_withheld_for(lot, row.min_admitted, admitted.get(lot.id, 0), sealed=lot.id in sealed),
            )
            for lot, outcome, place in lots
        ),
    )


def _withheld_for(lot: LotRow, min_admitted: int, admitted: int, *, sealed: bool) -> WithheldFor | None:
    if lot.stage is not Stage.LISTED:
        return None
    return hammer.withhold(
        admitted=admitted, min_admitted=min_admitted, reserve_announced=lot.reserve_announced, reserve_sealed=sealed
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
    # While nothing is on sale nobody asks for a proof.
    selling = exists().where(LotRow.stage == Stage.OPEN, LotRow.key_missing_at.is_(None))
    return Beats(proven_at=session.scalar(select(func.max(ProcessRow.proven_at)).where(selling)), late=late)


def died(session: Session, round_id: int) -> tuple[Died, ...]:
    """Return the processes that died while the round was open, the last first."""
    row = session.get_one(RoundRow, round_id)
    if row.opened_at is None:
        return ()
    while_open = [ProcessRow.lost_at.is_not(None), ProcessRow.decided_through >= row.opened_at]
    if row.closed_at is not None:
        while_open.append(ProcessRow.decided_through <= row.closed_at)
    found = session.scalars(select(ProcessRow).where(*while_open).order_by(ProcessRow.id.desc()).limit(_DIED)).all()
    closes = session.execute(
        select(LotRow.id, LotRow.number, RecordRow.closes_at)
        .join(LotRow, RecordRow.lot_id == LotRow.id)
        .where(LotRow.round_id == round_id, RecordRow.kind == Kind.HAMMERED)
        .order_by(LotRow.number)
    ).all()
    return tuple(
        Died(
            process=each.id,
            last_at=each.decided.of_all,
            lots=tuple(
                number
                for lot_id, number, closes_at in closes
                if number is not None and closes_at is not None and abs(closes_at - each.decided.of(lot_id)) <= NEAR
            ),
        )
        for each in found
    )
