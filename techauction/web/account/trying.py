"""Looking at a password: counted before, and noted where it was wrong."""

from flask import request

from techauction.db import transaction
from techauction.identity import passwords
from techauction.queries.accounts import PasswordOf
from techauction.services import tries
from techauction.services.tries import Attempt
from techauction.web.context import house, now


def tried(password: str, *, sign_in_name: str, of: PasswordOf | None, session_id: int | None = None) -> Attempt | None:
    """Return the attempt if it is the password of that user, who may not exist; `session_id`: where somebody is signed in.

    The password is looked at outside of any transaction, and by many at once; so it is counted first.

    :raises TooManyTries: it is not looked at
    """
    settings = house().settings
    attempt = Attempt(
        sign_in_name=sign_in_name,
        address=request.remote_addr or "",
        secret=settings.secret_key,
        session_id=session_id,
    )
    with transaction() as session:
        counted = tries.begin(session, attempt, enforced=settings.rate_limits, now=now())
    if passwords(settings).match(None if of is None else of.password_hash, password):
        return attempt
    with transaction() as session:
        tries.wrong(session, attempt, counted, user_id=None if of is None else of.user_id, now=now())
    return None


def was_right(attempt: Attempt) -> None:
    """Take back what was counted."""
    with transaction() as session:
        tries.right(session, attempt)
