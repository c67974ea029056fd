"""Which rounds a market may have reports of."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.queries.rounds import RoundHead, Totals, head_of, totals_of
from techauction.queries.viewing import PUBLIC
from techauction.store.consigning import RoundMarketRow, RoundRow


def reported_round(session: Session, slug: str, *, market_key: str) -> RoundHead | None:
    """Return the head of a published round that the market holds or takes part in, or nothing."""
    row = session.scalars(
        select(RoundRow).join(RoundRow.markets).where(RoundRow.slug == slug, PUBLIC, RoundMarketRow.market_key == market_key)
    ).one_or_none()
    return None if row is None else head_of(row)


def announced(session: Session, slug: str) -> Totals:
    """Return what a round's lots add up to, those too that were not offered."""
    round_id = session.scalars(select(RoundRow.id).where(RoundRow.slug == slug)).one()
    return totals_of(session, [round_id])[round_id]
