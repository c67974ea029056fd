"""Notices: rows written in the use case's own transaction, and sent later by a tick."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from techauction.store.consigning import RoundRow
from techauction.store.notices import NoticeRow

OUTBID = "outbid"

Facts = dict[str, int | str | None]


def notify(
    session: Session,
    *,
    user_ids: Iterable[int],
    what: str,
    facts: Facts,
    now: datetime,
) -> None:
    """Put a notice to each of the users in the outbox; `letters` says in words what the facts mean.

    Of what happens in a copy of a round, which the facts name by its `slug` or as `round`, nobody is told.
    """
    if not _of_copy(session, facts):
        put(session, [(each, facts) for each in sorted(set(user_ids))], what=what, now=now)


def put(
    session: Session, told: Iterable[tuple[int, Facts]], *, what: str, now: datetime, hold_until: datetime | None = None
) -> None:
    """Put notices in the outbox, each to a user and with its facts.

    One that is held is mailed only if its user has not seen it on a page by then.
    """
    rows = [
        {"user_id": user_id, "what": what, "facts": facts, "created_at": now, "hold_until": hold_until}
        for user_id, facts in told
    ]
    if rows:
        session.execute(insert(NoticeRow), rows)


def _of_copy(session: Session, facts: Facts) -> bool:
    slug = facts.get("slug", facts.get("round"))
    copy = select(RoundRow.id).where(RoundRow.slug == slug, RoundRow.copy_of_id.is_not(None))
    return slug is not None and session.scalar(copy) is not None


def unseen(session: Session, *, user_id: int, lot_id: int | None = None) -> list[int]:
    """Return the notices that the user has not seen yet; of one lot only those of having been outbid on it."""
    wanted = select(NoticeRow).where(NoticeRow.user_id == user_id, NoticeRow.seen_at.is_(None))
    if lot_id is not None:
        wanted = wanted.where(NoticeRow.what == OUTBID)
    return [row.id for row in session.scalars(wanted) if lot_id in (None, row.facts.get("lot_id"))]


def see(session: Session, *, notice_ids: Iterable[int], now: datetime) -> None:
    """Note that notices were seen; a second time changes nothing."""
    session.execute(
        update(NoticeRow)
        .where(NoticeRow.id.in_(list(notice_ids)), NoticeRow.seen_at.is_(None))
        .values(seen_at=now)
        .execution_options(synchronize_session=False)
    )
