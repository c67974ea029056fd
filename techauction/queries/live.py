"""What everybody may see of a lot while it is sold: its public state, and its public events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from techauction.core.money import Money
from techauction.core.record import Kind
from techauction.queries.sale import PLACE, Sale, sale_of
from techauction.queries.viewing import ANNOUNCED, LISTED, Viewer, visible_to
from techauction.queries.voids import Void, voids
from techauction.store.auction import OutcomeRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.record import RecordRow

_MOST_EVENTS = 500
_REASONED = frozenset({Kind.PAUSED, Kind.RESUMED, Kind.VOIDED, Kind.WITHDRAWN, Kind.PROLONGED})


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEvent:
    """One event of a lot's record, as everybody may see it.

    `void` says which bids the event took back. `without_bids`: those of their paddles that have no other bid here now.
    """

    seq: int
    kind: Kind
    at: datetime
    paddle: int | None
    amount: Money | None
    closes_at: datetime | None
    reason: str
    void: Void | None
    without_bids: tuple[int, ...]


def public_reason(kind: Kind, data: Mapping[str, object]) -> str:
    """Return the reason that was given for an act, as everybody reads it."""
    return str(data.get("reason") or "") if kind in _REASONED else ""


def live_lots(session: Session, lot_ids: Iterable[int]) -> list[Sale]:
    """Return the public state of those of the lots that are announced, if only as copies (`visible_copies`)."""
    rows = session.execute(
        select(LotRow, OutcomeRow, PLACE)
        .join(LotRow.round)
        .outerjoin(OutcomeRow, OutcomeRow.lot_id == LotRow.id)
        .where(
            LotRow.id.in_(set(lot_ids)),
            LISTED,
            ANNOUNCED,
        )
        .order_by(LotRow.id)
        .options(contains_eager(LotRow.round))
        .execution_options(populate_existing=True)
    )
    return [sale_of(row, outcome, place) for row, outcome, place in rows]


def visible_copies(session: Session, lot_ids: Iterable[int], viewer: Viewer) -> frozenset[int]:
    """Return those of the lots that are a copy's and that the viewer may see."""
    found = select(LotRow.id).join(LotRow.round).where(LotRow.id.in_(set(lot_ids)), RoundRow.copy_of_id.is_not(None), LISTED)
    return frozenset(session.scalars(found.where(visible_to(viewer))))


def events_after(session: Session, *, lot_id: int, seq: int) -> list[LiveEvent]:
    """Return a lot's events after `seq`, in order, and not more than a page would show."""
    rows = session.scalars(
        select(RecordRow).where(RecordRow.lot_id == lot_id, RecordRow.seq > seq).order_by(RecordRow.seq).limit(_MOST_EVENTS)
    ).all()
    found: dict[int, Void] = {}
    bidders: list[int] = []
    if any(row.kind is Kind.VOIDED for row in rows):
        found = {void.seq: void for void in voids(session, lot_id)}
        bidders = session.scalars(select(LotRow.bidders).where(LotRow.id == lot_id)).one()
    return [_live_event(row, found.get(row.seq), bidders) for row in rows]


def _live_event(row: RecordRow, void: Void | None, bidders: list[int]) -> LiveEvent:
    paddles = {bid.paddle for bid in void.bids if bid.paddle is not None} if void else set()
    return LiveEvent(
        seq=row.seq,
        kind=row.kind,
        at=row.at,
        paddle=row.paddle,
        amount=row.amount,
        closes_at=row.closes_at,
        reason=public_reason(row.kind, row.data),
        void=void,
        without_bids=tuple(sorted(paddles.difference(bidders))),
    )
