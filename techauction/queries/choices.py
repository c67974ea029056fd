"""The markets and fields that a form offers."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.names import Name
from techauction.store.people import FieldRow, MarketRow


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that may be chosen in a form."""

    key: str
    name: Name


def markets(session: Session) -> tuple[Choice, ...]:
    """Return all markets in their order; they are few."""
    rows = session.scalars(select(MarketRow).order_by(MarketRow.position, MarketRow.key))
    return tuple(Choice(row.key, row.name) for row in rows)


def fields(session: Session) -> tuple[Choice, ...]:
    """Return all fields in their order; they are few."""
    rows = session.scalars(select(FieldRow).order_by(FieldRow.position, FieldRow.key))
    return tuple(Choice(row.key, row.name) for row in rows)
