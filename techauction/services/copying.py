"""Copies of a round, with other periods: what a rehearsal and a practice are made of."""

import secrets
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from techauction.core.rehearsal import Periods
from techauction.core.round import Phase
from techauction.store.consigning import RoundMarketRow, RoundRow

GOING = (Phase.PUBLISHED, Phase.OPEN)
"""Where a copy stands that is not over."""
_LONGEST_SLUG, _LONGEST_TITLE = 64, 200
_ITS_OWN = frozenset({"id", "digest", "opened_at", "closed_at", "call_off_reason", "custodian_id", "practice_for_id"})
"""What a copy does not have from its round. A rule that is added to rounds is copied with the others."""


def copied(
    session: Session,
    row: RoundRow,
    periods: Periods,
    *,
    name: str,
    titles: tuple[str, str],
    now: datetime,
    **more: Any,
) -> RoundRow:
    """Keep a published copy of the round under its periods, flushed; `more` is what else differs."""
    values: dict[str, Any] = {
        column.key: getattr(row, column.key) for column in RoundRow.__table__.columns if column.key not in _ITS_OWN
    }
    values |= asdict(periods)
    values |= {
        "slug": _free(session, name, row.slug),
        "title_zh": f"{titles[0]}{row.title_zh}"[:_LONGEST_TITLE],
        "title_en": f"{titles[1]}{row.title_en}"[:_LONGEST_TITLE],
        "phase": Phase.PUBLISHED,
        "rehearsal": True,
        "synthetic": True,
        "registration_closes_at": periods.opens_at,
        "reserve_deadline_at": periods.opens_at,
        "created_at": now,
        "published_at": now,
        "copy_of_id": row.id,
    }
    copy = RoundRow(**values | more)
    copy.markets = _markets(row.markets)
    session.add(copy)
    session.flush()
    return copy


def sold_by(session: Session, until: datetime) -> RoundRow | None:
    """Return a round, not a copy, that is being sold or opens until then; copies are not to stand in its way."""
    due = (RoundRow.phase == Phase.PUBLISHED) & (RoundRow.opens_at <= until)
    real = select(RoundRow).where(RoundRow.copy_of_id.is_(None), or_(RoundRow.phase == Phase.OPEN, due))
    return session.scalars(real.order_by(RoundRow.opens_at).limit(1)).first()


def _markets(rows: Iterable[RoundMarketRow]) -> list[RoundMarketRow]:
    return [RoundMarketRow(market_key=each.market_key) for each in rows]


def _free(session: Session, name: str, slug: str) -> str:
    """Return an address that no round has."""
    while session.scalar(select(RoundRow.id).where(RoundRow.slug == (found := _address(name, slug)))) is not None:
        pass
    return found


def _address(name: str, slug: str) -> str:
    return f"{name}-{secrets.token_hex(3)}-{slug}"[:_LONGEST_SLUG].rstrip("-")
