"""The names of an organisation: what it is called, what it was called, and what somebody asks that it be called."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from techauction.core.approval import Decision
from techauction.core.names import Name
from techauction.store.loading import HERE
from techauction.store.people import OrganisationRow
from techauction.store.renames import RenameRow


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameLine:
    """A new name that was asked for. It `waits` until it is decided or expires; `mine`: the reader asked for it."""

    id: int
    old: Name
    new: Name
    reason: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    decision: Decision | None
    decided_by: str
    decided_at: datetime | None
    waits: bool
    mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesPage:
    """An organisation with all that was ever asked about its name, the latest first."""

    id: int
    name: Name
    credit_code: str
    renames: tuple[RenameLine, ...]

    @property
    def waiting(self) -> RenameLine | None:
        """Return the request that waits for another's decision."""
        return next((each for each in self.renames if each.waits), None)


def names(session: Session, *, organisation_id: int, market_key: str | None, reader_id: int, now: datetime) -> NamesPage | None:
    """Return an organisation's names; nothing where it is none of the market's, if one is named."""
    row = session.scalars(
        select(OrganisationRow).where(OrganisationRow.id == organisation_id, HERE).execution_options(populate_existing=True)
    ).one_or_none()
    if row is None or market_key not in (None, row.market_key):
        return None
    renames = session.scalars(
        select(RenameRow)
        .where(RenameRow.organisation_id == organisation_id)
        .options(joinedload(RenameRow.asked_by), joinedload(RenameRow.decided_by))
        .order_by(RenameRow.id.desc())
        .execution_options(populate_existing=True)
    )
    return NamesPage(
        id=row.id,
        name=row.name,
        credit_code=row.credit_code,
        renames=tuple(_line(each, reader_id, now) for each in renames),
    )


def _line(row: RenameRow, reader_id: int, now: datetime) -> RenameLine:
    return RenameLine(
        id=row.id,
        old=row.old,
        new=row.new,
        reason=row.reason,
        asked_by=row.asked_by.name,
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        decision=row.decision,
        decided_by="" if row.decided_by is None else row.decided_by.name,
        decided_at=row.decided_at,
        waits=row.decision is None and now < row.expires_at,
        mine=row.asked_by_id == reader_id,
    )
