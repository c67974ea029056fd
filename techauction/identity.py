"""Who is calling: by cookie or by token, for pages, the API and live paths alike."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask_login import UserMixin
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import or_, select
from sqlalchemy.orm import Session, contains_eager
from werkzeug.sansio.http import parse_cookie

from techauction.core.accounts import token_hash
from techauction.core.refusal import Refusal
from techauction.core.tokens import TokenScope
from techauction.db import writing
from techauction.services import tokens
from techauction.settings import Settings
from techauction.store.people import ApiTokenRow, Role, UserRow, UserSessionRow

TOKEN_KEY = "_user_id"  # noqa: S105 (the name under which Flask-Login keeps its id)
_CSRF_KEY, _CSRF_SALT = "csrf_token", "wtf-csrf-token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who stands behind a call: by a sign-in, or by a token and then within its scopes."""

    user_id: int
    organisation_id: int | None
    market_key: str | None
    session_id: int | None
    token_id: int | None = None
    scopes: frozenset[TokenScope] | None = None
    role: Role
    locale: str | None

    def may(self, scope: TokenScope) -> bool:
        """Return whether this is within the role, and within the token."""
        return scope in tokens.SCOPES[self.role] and (self.scopes is None or scope in self.scopes)


class NotSignedIn(Refusal):
    """Nobody is signed in, or the CSRF token is not the sign-in's."""

    code = "not_signed_in"


class SignedIn(UserMixin):  # type: ignore[misc]
    """What Flask-Login calls the current user. Its id is the sign-in's token."""

    def __init__(self, token: str, sign_in: UserSessionRow) -> None:
        self.token = token
        self.session_id = sign_in.id
        self.row = sign_in.user
        self.began_at = sign_in.created_at
        self.ends_at = sign_in.expires_at

    def get_id(self) -> str:
        """Return what the signed cookie carries."""
        return self.token

    @property
    def role(self) -> Role:
        """Return what the user may do here."""
        return self.row.role

    @property
    def locale(self) -> str | None:
        """Return the language that the user chose."""
        return self.row.locale


class Passwords:
    """Hashes passwords with argon2id, and verifies them outside any transaction: it is slow by intention."""

    def __init__(self, *, memory_kib: int, time: int) -> None:
        self._hasher = PasswordHasher(memory_cost=memory_kib, time_cost=time, parallelism=1)
        self._nobody = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """Return the hash to keep."""
        return self._hasher.hash(password)

    def match(self, password_hash: str | None, password: str) -> bool:
        """Return whether the password is the one hashed; without a hash it takes as long, and is not."""
        try:
            self._hasher.verify(password_hash or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None


@lru_cache(maxsize=8)
def _passwords(memory_kib: int, time: int) -> Passwords:
    return Passwords(memory_kib=memory_kib, time=time)


def passwords(settings: Settings) -> Passwords:
    """Return the installation's way with passwords."""
    return _passwords(settings.argon2_memory_kib, settings.argon2_time)


def live_session(session: Session, token: str, now: datetime) -> UserSessionRow | None:
    """Return the sign-in of a token with its user, unless it expired, was revoked, or the user was disabled."""
    return session.scalars(
        select(UserSessionRow)
        .join(UserSessionRow.user)
        .options(contains_eager(UserSessionRow.user))
        .where(
            UserSessionRow.token_hash == token_hash(token),
            UserSessionRow.revoked_at.is_(None),
            UserSessionRow.expires_at > now,
            UserRow.disabled_at.is_(None),
        )
    ).one_or_none()


def signed_in_by(session: Session, token: str, now: datetime) -> SignedIn | None:
    """Return the user of a token, for Flask-Login."""
    row = live_session(session, token, now)
    return None if row is None else SignedIn(token, row)


def caller_of_cookie(app: Flask, cookie_header: str, session: Session, now: datetime) -> Caller | None:
    """Return who calls with this `Cookie` header; no request or app context is needed."""
    token = _signed_cookie(app, cookie_header).get(TOKEN_KEY)
    row = live_session(session, token, now) if isinstance(token, str) else None
    if row is None:
        return None
    return Caller(
        user_id=row.user_id,
        organisation_id=row.user.organisation_id,
        market_key=row.user.market_key,
        session_id=row.id,
        role=row.user.role,
        locale=row.user.locale,
    )


def bearer_token(header: str) -> str | None:
    """Return the token of an `Authorization` header; a proxy's own sign-in (`Basic …`) is none, and leaves it to the cookie."""
    scheme, _, token = header.strip().partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def caller_of_bearer(token: str, session: Session, now: datetime) -> Caller | None:
    """Return who calls with this token, unless it expired, was revoked, or its user was disabled; its use is noted."""
    row = session.scalars(
        select(ApiTokenRow)
        .join(ApiTokenRow.user)
        .options(contains_eager(ApiTokenRow.user))
        .where(
            ApiTokenRow.token_hash == token_hash(token),
            ApiTokenRow.revoked_at.is_(None),
            or_(ApiTokenRow.expires_at.is_(None), ApiTokenRow.expires_at > now),
            UserRow.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    caller = Caller(
        user_id=row.user_id,
        organisation_id=row.user.organisation_id,
        market_key=row.user.market_key,
        session_id=None,
        token_id=row.id,
        scopes=row.scopes,
        role=row.user.role,
        locale=row.user.locale,
    )
    if row.last_used_at is None or now - row.last_used_at >= tokens.USE_NOTED_EVERY:
        with writing(session):
            tokens.note_use(session, token_id=row.id, now=now)
    return caller


def csrf_is_good(app: Flask, cookie_header: str, token: str) -> bool:
    """Return whether the CSRF token belongs to the cookie's session, as Flask-WTF would decide."""
    kept = _signed_cookie(app, cookie_header).get(_CSRF_KEY)
    if not isinstance(kept, str) or not token:
        return False
    try:
        given = URLSafeTimedSerializer(_secret(app), salt=_CSRF_SALT).loads(token)
    except BadData:
        return False
    return isinstance(given, str) and hmac.compare_digest(kept, given)


def cookies(header: str) -> Mapping[str, str]:
    """Return the cookies of a header whose bytes were read as Latin-1; bytes that are no UTF-8 make no cookie that is ours."""
    return parse_cookie(header.encode("latin-1", "replace").decode("utf-8", "replace"))


def _signed_cookie(app: Flask, cookie_header: str) -> dict[str, Any]:
    interface = app.session_interface
    assert isinstance(interface, SecureCookieSessionInterface)
    serializer = interface.get_signing_serializer(app)
    value = cookies(cookie_header).get(interface.get_cookie_name(app))
    if serializer is None or not value:
        return {}
    try:
        kept = serializer.loads(value, max_age=int(app.permanent_session_lifetime.total_seconds()))
    except BadData:
        return {}
    return dict(kept)


def _secret(app: Flask) -> str:
    secret = app.secret_key
    assert isinstance(secret, str)
    return secret
