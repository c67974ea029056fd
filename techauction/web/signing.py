"""Beginning, keeping up and ending a browser's sign-in."""

from datetime import datetime, timedelta

import structlog
from flask import Flask, Response, g, request, session
from flask_login import LoginManager, current_user, login_user, logout_user
from sqlalchemy.exc import SQLAlchemyError

from techauction.core.accounts import LEAST_PASSWORD, lasts_until
from techauction.db import ONLY_SHOWN, db, transaction
from techauction.identity import SignedIn, signed_in_by
from techauction.services import accounts, tries
from techauction.services.tries import Attempt
from techauction.web.context import house, now

WARNED_BEFORE = timedelta(minutes=15)
"""So long before a sign-in ends its pages say so."""
_A_PART = 12
"""A sign-in in use is written to last longer when this part of its hours has passed, not at every page."""
_APART = frozenset({"static", "account.state"})
log = structlog.get_logger()


def begin(user_id: int, attempt: Attempt | None = None) -> None:
    """Sign the browser in as a user whose right to it was shown, perhaps by an attempt; nothing of its former session stays.

    :raises SignInRefused: the user is disabled
    """
    with transaction() as writing:
        if attempt is not None:
            tries.right(writing, attempt)
        token = accounts.sign_in(
            writing,
            user_id=user_id,
            address=request.remote_addr or "",
            agent=request.user_agent.string,
            now=now(),
            hours=house().settings.session_hours,
        )
    session.clear()
    login_user(signed_in_by(db.session(), token, now()))


def stay() -> None:
    """Have the present sign-in last on from now, if it may."""
    user, until = current_user, _lasts_until(current_user)
    if until > user.ends_at:
        with transaction() as writing:
            accounts.stay(writing, session_id=user.session_id, until=until, now=now())
        user.ends_at = until


def _lasts_until(user: SignedIn) -> datetime:
    settings = house().settings
    return lasts_until(user.began_at, hours=settings.session_hours, most_hours=settings.session_most_hours, now=now())


def _is_due(user: SignedIn) -> bool:
    part = timedelta(hours=house().settings.session_hours) / _A_PART
    gained = _lasts_until(user) - user.ends_at
    return gained >= part or (gained > timedelta(0) and user.ends_at - now() < WARNED_BEFORE)


def ends_soon() -> bool:
    """Return whether the page is to say that the sign-in ends: its next use will not make it last."""
    return lasts_s() < WARNED_BEFORE.total_seconds()


def lasts_s() -> int:
    """Return for how many seconds the present sign-in lasts, once this page has made it last longer if it may."""
    until = max(current_user.ends_at, _lasts_until(current_user) if _is_due(current_user) else current_user.ends_at)
    return max(0, int((until - now()).total_seconds()))


def end() -> None:
    """Forget the browser's sign-in."""
    logout_user()
    session.clear()


def register(app: Flask) -> None:
    """Have Flask-Login find the user of a token in the database, at every request."""
    manager = LoginManager(app)
    # Sign-ins are rows that can be revoked; a changed address or browser is no reason to end one.
    manager.session_protection = None

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(token: str) -> SignedIn | None:
        found = signed_in_by(db.session(), token, now())
        g.signed_in = found
        return found

    app.jinja_env.globals.update(sign_in_ends_soon=ends_soon, sign_in_lasts_s=lasts_s, least_password=LEAST_PASSWORD)

    @app.after_request
    def use(response: Response) -> Response:
        """Keep a sign-in up by its use. It is no reason to fail a page, so where it cannot be written it waits."""
        user: SignedIn | None = g.get("signed_in")
        if user is None or request.endpoint in _APART or g.get(ONLY_SHOWN) or response.is_streamed or not _is_due(user):
            return response
        try:
            if current_user.is_authenticated and current_user.session_id == user.session_id:
                stay()
        except SQLAlchemyError as error:
            log.warning("sign_in_not_kept_up", error=str(error)[:200])
        return response
