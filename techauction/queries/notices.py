"""One's own notices."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from techauction.queries.paging import Paging, cut
from techauction.store.notices import NoticeRow

NOTICES_A_PAGE = 20
UNSENT_A_PAGE = 50


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """A notice that was given up: it reached its user by no mail."""

    to: str
    email: str
    what: str
    created_at: datetime
    given_up_at: datetime
    failure: str


@dataclass(frozen=True, slots=True)
class UnsentPage:
    """A page of the notices that were given up."""

    notices: tuple[Unsent, ...]
    paging: Paging


def unsent(session: Session, *, page: int) -> UnsentPage:
    """Return the notices that were given up, the latest first."""
    statement = (
        select(NoticeRow)
        .where(NoticeRow.given_up_at.is_not(None))
        .order_by(NoticeRow.given_up_at.desc(), NoticeRow.id.desc())
        .options(joinedload(NoticeRow.user))
    )
    statement, paging = cut(session, statement, number=page, size=UNSENT_A_PAGE)
    return UnsentPage(tuple(_unsent(row) for row in session.scalars(statement)), paging)


def _unsent(row: NoticeRow) -> Unsent:
    assert row.given_up_at is not None
    return Unsent(
        to=row.user.name,
        email=row.user.email,
        what=row.what,
        created_at=row.created_at,
        given_up_at=row.given_up_at,
        failure=row.failure,
    )
