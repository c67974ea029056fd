"""One's own account."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from techauction.core.tokens import TokenScope
from techauction.store.people import ApiTokenRow, UserRow, UserSessionRow


@dataclass(frozen=True, slots=True)
class PasswordOf:
    """What a password is checked against."""

    user_id: int
    password_hash: str


def password_of(session: Session, *, sign_in_name: str) -> PasswordOf | None:
    """Return the hash that belongs to a sign-in name, of a user who is not disabled."""
    row = session.execute(
        select(UserRow.id, UserRow.password_hash).where(UserRow.sign_in_name == sign_in_name, UserRow.disabled_at.is_(None))
    ).one_or_none()
    return None if row is None else PasswordOf(*row)


@dataclass(frozen=True, slots=True)
class SignIn:
    """One of a user's own sign-ins."""

    id: int
    created_at: datetime
    expires_at: datetime
    address: str
    agent: str
    current: bool


def sessions_of(session: Session, *, user_id: int, current_id: int, now: datetime) -> list[SignIn]:
    """Return a user's sign-ins that have not ended, the present one first."""
    rows = session.scalars(
        select(UserSessionRow)
        .where(UserSessionRow.user_id == user_id, UserSessionRow.revoked_at.is_(None), UserSessionRow.expires_at > now)
        .order_by(UserSessionRow.created_at.desc(), UserSessionRow.id.desc())
    )
    found = [
        SignIn(row.id, row.created_at, row.expires_at, row.address, row.agent, current=row.id == current_id) for row in rows
    ]
    return sorted(found, key=lambda each: not each.current)


@dataclass(frozen=True, slots=True)
class Token:
    """One of a user's own API tokens; the token itself is kept nowhere."""

    id: int
    name: str
    scopes: tuple[TokenScope, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


def tokens_of(session: Session, *, user_id: int, now: datetime) -> list[Token]:
    """Return a user's tokens that hold, the latest first. There are few: a user may have only so many."""
    rows = session.scalars(
        select(ApiTokenRow)
        .where(
            ApiTokenRow.user_id == user_id,
            ApiTokenRow.revoked_at.is_(None),
            or_(ApiTokenRow.expires_at.is_(None), ApiTokenRow.expires_at > now),
        )
        .order_by(ApiTokenRow.id.desc())
    )
    return [
        Token(
            id=row.id,
            name=row.name,
            scopes=tuple(scope for scope in TokenScope if scope in row.scopes),
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
        )
        for row in rows
    ]
