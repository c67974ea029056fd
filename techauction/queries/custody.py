"""What the custodian of a round under the Auction Law sees: which reserves are sealed. No sum has a place here."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from techauction.core.lot import Stage
from techauction.core.names import Name
from techauction.core.round import Regime
from techauction.store.consigning import LotRow, ReserveRow, RoundRow


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedLot:
    """A lot whose reserve is sealed."""

    lot_id: int
    number: int | None
    title: Name
    stage: Stage
    sealed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyPage:
    """A round's sealed reserves."""

    slug: str
    round_title: Name
    lots: tuple[SealedLot, ...]


def custody_page(session: Session, slug: str, *, user_id: int) -> CustodyPage | None:
    """Return the sealed reserves of a round to its custodian; nothing to anybody else."""
    row = session.scalars(
        select(RoundRow).where(RoundRow.slug == slug, RoundRow.regime == Regime.AUCTION, RoundRow.custodian_id == user_id)
    ).one_or_none()
    if row is None:
        return None
    found = session.execute(
        select(LotRow, ReserveRow.sealed_at)
        .join(ReserveRow, ReserveRow.lot_id == LotRow.id)
        .join(LotRow.result)
        .where(LotRow.round_id == row.id)
        .order_by(LotRow.number, LotRow.id)
        .options(contains_eager(LotRow.result))
    )
    return CustodyPage(
        slug=row.slug,
        round_title=row.title,
        lots=tuple(
            SealedLot(
                lot_id=lot.id,
                number=lot.number,
                title=lot.result.title,
                stage=lot.stage,
                sealed_at=sealed_at,
            )
            for lot, sealed_at in found
        ),
    )
