"""Notices: rows written in the use case's own transaction, and sent later by a tick."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Select, insert, select, update
from sqlalchemy.orm import Session

from techauction.store.consigning import LotRow, RoundRow
from techauction.store.notices import NoticeRow
from techauction.store.people import Role, UserRow

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

    Of what happens in a copy of a round, which the facts name by its `slug`, nobody is told.
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


def users(session: Session, which: ColumnElement[bool]) -> list[int]:
    """Return the users of whom this holds, and who were not disabled."""
    return list(session.scalars(select(UserRow.id).where(which, UserRow.disabled_at.is_(None))))


def organizers(market_keys: Select[str] | Collection[str]) -> ColumnElement[bool]:
    """Return what holds of the organizers of markets."""
    return (UserRow.role == Role.ORGANIZER) & UserRow.market_key.in_(market_keys)


def of_round(row: RoundRow) -> Facts:
    """Return the facts that name a round."""
    return {"slug": row.slug, "title_zh": row.title_zh, "title_en": row.title_en, "rehearsal": row.rehearsal}


def of_lot(row: LotRow) -> Facts:
    """Return the facts that name a lot; the title is its result's."""
    return {
        "slug": row.round.slug,
        "number": row.number,
        "lot_id": row.id,
        "title_zh": row.result.title_zh,
        "title_en": row.result.title_en,
        "rehearsal": row.round.rehearsal,
    }


def _of_copy(session: Session, facts: Facts) -> bool:
    slug = facts.get("slug")
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
