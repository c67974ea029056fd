"""Offers that were here in time and met a fallen hammer: they had no part in the sale, and are shown to whom they concern."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from techauction.core.bidding import ReceivedInTime
from techauction.core.money import Money
from techauction.core.refusal import Refusal
from techauction.store.auction import OfferRow, PaddleRow
from techauction.store.consigning import LotRow

MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """One such offer. A sealed one has no amount."""

    number: int
    paddle: int | None
    amount: Money | None
    received_at: datetime
    decided_at: datetime


def of_round(session: Session, round_id: int) -> tuple[Unheard, ...]:
    """Return those at a round's lots, the earliest first."""
    offers = (
        select(LotRow.number, PaddleRow.number, OfferRow.amount, OfferRow.received_at, OfferRow.decided_at)
        .join(LotRow, LotRow.id == OfferRow.lot_id)
        .outerjoin(
            PaddleRow, and_(PaddleRow.round_id == LotRow.round_id, PaddleRow.organisation_id == OfferRow.organisation_id)
        )
        .where(LotRow.round_id == round_id, OfferRow.code == ReceivedInTime.code)
        .order_by(OfferRow.received_at, OfferRow.id)
        .limit(MOST)
    )
    return tuple(
        Unheard(number=number or 0, paddle=paddle, amount=amount, received_at=received_at, decided_at=decided_at)
        for number, paddle, amount, received_at, decided_at in session.execute(offers)
    )


def of_bidder(session: Session, *, lot_id: int, organisation_id: int) -> tuple[Refusal, ...]:
    """Return what a bidder was told of its own at a lot."""
    return tuple(Refusal.restore(ReceivedInTime.code, facts or {}) for facts in session.scalars(_own(lot_id, organisation_id)))


def _own(lot_id: int, organisation_id: int) -> Select[dict[str, int | str | None] | None]:
    return (
        select(OfferRow.facts)
        .where(OfferRow.lot_id == lot_id, OfferRow.organisation_id == organisation_id, OfferRow.code == ReceivedInTime.code)
        .order_by(OfferRow.received_at, OfferRow.id)
        .limit(MOST)
    )
