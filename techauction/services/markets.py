"""What a market says of itself."""

from datetime import datetime

from sqlalchemy.orm import Session

from techauction.core.refusal import NoSuch
from techauction.store.audit import AuditRow
from techauction.store.people import MarketRow


def set_telephone(session: Session, *, market_key: str, telephone: str, by_id: int | None, now: datetime) -> None:
    """Have the market's telephone on the pages of its lots; an empty one takes it off.

    :raises NoSuch: there is no such market
    """
    row = session.get(MarketRow, market_key)
    if row is None:
        raise NoSuch
    row.telephone = telephone
    session.add(AuditRow(at=now, by_id=by_id, what="market.telephone", about=f"market {market_key}", detail=telephone))
