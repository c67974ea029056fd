"""What everybody may see of a lot while it is sold: its public state, and its public events."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.lot import Format, Lot, Stage
from techauction.core.money import Money
from techauction.core.outcome import Ending
from techauction.core.record import Kind
from techauction.queries.sale import PLACE
from techauction.queries.viewing import ANNOUNCED, LISTED, Viewer, visible_to
from techauction.store.auction import OutcomeRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.record import RecordRow

_MOST_EVENTS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLot:
    """A lot's whole public state at one `seq` of its record. It has no reserve and no bidder but a paddle's number.

    `held`: its close has come, and what is sealed cannot be opened yet. `of_copy`: its round is a copy to rehearse or practise
    in, which not everybody may watch.
    """

    lot: int
    seq: int
    head_hash: str | None
    stage: Stage
    held: bool
    format: Format
    paddle: int | None
    priority: bool
    standing: Money | None
    least: Money | None
    most: Money | None
    increment: Money | None
    bids: int
    opens_at: datetime
    closes_at: datetime
    extended: bool
    reason: str
    ending: Ending | None
    price: Money | None
    of_copy: bool
    last_period: timedelta

    def is_near_its_close(self, now: datetime) -> bool:
        """Return whether the lot is in its last period, or past its close and waiting."""
        return self.stage is Stage.OPEN and self.closes_at - now <= self.last_period


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEvent:
    """One event of a lot's record, as everybody may see it."""

    seq: int
    kind: Kind
    at: datetime
    paddle: int | None
    amount: Money | None
    closes_at: datetime | None


def live_lots(session: Session, lot_ids: Iterable[int]) -> list[LiveLot]:
    """Return the public state of those of the lots that are announced, if only as copies (`visible_copies`)."""
    rows = session.execute(
        select(LotRow, RoundRow, OutcomeRow, PLACE)
        .join(RoundRow, LotRow.round_id == RoundRow.id)
        .outerjoin(OutcomeRow, OutcomeRow.lot_id == LotRow.id)
        .where(
            LotRow.id.in_(set(lot_ids)),
            LISTED,
            ANNOUNCED,
        )
        .order_by(LotRow.id)
        .execution_options(populate_existing=True)
    )
    return [_live(row, round_row, outcome, place) for row, round_row, outcome, place in rows]


def _live(row: LotRow, round_row: RoundRow, outcome: OutcomeRow | None, place: int) -> LiveLot:
    lot: Lot | None = None
    if row.closes_at is not None:
        lot = row.to_core(round_row.rules())
    closes_at = row.closes_at or round_row.calendar().closes(place)
    return LiveLot(
        lot=row.id,
        seq=row.seq,
        head_hash=row.head_hash,
        stage=row.stage,
        held=row.key_missing_at is not None,
        format=row.format,
        paddle=row.standing_paddle,
        priority=row.standing_rank is not None,
        standing=row.standing_amount,
        least=row.start if lot is None else lot.least_bid(),
        most=None if lot is None or lot.format is Format.SEALED else lot.most_bid(),
        increment=row.increment if lot is None else lot.increment(),
        bids=row.bids,
        opens_at=row.opens_at or round_row.opens_at,
        closes_at=closes_at,
        extended=row.scheduled_closes_at is not None and closes_at > row.scheduled_closes_at,
        reason=row.stop_reason,
        ending=None if outcome is None else outcome.ending,
        price=None if outcome is None else outcome.price,
        of_copy=round_row.copy_of_id is not None,
        last_period=round_row.rules().extension.last_period,
    )


def visible_copies(session: Session, lot_ids: Iterable[int], viewer: Viewer) -> frozenset[int]:
    """Return those of the lots that are a copy's and that the viewer may see."""
    found = select(LotRow.id).join(LotRow.round).where(LotRow.id.in_(set(lot_ids)), RoundRow.copy_of_id.is_not(None), LISTED)
    return frozenset(session.scalars(found.where(visible_to(viewer))))


def events_after(session: Session, *, lot_id: int, seq: int) -> list[LiveEvent]:
    """Return a lot's events after `seq`, in order, and not more than a page would show."""
    rows = session.execute(
        select(RecordRow.seq, RecordRow.kind, RecordRow.at, RecordRow.paddle, RecordRow.amount, RecordRow.closes_at)
        .where(RecordRow.lot_id == lot_id, RecordRow.seq > seq)
        .order_by(RecordRow.seq)
        .limit(_MOST_EVENTS)
    )
    return [
        LiveEvent(seq=row.seq, kind=row.kind, at=row.at, paddle=row.paddle, amount=row.amount, closes_at=row.closes_at)
        for row in rows
    ]
