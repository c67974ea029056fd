"""The markets, in their order."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.names import Name
from techauction.store.people import MarketRow


@dataclass(frozen=True, slots=True)
class Market:
    """A market that may be chosen."""

    key: str
    name: Name


def markets(session: Session) -> tuple[Market, ...]:
    """Return all markets; they are few."""
    rows = session.scalars(select(MarketRow).order_by(MarketRow.position, MarketRow.key))
    return tuple(Market(row.key, row.name) for row in rows)
