"""API tokens: made, used and revoked."""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from techauction.core import tokens
from techauction.core.accounts import token_hash
from techauction.core.tokens import TokenScope
from techauction.store.audit import AuditRow
from techauction.store.people import ApiTokenRow, Role, UserRow

PREFIX = "ta_"
"""What every token begins with, so that one found in the wrong place is known for what it is."""
USE_NOTED_EVERY = timedelta(minutes=1)
SCOPES: dict[Role, tuple[TokenScope, ...]] = {
    Role.INSTITUTE: (TokenScope.READ,),
    Role.ENTERPRISE: (TokenScope.READ, TokenScope.BID),
    Role.ORGANIZER: (TokenScope.READ, TokenScope.ORGANIZE),
    Role.MANAGER: (TokenScope.READ,),
    Role.AUDITOR: (TokenScope.READ,),
    Role.ADMINISTRATOR: (TokenScope.READ,),
}
"""What the users of each role may make tokens for."""


def make(session: Session, *, user_id: int, name: str, scopes: Collection[TokenScope], days: int | None, now: datetime) -> str:
    """Make a token of a user's own that holds for so many days, or until it is revoked, and return it; only its hash is kept.

    :raises NoScopeChosen, ScopeNotYours, TooManyTokens: as they say
    """
    # The row is locked, so that two requests at once make no token too many.
    user = session.scalars(select(UserRow).where(UserRow.id == user_id).with_for_update()).one()
    holding = ApiTokenRow.revoked_at.is_(None) & or_(ApiTokenRow.expires_at.is_(None), ApiTokenRow.expires_at > now)
    held = session.scalar(select(func.count(ApiTokenRow.id)).where(ApiTokenRow.user_id == user_id, holding)) or 0
    kept = tokens.chosen(scopes, SCOPES[user.role], held=held)

    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiTokenRow(
        token_hash=token_hash(token),
        user_id=user_id,
        name=name,
        scopes=kept,
        created_at=now,
        expires_at=None if days is None else now + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    detail = " ".join(sorted(kept))
    session.add(AuditRow(at=now, by_id=user_id, what="token.made", about=f"token {row.id}", detail=detail))
    return token


def revoke(session: Session, *, token_id: int, user_id: int, now: datetime) -> bool:
    """End a user's own token, and return whether it is the user's; somebody else's stays as it is."""
    row = session.get(ApiTokenRow, token_id)
    if row is None or row.user_id != user_id:
        return False
    if row.revoked_at is None:
        row.revoked_at = now
        session.add(AuditRow(at=now, by_id=user_id, what="token.revoked", about=f"token {token_id}"))
    return True


def note_use(session: Session, *, token_id: int, now: datetime) -> None:
    """Keep when a token was used last, to the minute. It is no act of anybody's, so nothing goes on record."""
    stale = or_(ApiTokenRow.last_used_at.is_(None), ApiTokenRow.last_used_at <= now - USE_NOTED_EVERY)
    session.execute(update(ApiTokenRow).where(ApiTokenRow.id == token_id, stale).values(last_used_at=now))
