"""Who calls on a live path, remembered for a few seconds."""

import time
from collections.abc import Callable

from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from techauction import identity
from techauction.clock import Clock
from techauction.core.tokens import ScopeMissing, TokenEnded, TokenScope
from techauction.identity import Caller, NotSignedIn
from techauction.saleroom.wire import in_time

REMEMBERED_S = 5.0
"""How long a cookie or token is remembered. The auctioneer asks again, in its own transaction, whether it holds."""
_REMEMBERED = 20_000


class Callers:
    """Looks callers up by cookie and CSRF token, or by bearer token."""

    def __init__(self, app: Flask, clock: Clock, sessions: sessionmaker[Session]) -> None:
        self._app = app
        self._clock = clock
        self._sessions = sessions
        self._callers: dict[tuple[str, ...], tuple[float, Caller]] = {}

    async def bidder(self, headers: dict[bytes, bytes]) -> Caller:
        """Return who calls, if it is one who may bid: by token, or by cookie and the CSRF token that is the cookie's own.

        :raises NotSignedIn, TokenEnded, ScopeMissing: as they say
        """
        token = identity.bearer_token(headers.get(b"authorization", b"").decode("latin-1"))
        if token is None:
            names = headers.get(b"cookie", b"").decode("latin-1"), headers.get(b"x-csrf-token", b"").decode("latin-1")
            caller = await self._remembered(names, self._look_up)
        else:
            caller = await self._remembered((token,), self._look_up_token)
        if caller.scopes is None and caller.organisation_id is None:
            raise NotSignedIn
        if not caller.may(TokenScope.BID):
            raise ScopeMissing(TokenScope.BID)
        return caller

    async def reader(self, headers: dict[bytes, bytes], *scopes: TokenScope) -> Caller:
        """Return who calls, if it is one who may do one of these: a cookie needs no CSRF token to look.

        :raises NotSignedIn, TokenEnded, ScopeMissing: as they say
        """
        token = identity.bearer_token(headers.get(b"authorization", b"").decode("latin-1"))
        if token is None:
            cookie = headers.get(b"cookie", b"").decode("latin-1")
            caller = await in_time(self._look_up_cookie, cookie)
        else:
            caller = await self._remembered((token,), self._look_up_token)
        if not any(caller.may(scope) for scope in scopes):
            raise ScopeMissing(scopes[0])
        return caller

    async def _remembered(self, names: tuple[str, ...], look_up: Callable[..., Caller]) -> Caller:
        """Return the caller of these headers, looked up anew every few seconds."""
        moment = time.monotonic()
        known = self._callers.get(names)
        if known is not None and known[0] > moment:
            return known[1]
        caller = await in_time(look_up, *names)
        if len(self._callers) >= _REMEMBERED:
            self._callers.clear()
        self._callers[names] = (moment + REMEMBERED_S, caller)
        return caller

    def _look_up(self, cookie: str, token: str) -> Caller:
        if not identity.csrf_is_good(self._app, cookie, token):
            raise NotSignedIn
        return self._look_up_cookie(cookie)

    def _look_up_cookie(self, cookie: str) -> Caller:
        with self._sessions() as session:
            caller = identity.caller_of_cookie(self._app, cookie, session, self._clock())
        if caller is None:
            raise NotSignedIn
        return caller

    def _look_up_token(self, token: str) -> Caller:
        with self._sessions() as session:
            caller = identity.caller_of_bearer(token, session, self._clock())
        if caller is None:
            raise TokenEnded
        return caller
