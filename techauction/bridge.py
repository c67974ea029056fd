"""Pages behind an event loop: a WSGI application in threads, none of which ever waits for a client.

A thread is taken when the request's body is there, and given back when the answer is whole. What is large lies on disk
meanwhile.
"""

import asyncio
import contextvars
import sys
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import structlog

from techauction.bounds import CHOICE, KIB, MIB, most_bytes

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
log = structlog.get_logger()

REFUSED = "techauction.refused"
"""The name in a WSGI environment of the status that the application is to answer with, because the body was not taken."""
THREADS = 32
_IN_MEMORY = 128 * KIB
_PIECE = 64 * KIB
_MOST_ON_DISK = 512 * MIB
"""So much of bodies lies on disk at most, in bytes; what comes then is refused."""
_CHOICES = {"HTTP_ACCEPT", "HTTP_ACCEPT_CHARSET", "HTTP_ACCEPT_ENCODING", "HTTP_ACCEPT_LANGUAGE"}
_BROKEN = (
    '<!DOCTYPE html><html lang="zh-Hans-CN"><meta charset="utf-8"><title>500</title><p>系统出了问题，请稍后再试。'
    '<p lang="en">Something broke on our side. Try again soon.</html>'
).encode()


class Bridge:
    """An ASGI application that asks a WSGI one."""

    def __init__(self, app: Wsgi, threads: int = THREADS) -> None:
        self._app = app
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="pages")
        self._disk = ThreadPoolExecutor(2, thread_name_prefix="spooling")
        self._on_disk: dict[IO[bytes], int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        with SpooledTemporaryFile(_IN_MEMORY) as body, SpooledTemporaryFile(_IN_MEMORY) as answer:
            try:
                size, refused = await self._read(scope, receive, body)
                environ = _environ(scope, body, size, refused)
                context = contextvars.copy_context()
                running = asyncio.get_running_loop().run_in_executor(
                    self._threads, partial(context.run, self._ask, environ, answer)
                )
                status, headers = await _whole(running)
            except _Gone:
                return
            finally:
                self._on_disk.pop(body, None)
            await self._answer(scope, send, status, headers, answer)

    async def _read(self, scope: Scope, receive: Receive, body: IO[bytes]) -> tuple[int, HTTPStatus | None]:
        """Take the body in; return its size, and why it was not taken if it was not.

        How long that may take is the connection's business.

        :raises _Gone: the client has gone
        """
        most = most_bytes(scope["method"], scope["path"])
        said = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        if said and (announced := int(said)) > most:
            return announced, HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Gone
            part, more = message.get("body", b""), message.get("more_body", False)
            size += len(part)
            if size > most:
                return size, HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            if size <= _IN_MEMORY:
                body.write(part)
                continue
            self._on_disk[body] = size
            if sum(self._on_disk.values()) > _MOST_ON_DISK:
                return size, HTTPStatus.SERVICE_UNAVAILABLE
            await asyncio.get_running_loop().run_in_executor(self._disk, body.write, part)
        body.seek(0)
        return size, None

    def _ask(self, environ: dict[str, Any], answer: IO[bytes]) -> tuple[int, list[tuple[str, str]]]:
        """Have the application answer, in a thread; return status and headers. The body goes into `answer`."""
        said: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> Callable[[bytes], int]:
            said.append((status, headers))
            return answer.write

        try:
            parts = self._app(environ, start)
            try:
                for part in parts:
                    answer.write(part)
            finally:
                getattr(parts, "close", lambda: None)()
        except Exception:
            log.exception("page_broke", path=environ["PATH_INFO"])
            answer.seek(0)
            answer.truncate()
            answer.write(_BROKEN)
            return HTTPStatus.INTERNAL_SERVER_ERROR, [("Content-Type", "text/html; charset=utf-8")]
        status, headers = said[-1]
        return int(status.split(" ", 1)[0]), headers

    async def _answer(
        self, scope: Scope, send: Send, status: int, headers: list[tuple[str, str]], answer: SpooledTemporaryFile[bytes]
    ) -> None:
        size = answer.tell()
        packed = [(name.strip().lower().encode("latin-1"), value.strip().encode("latin-1")) for name, value in headers]
        has_body = scope["method"] != "HEAD" and status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        if has_body and all(name != b"content-length" for name, _ in packed):
            packed.append((b"content-length", b"%d" % size))
        await send({"type": "http.response.start", "status": status, "headers": packed})
        answer.seek(0)
        if not has_body or size <= _IN_MEMORY:
            await send({"type": "http.response.body", "body": answer.read() if has_body else b""})
            return
        loop, left = asyncio.get_running_loop(), size
        while left > 0:
            piece = await loop.run_in_executor(self._disk, answer.read, _PIECE)
            left -= len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": left > 0})


class _Gone(Exception):
    """The client has gone before its request was whole."""


async def _whole(running: "asyncio.Future[tuple[int, list[tuple[str, str]]]]") -> tuple[int, list[tuple[str, str]]]:
    """Wait for the thread, also where nobody waits for the answer any more: it works with files that this request closes."""
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        if not running.cancel():
            await asyncio.wait([running])
        raise


def _environ(scope: Scope, body: IO[bytes], size: int, refused: HTTPStatus | None) -> dict[str, Any]:
    """Return a request as WSGI has it."""
    host, port = scope.get("server") or ("localhost", 80)
    environ: dict[str, Any] = {
        "asgi.scope": scope,
        REFUSED: refused,
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or 0),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if scope.get("client"):
        address, port = scope["client"]
        environ |= {"REMOTE_ADDR": address, "REMOTE_PORT": str(port)}
    for raw_name, raw_value in scope["headers"]:
        if b"_" in raw_name:  # WSGI would take it for the one with a hyphen, on which a proxy may have had its say
            continue
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        name = name if name == "CONTENT_TYPE" else f"HTTP_{name}"
        value = raw_value.decode("latin-1")
        if name in environ:
            value = f"{environ[name]}{'; ' if name == 'HTTP_COOKIE' else ','}{value}"
        environ[name] = value
    environ |= {name: environ[name][:CHOICE] for name in environ.keys() & _CHOICES}
    environ.pop("HTTP_CONTENT_LENGTH", None)
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    if size or scope["method"] not in ("GET", "HEAD"):
        environ["CONTENT_LENGTH"] = str(size)
    return environ
