"""The process: the saleroom's paths first, everything else to Flask."""

import asyncio
import resource
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from flask import Flask
from sqlalchemy.orm import sessionmaker

from techauction.app import create_app
from techauction.bridge import Bridge
from techauction.clock import Clock
from techauction.custody import key_ring
from techauction.db import check, db, make_sale_engine
from techauction.protocol import ARRIVED
from techauction.receipts import Signer
from techauction.saleroom.auctioneer import Auctioneer
from techauction.saleroom.bus import bus_of
from techauction.saleroom.gallery import MOST_PLACES, Gallery
from techauction.saleroom.paths import Paths, is_live
from techauction.saleroom.signing import Signing
from techauction.saleroom.tickets import TICKET
from techauction.saleroom.vitals import Vitals
from techauction.settings import Settings

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Process:
    """One serving process: an ASGI application, with its auctioneer and gallery."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self._engine = make_sale_engine(settings.database_url)
        check(self._engine)
        self.auctioneer = Auctioneer(
            sessionmaker(self._engine, expire_on_commit=False),
            clock,
            places=settings.queue_places,
            custody=key_ring(settings),
        )
        self.app: Flask = create_app(settings, clock, self.auctioneer)
        with self.app.app_context():
            sessions = sessionmaker(db.engine, expire_on_commit=False)
        self.signer: Signer = self.app.extensions["techauction"].signer
        self.vitals: Vitals = self.app.extensions["techauction"].vitals
        self.gallery = Gallery(sessions, clock, self.vitals, places=_places())
        self.auctioneer.on_change = self.gallery.publish
        self.bus = bus_of(settings.database_url, heard=self.gallery.publish, missed=self.gallery.look_again)
        if self.bus is not None:
            self.auctioneer.announce = self.bus.announce
        signing = Signing(self.signer)
        self.auctioneer.on_decided = signing.prepare
        self._paths = Paths(
            self.app, settings, clock, auctioneer=self.auctioneer, gallery=self.gallery, signing=signing, sessions=sessions
        )
        self._pages = Bridge(self.app.wsgi_app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "lifespan":
            scope.get("state", {})[ARRIVED] = self.auctioneer.tickets.issue_to
            await self._live(receive, send)
        elif scope["type"] == "http":
            try:
                if is_live(scope["path"]):
                    await self._paths(scope, receive, send)
                else:
                    await self._pages(scope, receive, send)
            finally:
                if (ticket := scope.get(TICKET)) is not None:
                    self.auctioneer.tickets.leave(ticket)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Start with the server, and end with it."""
        await receive()
        self.gallery.start()
        if self.bus is not None:
            self.bus.start()
        attending = asyncio.create_task(self.auctioneer.life.attend())
        await asyncio.to_thread(self.auctioneer.start)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.gallery.close()
        await asyncio.to_thread(self.auctioneer.stop)
        attending.cancel()
        if self.bus is not None:
            await asyncio.to_thread(self.bus.stop)
        self._engine.dispose()
        with self.app.app_context():
            db.engine.dispose()
        await send({"type": "lifespan.shutdown.complete"})

    def close_soon(self) -> None:
        """End the streams and the children, from any thread: the server waits for all that is asked before it ends."""
        self.gallery.close_soon()
        self.app.extensions["techauction"].children.end()


def _places() -> int:
    """Return how many may watch: a quarter of the files that the process may open is for bids and pages in any case."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_PLACES if files == resource.RLIM_INFINITY else min(MOST_PLACES, files * 3 // 4)
