"""What was refused at a lot, as auditors see it: the chain of refused offers, in its order."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from techauction.core.money import Money
from techauction.core.refusal import Refusal
from techauction.core.refused import Chain, key_digest
from techauction.queries.auditor import EVENTS_A_PAGE, AuditedLot, audited_lot
from techauction.queries.paging import Paging, cut
from techauction.queries.rounds import RoundHead, head_of
from techauction.store.auction import OfferRow, PaddleRow
from techauction.store.consigning import LotRow


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedShown:
    """A refused offer. Who had no paddle is told by none; a sealed offer has no amount."""

    place: int
    refusal: Refusal
    paddle: int | None
    amount: Money | None
    stamp: datetime
    decided_at: datetime
    lot_seq: int
    key_digest: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPage:
    """A page of a lot's chain of refused offers, and where that stands now."""

    head: RoundHead
    lot: AuditedLot
    chain: Chain
    offers: tuple[RefusedShown, ...]
    paging: Paging


def refused(session: Session, slug: str, number: int, *, page: int) -> RefusedPage | None:
    """Return a page of what was refused at a lot, or nothing."""
    found = audited_lot(session, slug, number)
    if found is None:
        return None
    row, lot = found
    offers = (
        select(OfferRow, PaddleRow.number)
        .join(LotRow, LotRow.id == OfferRow.lot_id)
        .outerjoin(
            PaddleRow, and_(PaddleRow.round_id == LotRow.round_id, PaddleRow.organisation_id == OfferRow.organisation_id)
        )
        .where(OfferRow.lot_id == row.id, OfferRow.place.is_not(None))
        .order_by(OfferRow.place)
    )
    statement, paging = cut(session, offers, number=page, size=EVENTS_A_PAGE)
    return RefusedPage(
        head=head_of(row.round),
        lot=lot,
        chain=row.refusals(),
        offers=tuple(_shown(*each) for each in session.execute(statement)),
        paging=paging,
    )


def _shown(row: OfferRow, paddle: int | None) -> RefusedShown:
    offer = row.as_refused()
    return RefusedShown(
        place=offer.place,
        refusal=Refusal.restore(offer.code, row.facts or {}),
        paddle=paddle,
        amount=offer.amount,
        stamp=offer.stamp,
        decided_at=offer.decided_at,
        lot_seq=offer.lot_seq,
        key_digest=key_digest(offer.bidder, offer.key),
        hash=row.hash or "",
    )
