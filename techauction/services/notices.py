"""Notices: rows written in the use case's own transaction, and sent later by a tick."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from techauction.store.notices import NoticeRow


def notify(session: Session, *, user_ids: Iterable[int], what: str, facts: dict[str, int | str | None], now: datetime) -> None:
    """Put a notice to each of the users in the outbox; `letters` says in words what the facts mean."""
    rows = [{"user_id": each, "what": what, "facts": facts, "created_at": now} for each in sorted(set(user_ids))]
    if rows:
        session.execute(insert(NoticeRow), rows)
