"""The live paths, as bare ASGI: make an offer, watch lots, catch up, ask the time. The JSON API's offers and streams too."""

import asyncio
import re
from urllib.parse import parse_qs

import structlog
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import Clock
from techauction.core.bidding import NoSuchLot
from techauction.core.refusal import Refusal
from techauction.core.tokens import TokenScope
from techauction.protocol import STREAM
from techauction.queries.live import LiveEvent, events_after, live_lots, visible_copies
from techauction.queries.sale import Sale
from techauction.queries.viewing import Viewer
from techauction.saleroom import answers
from techauction.saleroom.auctioneer import Auctioneer
from techauction.saleroom.callers import Callers
from techauction.saleroom.gallery import Gallery, TooManyWatchers, Watcher
from techauction.saleroom.offers import Offers
from techauction.saleroom.signing import Signing
from techauction.saleroom.wire import (
    PATIENCE_S,
    SECURITY,
    Broken,
    Receive,
    Scope,
    Send,
    Unavailable,
    answer,
    in_time,
    not_allowed,
    refuse,
    without_database,
)
from techauction.settings import Settings
from techauction.store.people import Role

log = structlog.get_logger()
_SALEROOM = "/saleroom/"
_API = re.compile(r"/api/v1(/live|/lots/[0-9]{1,9}/bids(/.*)?)")
_KEYS = "/.well-known/techauction-keys.json"
_OTHERS = ("/saleroom/clock", "/saleroom/live", "/api/v1/live", _KEYS)
_MOST_LOTS = 200
_LOT = re.compile(r"/saleroom/lots/([0-9]{1,9})")


def is_live(path: str) -> bool:
    """Return whether the path is one of these, and not a page's or another of the API's."""
    return path.startswith(_SALEROOM) or path == _KEYS or _API.fullmatch(path) is not None


class Paths:
    """The saleroom's endpoints of one process."""

    def __init__(
        self,
        app: Flask,
        settings: Settings,
        clock: Clock,
        *,
        auctioneer: Auctioneer,
        gallery: Gallery,
        signing: Signing,
        sessions: sessionmaker[Session],
    ) -> None:
        self._app = app
        self._clock = clock
        self._gallery = gallery
        self._signing = signing
        self._sessions = sessions
        self._callers = Callers(app, clock, sessions)
        self._offers = Offers(app, settings, auctioneer=auctioneer, callers=self._callers, signing=signing, sessions=sessions)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request to a live path. Whatever happens, the answer is JSON, or a stream."""
        if await self._offers(scope, receive, send):
            return
        try:
            await self._answer(scope, receive, send)
        except Refusal as refusal:
            await refuse(self._app, scope, send, refusal)
        except Exception as error:
            away = without_database(error)
            log.warning("live_path_failed", path=scope["path"], error=repr(error)[:200], exc_info=not away)
            await refuse(self._app, scope, send, Unavailable() if away else Broken())

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        lot = _LOT.fullmatch(path)
        if lot is None and path not in _OTHERS:
            raise NoSuchLot
        if method not in ("GET", "HEAD"):
            await not_allowed(send, b"GET")
        elif lot is not None:
            await self._history(scope, send, int(lot[1]))
        elif path == "/saleroom/clock":
            await answer(send, 200, {"server_at": self._clock().isoformat()})
        elif path == _KEYS:
            await answer(send, 200, self._signing.published(), b"application/jwk-set+json")
        elif path == "/saleroom/live":
            await self._live(scope, receive, send)
        else:
            await self._live_by_api(scope, receive, send)

    async def _history(self, scope: Scope, send: Send, lot_id: int) -> None:
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("after", ["0"])[0]
        after = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0  # noqa: PLR2004 (fits an integer)
        found = await in_time(self._read, lot_id, after, False)
        # What is not there is looked for like what is foreign: neither answer takes longer.
        if found is None and await self._visible(scope, frozenset({lot_id})):
            found = await in_time(self._read, lot_id, after, True)
        if found is None:
            raise NoSuchLot
        lot, events = found
        await answer(
            send, 200, {"lot": answers.lot_state(lot, self._clock()), "events": [answers.event(each) for each in events]}
        )

    def _read(self, lot_id: int, after: int, of_copy: bool) -> tuple[Sale, list[LiveEvent]] | None:  # noqa: FBT001 (by a thread)
        with self._sessions() as session:
            lots = [each for each in live_lots(session, [lot_id]) if each.of_copy is of_copy]
            return (lots[0], events_after(session, lot_id=lot_id, seq=after)) if lots else None

    async def _visible(self, scope: Scope, lots: frozenset[int]) -> frozenset[int]:
        """Return those of the lots that are a copy's and that the caller may see."""
        if not lots:
            return lots
        try:
            caller = await self._callers.reader(dict(scope["headers"]), *TokenScope)
        except Refusal:
            return frozenset()
        market_key = caller.market_key if caller.role is Role.ORGANIZER else None
        return await in_time(self._read_visible, lots, Viewer(market_key, caller.organisation_id))

    def _read_visible(self, copies: frozenset[int], viewer: Viewer) -> frozenset[int]:
        with self._sessions() as session:
            return visible_copies(session, copies, viewer)

    async def _live_by_api(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._callers.reader(dict(scope["headers"]), TokenScope.READ)
        await self._live(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream the lots' states until the reader or the server goes. The present state comes first."""
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("lots", [""])[0].split(",")
        lots = frozenset(int(each) for each in asked if each.isascii() and each.isdigit() and len(each) < 10)  # noqa: PLR2004 (fits an id)
        if not lots or len(lots) > _MOST_LOTS or self._gallery.closing:
            raise NoSuchLot
        if self._gallery.full:
            raise TooManyWatchers
        async with asyncio.timeout(PATIENCE_S):
            copies = await self._visible(scope, lots - await self._gallery.public(lots))
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers + SECURITY})
        if scope["method"] == "HEAD":  # a body would be taken for the next answer on the connection
            await send({"type": "http.response.body", "body": b""})
            return
        write = scope.get("extensions", {}).get(STREAM, {}).get("push") if scope["http_version"] == "1.1" else None
        watcher = Watcher(lots, copies, send, write)
        self._gallery.join(watcher)  # before the present is told: what changes after it is told too
        try:
            present = b"retry: 1000\n\n" + self._gallery.present(watcher)
            await send({"type": "http.response.body", "body": present, "more_body": True})
            while (await receive())["type"] != "http.disconnect":
                pass
        except asyncio.CancelledError:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._gallery.part(watcher)
