"""Who calls the API, for what, and how often."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Flask, current_app, g, request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from techauction import identity
from techauction.api import problems
from techauction.children import Children
from techauction.clock import Clock
from techauction.core.custody import Custody
from techauction.core.refusal import Refusal
from techauction.core.tokens import ScopeMissing, TokenEnded, TokenScope
from techauction.db import db
from techauction.identity import Caller, NotSignedIn
from techauction.settings import Settings

PREFIX = "/api/v1"
_EXTENSION = "techauction.api"


class TooManyCalls(Refusal):
    """One token makes more calls a minute than the installation allows."""

    code = "too_many_calls"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """What the API needs of the process around it."""

    clock: Clock
    custody: Custody
    children: Children
    limiter: FixedWindowRateLimiter
    limit: RateLimitItemPerMinute | None


def register(app: Flask, settings: Settings, clock: Clock, custody: Custody, children: Children) -> None:
    """Give the API its clock, its custody and its limits."""
    limit = RateLimitItemPerMinute(settings.api_calls_per_minute) if settings.rate_limits else None
    app.extensions[_EXTENSION] = _Desk(
        clock=clock, custody=custody, children=children, limiter=FixedWindowRateLimiter(MemoryStorage()), limit=limit
    )


def blueprint(name: str, scope: TokenScope | None) -> Blueprint:
    """Return a blueprint of the API that lets in who may do `scope`; everybody where there is none."""
    bp = Blueprint(name, __name__, url_prefix=PREFIX)
    bp.register_error_handler(Refusal, problems.refused)
    if scope is not None:
        bp.before_request(_gate(scope))
    return bp


def custody() -> Custody:
    """Return what reserves are sealed in."""
    return _desk().custody


def children() -> Children:
    """Return what does long jobs for the process."""
    return _desk().children


def now() -> datetime:
    """Return the present instant."""
    return _desk().clock()


def caller() -> Caller:
    """Return who calls; the blueprint's gate has seen to that there is one."""
    found: Caller = g.caller
    return found


def _gate(scope: TokenScope) -> Callable[[], None]:
    def gate() -> None:
        g.private = True
        g.caller = found = _identified()
        desk = _desk()
        by = f"token {found.token_id}" if found.session_id is None else f"session {found.session_id}"
        if desk.limit is not None and not desk.limiter.hit(desk.limit, by):
            raise TooManyCalls
        if not found.may(scope):
            raise ScopeMissing(scope)

    return gate


def _identified() -> Caller:
    """Return who calls: by token, or by cookie and, to change anything, with the CSRF token that is the cookie's own.

    :raises TokenEnded, NotSignedIn: as they say
    """
    session = db.session()
    token = identity.bearer_token(request.headers.get("Authorization", ""))
    if token is not None:
        found = identity.caller_of_bearer(token, session, now())
        if found is None:
            raise TokenEnded
        return found
    app, cookie = current_app._get_current_object(), request.headers.get("Cookie", "")  # type: ignore[attr-defined]  # noqa: SLF001
    if request.method not in ("GET", "HEAD") and not identity.csrf_is_good(
        app, cookie, request.headers.get("X-CSRF-Token", "")
    ):
        raise NotSignedIn
    found = identity.caller_of_cookie(app, cookie, session, now())
    if found is None:
        raise NotSignedIn
    return found


def _desk() -> _Desk:
    found: _Desk = current_app.extensions[_EXTENSION]
    return found
