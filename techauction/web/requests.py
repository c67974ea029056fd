"""Every request has a number, which its log lines and its answer carry."""

import re
import secrets
import time

import structlog
from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars

HEADER = "X-Request-ID"
_FIT = re.compile(r"[A-Za-z0-9._-]{8,64}")

log = structlog.get_logger()


def request_id() -> str:
    """Return the present request's number."""
    return str(g.get("request_id", ""))


def register(app: Flask) -> None:
    """Have every request numbered, and written down in one line."""
    app.jinja_env.globals["request_id"] = request_id

    @app.before_request
    def begin() -> None:
        given = request.headers.get(HEADER, "")
        g.request_id = given if _FIT.fullmatch(given) else secrets.token_hex(8)
        g.began = time.perf_counter()
        clear_contextvars()
        bind_contextvars(request_id=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        if "request_id" in g:
            response.headers[HEADER] = g.request_id
            if request.endpoint != "static":
                log.info(
                    "request",
                    method=request.method,
                    path=request.path,
                    status=response.status_code,
                    ms=round((time.perf_counter() - g.began) * 1000, 1),
                )
        return response
