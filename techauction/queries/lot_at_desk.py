"""One lot as its organizers see it: what happened, and which of its bids still hold."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.lot import Format
from techauction.core.money import Money
from techauction.core.offer import Source
from techauction.core.outcome import Ending
from techauction.core.record import BIDS, Kind
from techauction.core.voiding import voided_by
from techauction.queries.catalogue import LotTile, tile_of, tiles_of_round
from techauction.queries.opened import OpenedOffer, public_offers
from techauction.queries.organizer import own
from techauction.queries.rounds import RoundHead, head_of
from techauction.queries.voids import Void, by_bid, voids
from techauction.store.auction import OutcomeRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import UserRow
from techauction.store.record import RecordRow


@dataclass(frozen=True, slots=True, kw_only=True)
class BidMade:
    """A bid. `clerk` entered it in the hall; `voided_for` says why it does not hold any more."""

    seq: int
    at: datetime
    paddle: int
    amount: Money
    matched: bool
    source: Source
    clerk: str
    voided_for: str | None
    void: Void | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LotAtDesk:
    """A lot and its bids, the last first. `own`: the reader's market has listed it.

    `offers`: those of a sealed lot, where they are public.
    """

    head: RoundHead
    lot_id: int
    round_id: int
    tile: LotTile
    format: Format
    own: bool
    sold: bool
    bids: tuple[BidMade, ...]
    offers: tuple[OpenedOffer, ...]


def lot_at_desk(
    session: Session, slug: str, number: int, *, market_key: str, now: datetime, most: int | None = None
) -> LotAtDesk | None:
    """Return a lot of a round of the market's, with at most so many of its bids, or nothing."""
    row = session.scalars(own(market_key).where(RoundRow.slug == slug)).one_or_none()
    if row is None or row.published_at is None:
        return None
    found = session.execute(tiles_of_round(row.id).where(LotRow.number == number)).one_or_none()
    if found is None:
        return None
    lot, place = found[0], found[2]
    outcome: OutcomeRow | None = found[1]
    tile = tile_of(lot, outcome, place, now=now)
    return LotAtDesk(
        head=head_of(row),
        lot_id=lot.id,
        round_id=row.id,
        tile=tile,
        format=lot.format,
        own=lot.market_key == market_key,
        sold=outcome is not None and outcome.ending is Ending.SOLD,
        bids=_bids(session, lot.id, most),
        offers=public_offers(session, tile.sale),
    )


def _bids(session: Session, lot_id: int, most: int | None) -> tuple[BidMade, ...]:
    of_lot = select(RecordRow).where(RecordRow.lot_id == lot_id).order_by(RecordRow.seq.desc())
    events = session.scalars(of_lot.where(RecordRow.kind == Kind.VOIDED))
    voided = {seq: str(row.data["reason"]) for row in events for seq in voided_by(row.data)}
    by = by_bid(voids(session, lot_id))
    rows = session.scalars(of_lot.where(RecordRow.kind.in_(BIDS)).limit(most)).all()
    ids = {row.data.get("clerk") for row in rows} - {None}
    clerks = dict(session.execute(select(UserRow.id, UserRow.name).where(UserRow.id.in_(ids))).all()) if ids else {}
    return tuple(_bid(row, clerks, voided.get(row.seq), by.get(row.seq)) for row in rows)


def _bid(row: RecordRow, clerks: dict[int, str], voided_for: str | None, void: Void | None) -> BidMade:
    assert row.paddle is not None
    assert row.amount is not None
    clerk = row.data.get("clerk")
    return BidMade(
        seq=row.seq,
        at=row.at,
        paddle=row.paddle,
        amount=row.amount,
        matched=row.kind is Kind.MATCHED,
        source=Source.FLOOR if row.data.get("source") == Source.FLOOR.value else Source.ONLINE,
        clerk=clerks.get(clerk, "") if isinstance(clerk, int) else "",
        voided_for=voided_for,
        void=void,
    )
