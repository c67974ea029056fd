"""What protects every page: headers, cookies, tokens against forged requests, limits."""

from http import HTTPStatus

from flask import Flask, Response, abort, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from techauction.bounds import MIB, most_bytes
from techauction.bridge import REFUSED
from techauction.settings import Settings

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
    "worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}

csrf = CSRFProtect()
limiter = Limiter(get_remote_address, storage_uri="memory://", headers_enabled=False)


def configured(settings: Settings) -> dict[str, object]:
    """Return the part of the app's configuration that protects it."""
    return {
        "MAX_FORM_MEMORY_SIZE": MIB,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.https_only,
        "WTF_CSRF_TIME_LIMIT": None,
        "RATELIMIT_ENABLED": settings.rate_limits,
    }


def register(app: Flask, settings: Settings) -> None:
    """Set the protections up."""
    app.before_request(_refuse_what_was_not_taken)  # before any other looks for a form
    csrf.init_app(app)
    limiter.init_app(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if settings.https_only:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if request.endpoint != "static":
            # A page made for one reader, or with a token in it, is nobody else's.
            response.headers.setdefault("Cache-Control", "no-store" if "private" in g else "private, no-cache")
        return response


def _refuse_what_was_not_taken() -> None:
    """Answer 413 to a body over the bound of its path, and 503 to one that there was no room for."""
    refused: HTTPStatus | None = request.environ.get(REFUSED)
    if refused is not None:
        abort(refused)
    if (request.content_length or 0) > most_bytes(request.method, request.path):
        abort(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
