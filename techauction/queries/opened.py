"""Sealed offers that stand open: everybody's to see after a sale, without one their institute's and the auditors'."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.lot import Format
from techauction.core.money import Money
from techauction.core.opened import Behind, Unsealed, offers_of
from techauction.core.record import Kind
from techauction.queries.sale import Sale, keeps_offers
from techauction.store.record import RecordRow


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedOffer:
    """A sealed offer, opened: the how manieth it was, and why it comes after the best, unless it is that one."""

    place: int
    seq: int
    at: datetime
    paddle: int
    amount: Money
    priority: bool
    behind: Behind | None

    @property
    def equal(self) -> bool:
        """Return whether the offer is as high as the best, and comes after it."""
        return self.behind not in (None, Behind.LOWER)


def public_offers(session: Session, sale: Sale) -> tuple[OpenedOffer, ...]:
    """Return the opened offers of a sealed lot, the best first; none where they are not public."""
    if sale.format is not Format.SEALED or keeps_offers(sale.format, sale.ending):
        return ()
    return all_offers(session, sale.lot_id)


def all_offers(session: Session, lot_id: int) -> tuple[OpenedOffer, ...]:
    """Return the opened offers of a lot, the best first, for its institute and for auditors: whether public or not."""
    kinds = (Kind.SEALED, Kind.UNSEALED)
    rows = session.scalars(
        select(RecordRow).where(RecordRow.lot_id == lot_id, RecordRow.kind.in_(kinds)).order_by(RecordRow.seq)
    ).all()
    made = {row.seq: row.at for row in rows if row.kind is Kind.SEALED}
    opened = [each for row in rows if row.kind is Kind.UNSEALED for each in offers_of(row.data) if each.seq in made]
    opened.sort(key=Unsealed.precedence, reverse=True)
    places = {seq: place for place, seq in enumerate(made, 1)}
    return tuple(
        OpenedOffer(
            place=places[each.seq],
            seq=each.seq,
            at=made[each.seq],
            paddle=each.paddle,
            amount=each.amount,
            priority=each.rank is not None,
            behind=each.behind(opened[0]),
        )
        for each in opened
    )
