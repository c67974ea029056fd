"""The live path of offers: make one, ask what became of it, close its key."""

import asyncio
import re
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

import structlog
from flask import Flask
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.bidding import KeyClosed
from techauction.core.money import LARGEST_FEN, Money
from techauction.core.refusal import Refusal
from techauction.core.tokens import TokenScope
from techauction.identity import Caller
from techauction.postgresql import CommitUnknown, is_replicated
from techauction.saleroom import answers
from techauction.saleroom.auctioneer import Asked, Auctioneer, FateUnknown
from techauction.saleroom.callers import Callers
from techauction.saleroom.signing import Signing
from techauction.saleroom.tickets import TICKET
from techauction.saleroom.wire import (
    PATIENCE_S,
    OfferUnreadable,
    Receive,
    Scope,
    Send,
    answer,
    in_time,
    not_allowed,
    read_json,
    refuse,
    sentence,
    without_database,
)
from techauction.services import keys
from techauction.services.bidding import Answer, Taken
from techauction.settings import Settings

T = TypeVar("T")
log = structlog.get_logger()
_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
_BIDS = re.compile(r"/(?:saleroom|api/v1)/lots/([0-9]{1,9})/bids")
_BY_KEY = re.compile(r"/(?:saleroom|api/v1)/lots/([0-9]{1,9})/bids/by-key/([A-Za-z0-9_-]{8,64})")


class TooManyOffers(Refusal):
    """One bidder makes more offers a second than the installation allows."""

    code = "too_many_offers"

    def __init__(self) -> None:
        super().__init__()


class OfferUnknown(Refusal):
    """The offer's fate is not known yet; it may or may not stand."""

    code = "unknown"

    def __init__(self) -> None:
        super().__init__()


class Offers:
    """Takes offers in, and says what became of them."""

    def __init__(
        self,
        app: Flask,
        settings: Settings,
        *,
        auctioneer: Auctioneer,
        callers: Callers,
        signing: Signing,
        sessions: sessionmaker[Session],
    ) -> None:
        self._app = app
        self._auctioneer = auctioneer
        self._callers = callers
        self._signing = signing
        self._sessions = sessions
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._limit = RateLimitItemPerSecond(settings.bids_per_second) if settings.rate_limits else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer the request if its path is one of an offer's; return whether it was."""
        path, method = scope["path"], scope["method"]
        try:
            if (found := _BIDS.fullmatch(path)) is not None:
                if method == "POST":
                    await self._offer(scope, receive, send, int(found[1]))
                else:
                    await not_allowed(send, b"POST")
            elif (found := _BY_KEY.fullmatch(path)) is not None:
                if method in ("GET", "DELETE"):
                    await self._by_key(scope, send, int(found[1]), found[2])
                else:
                    await not_allowed(send, b"GET", b"DELETE")
            else:
                return False
        except Refusal as refusal:
            await refuse(self._app, scope, send, refusal)
        except Exception as error:
            # The database is away, or something broke: whether the offer stands, its key tells later.
            log.warning("offer_unknown", path=path, error=repr(error)[:200], exc_info=not without_database(error))
            await refuse(self._app, scope, send, OfferUnknown())
        return True

    async def _offer(self, scope: Scope, receive: Receive, send: Send, lot_id: int) -> None:
        headers = dict(scope["headers"])
        caller, organisation_id = await self._bidder(headers)
        amount, confirmed, matching = _offered(await read_json(receive, headers))
        key = headers.get(b"idempotency-key", b"").decode("latin-1")
        if not _KEY.fullmatch(key):
            raise OfferUnreadable("Idempotency-Key")
        self._must_have_patience(organisation_id)
        waiting = self._auctioneer.submit_async(
            Asked(
                lot_id=lot_id,
                organisation_id=organisation_id,
                user_id=caller.user_id,
                session_id=caller.session_id,
                token_id=caller.token_id,
                amount=amount,
                key=key,
                confirmed=confirmed,
                matching=matching,
            ),
            scope.get(TICKET),
        )
        # A timer of one's own costs a third of what `asyncio.timeout` does.
        patience = asyncio.get_running_loop().call_later(PATIENCE_S, _give_up, waiting)
        try:
            taken = await waiting
        except FateUnknown:
            raise OfferUnknown from None
        finally:
            patience.cancel()
        await answer(send, 201, self._taken(taken))

    async def _by_key(self, scope: Scope, send: Send, lot_id: int, key: str) -> None:
        """Say what became of the offer under a key; on DELETE close the key first."""
        if scope["method"] == "GET":
            caller = await self._callers.reader(dict(scope["headers"]), TokenScope.BID, TokenScope.READ)
            known, needs_proof = await in_time(self._look_up, lot_id, caller.organisation_id, key)
        else:
            caller, organisation_id = await self._bidder(dict(scope["headers"]))
            self._must_have_patience(organisation_id)
            closing = self._auctioneer.act_of_bidder(
                partial(keys.close_key, lot_id=lot_id, organisation_id=organisation_id, user_id=caller.user_id, key=key)
            )
            known, needs_proof = await _known(closing), True
        if needs_proof and isinstance(known, Taken):
            await _known(self._auctioneer.certify())
        await answer(send, 200, self._fate(known, scope))

    async def _bidder(self, headers: dict[bytes, bytes]) -> tuple[Caller, int]:
        caller = await self._callers.bidder(headers)
        assert caller.organisation_id is not None
        return caller, caller.organisation_id

    def _must_have_patience(self, organisation_id: int) -> None:
        if self._limit is not None and not self._limiter.hit(self._limit, str(organisation_id)):
            raise TooManyOffers

    def _look_up(self, lot_id: int, organisation_id: int | None, key: str) -> tuple[Answer | None, bool]:
        """Return the key's answer, and whether it may not have reached a second server that commits wait for."""
        if organisation_id is None:
            return None, False
        with self._sessions() as session:
            return keys.fate(session, lot_id=lot_id, organisation_id=organisation_id, key=key), is_replicated(session)

    def _fate(self, known: Answer | None, scope: Scope) -> dict[str, object]:
        match known:
            case None:
                return {"state": "not_received", "provisional": True}
            case Taken():
                return {"state": "accepted", **self._taken(known)}
            case KeyClosed():
                return {"state": "closed"}
            case Refusal():
                return {
                    **known.as_json(),
                    "state": "refused",
                    "code": known.code,
                    "title": sentence(self._app, scope, known),
                }

    def _taken(self, taken: Taken) -> dict[str, object]:
        return {**answers.taken(taken), "receipt": self._signing.receipt(taken)}


def _give_up(waiting: asyncio.Future[Taken]) -> None:
    if not waiting.done():
        waiting.set_exception(FateUnknown("no answer in time"))


async def _known(future: Future[T]) -> T:
    """Return what the auctioneer answers, if it does in time and for certain.

    :raises OfferUnknown: it does not
    """
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await asyncio.wrap_future(future)
    except (TimeoutError, CommitUnknown):
        raise OfferUnknown from None


def _offered(body: object) -> tuple[Money, bool, bool]:
    """Return what is offered, whether it is confirmed, and whether it matches the standing bid.

    :raises OfferUnreadable: it is not `{"amount_fen": int, "confirmed": bool, "matching": bool}` with an amount that could be
    """
    if not isinstance(body, dict):
        raise OfferUnreadable("body")
    amount, confirmed, matching = body.get("amount_fen"), body.get("confirmed", False), body.get("matching", False)
    if type(amount) is not int or not 0 < amount <= LARGEST_FEN:
        raise OfferUnreadable("amount_fen")
    if type(confirmed) is not bool:
        raise OfferUnreadable("confirmed")
    if type(matching) is not bool:
        raise OfferUnreadable("matching")
    return Money(amount), confirmed, matching
