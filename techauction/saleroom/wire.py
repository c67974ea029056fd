"""Speaking HTTP over ASGI: bodies in, JSON and problems out."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Flask
from flask_babel import force_locale
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from techauction.bounds import CHOICE, LIVE_BYTES
from techauction.core.refusal import Refusal
from techauction.identity import cookies
from techauction.postgresql import is_away
from techauction.saleroom import answers
from techauction.wording import say

T = TypeVar("T")
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PATIENCE_S = 3.0
"""How long a caller waits, for the auctioneer and for the database alike."""
SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
"""What every answer carries."""
_UNKEPT = [(b"cache-control", b"no-store"), *SECURITY]


class OfferUnreadable(Refusal):
    """The offer's body or key is not what the live path takes."""

    code = "offer_unreadable"

    def __init__(self, field: str) -> None:
        super().__init__(field=field)


class BodyTooLarge(Refusal):
    """The request's body is over its bound."""

    code = "request_entity_too_large"


class Unavailable(Refusal):
    """The database does not answer."""

    code = "service_unavailable"


class Broken(Refusal):
    """Something failed that should not have."""

    code = "internal_server_error"


async def in_time(look_up: Callable[..., T], *names: object) -> T:
    """Return what is looked up in a thread, if it is found in time.

    :raises TimeoutError: it is not; the thread goes on
    """
    async with asyncio.timeout(PATIENCE_S):
        return await asyncio.to_thread(look_up, *names)


def without_database(error: Exception) -> bool:
    """Return whether a path failed because the database did not answer, or not in time."""
    return isinstance(error, TimeoutError) or is_away(error)


async def read_json(receive: Receive, headers: Mapping[bytes, bytes]) -> object:
    """Return the request's JSON. How long its body may take is the connection's business.

    :raises BodyTooLarge: it is over the bound of an offer
    :raises OfferUnreadable: it is none, or the caller went away
    :raises KeyTwice: a name stands twice in it
    """
    if int(headers.get(b"content-length", 0)) > LIVE_BYTES:
        raise BodyTooLarge
    parts = b""
    while True:
        message = await receive()
        parts += message.get("body", b"")
        if len(parts) > LIVE_BYTES:
            raise BodyTooLarge
        if message["type"] == "http.disconnect":
            raise OfferUnreadable("body")
        if not message.get("more_body", False):
            break
    try:
        return answers.unpacked(parts)
    except ValueError:
        raise OfferUnreadable("body") from None


async def answer(
    send: Send, status: int, body: object, kind: bytes = b"application/json", more: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    """Answer with JSON."""
    payload = answers.packed(body)
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(payload)), *_UNKEPT, *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": payload})


async def refuse(app: Flask, scope: Scope, send: Send, refusal: Refusal) -> None:
    """Answer with a problem: the refusal's code and facts, and its sentence in the caller's language."""
    status = answers.status_of(refusal)
    body = answers.problem(status, refusal.code, sentence(app, scope, refusal), refusal.as_json())
    challenge = [(b"www-authenticate", answers.CHALLENGE.encode())] if status == HTTPStatus.UNAUTHORIZED else []
    await answer(send, status, body, b"application/problem+json", challenge)


def sentence(app: Flask, scope: Scope, refusal: Refusal) -> str:
    """Return the refusal's sentence in the caller's language."""
    with app.app_context(), force_locale(_locale(dict(scope["headers"]))):
        return str(say(refusal))


async def not_allowed(send: Send, *allowed: bytes) -> None:
    """Answer that the path does not take the method."""
    headers = [(b"allow", b", ".join(allowed)), (b"content-length", b"0"), *SECURITY]
    await send({"type": "http.response.start", "status": 405, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _locale(headers: dict[bytes, bytes]) -> str:
    """Return the language of the page that calls: as its cookie says, else as the caller accepts, else Chinese."""
    chosen = cookies(headers.get(b"cookie", b"").decode("latin-1")).get("language")
    accepted = parse_accept_header(headers.get(b"accept-language", b"")[:CHOICE].decode("latin-1"), LanguageAccept)
    return "en" if (chosen or accepted.best_match(["zh", "en"])) == "en" else "zh_Hans_CN"
