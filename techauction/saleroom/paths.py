"""The live paths, as bare ASGI: make an offer, watch lots, catch up, ask the time. The JSON API's offers and streams too."""

import asyncio
import re
from urllib.parse import parse_qs

from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import Clock
from techauction.core.bidding import NoSuchLot
from techauction.core.refusal import Refusal
from techauction.core.tokens import TokenScope
from techauction.protocol import STREAM
from techauction.queries.live import LiveEvent, LiveLot, events_after, live_lots, visible_copies
from techauction.queries.viewing import Viewer
from techauction.saleroom import answers
from techauction.saleroom.auctioneer import Auctioneer
from techauction.saleroom.callers import Callers
from techauction.saleroom.gallery import Gallery, TooManyWatchers, Watcher
from techauction.saleroom.offers import Offers
from techauction.saleroom.signing import Signing
from techauction.saleroom.wire import SECURITY, Receive, Scope, Send, answer, not_allowed, refuse
from techauction.settings import Settings
from techauction.store.people import Role

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
        """Answer one request to a live path."""
        path, method = scope["path"], scope["method"]
        if await self._offers(scope, receive, send):
            return
        lot = _LOT.fullmatch(path)
        if lot is None and path not in _OTHERS:
            await refuse(self._app, scope, send, NoSuchLot())
        elif method not in ("GET", "HEAD"):
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
        found = await asyncio.to_thread(self._read, lot_id, after)
        if found is None or (found[0].of_copy and not await self._visible(scope, frozenset({lot_id}))):
            await refuse(self._app, scope, send, NoSuchLot())
            return
        lot, events = found
        await answer(
            send, 200, {"lot": answers.lot_state(lot, self._clock()), "events": [answers.event(each) for each in events]}
        )

    def _read(self, lot_id: int, after: int) -> tuple[LiveLot, list[LiveEvent]] | None:
        with self._sessions() as session:
            lots = live_lots(session, [lot_id])
            return (lots[0], events_after(session, lot_id=lot_id, seq=after)) if lots else None

    async def _visible(self, scope: Scope, copies: frozenset[int]) -> frozenset[int]:
        """Return those of the copies' lots that the caller may see."""
        if not copies:
            return copies
        try:
            caller = await self._callers.reader(dict(scope["headers"]), *TokenScope)
        except Refusal:
            return frozenset()
        market_key = caller.market_key if caller.role is Role.ORGANIZER else None
        return await asyncio.to_thread(self._read_visible, copies, Viewer(market_key, caller.organisation_id))

    def _read_visible(self, copies: frozenset[int], viewer: Viewer) -> frozenset[int]:
        with self._sessions() as session:
            return visible_copies(session, copies, viewer)

    async def _live_by_api(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._callers.reader(dict(scope["headers"]), TokenScope.READ)
        except Refusal as refusal:
            await refuse(self._app, scope, send, refusal)
        else:
            await self._live(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream the lots' states until the reader or the server goes. The present state comes first."""
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("lots", [""])[0].split(",")
        lots = frozenset(int(each) for each in asked if each.isascii() and each.isdigit() and len(each) < 10)  # noqa: PLR2004 (fits an id)
        if not lots or len(lots) > _MOST_LOTS or self._gallery.closing:
            await refuse(self._app, scope, send, NoSuchLot())
            return
        if self._gallery.full:
            await refuse(self._app, scope, send, TooManyWatchers())
            return
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
        watcher = Watcher(lots, send, write)
        self._gallery.join(watcher)  # before anything is read: what changes meanwhile is told
        try:
            watcher.copies = await self._visible(scope, await self._gallery.copies(lots))
            await send(
                {
                    "type": "http.response.body",
                    "body": b"retry: 1000\n\n" + await self._gallery.present(watcher),
                    "more_body": True,
                }
            )
            while (await receive())["type"] != "http.disconnect":
                pass
        except asyncio.CancelledError:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._gallery.part(watcher)
