"""Beginning and ending a browser's sign-in."""

from flask import Flask, request, session
from flask_login import LoginManager, login_user, logout_user

from techauction.db import db, transaction
from techauction.identity import SignedIn, signed_in_by
from techauction.services import accounts, tries
from techauction.services.tries import Attempt
from techauction.web.context import house, now


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
        return signed_in_by(db.session(), token, now())
