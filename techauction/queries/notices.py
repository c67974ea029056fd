"""One's own notices."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.queries.paging import Paging, cut
from techauction.store.notices import NoticeRow

NOTICES_A_PAGE = 20


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice, before it is put into words."""

    what: str
    facts: Mapping[str, int | str | None]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NoticesPage:
    """A page of a user's notices."""

    notices: tuple[Notice, ...]
    paging: Paging


def notices_of(session: Session, *, user_id: int, page: int) -> NoticesPage:
    """Return the user's notices, the latest first."""
    statement = select(NoticeRow).where(NoticeRow.user_id == user_id).order_by(NoticeRow.id.desc())
    statement, paging = cut(session, statement, number=page, size=NOTICES_A_PAGE)
    return NoticesPage(tuple(Notice(row.what, row.facts, row.created_at) for row in session.scalars(statement)), paging)
