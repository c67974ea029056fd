"""Who may enter a blueprint."""

from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import abort, g, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from techauction.store.people import Role
from techauction.web.account.asking import sign_in_first
from techauction.web.context import house

_FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")
GATE = "roles"
"""The attribute of a gate that says whom it lets in; the test that walks every URL reads it."""


def only(*roles: Role) -> Callable[[], ResponseReturnValue | None]:
    """Return a blueprint's gate: it sends strangers to the sign-in, and refuses users of other roles."""
    admitted = frozenset(roles)

    def gate() -> ResponseReturnValue | None:
        g.private = True
        if not current_user.is_authenticated:
            return sign_in_first()
        if current_user.role not in admitted:
            abort(403)
        return None

    setattr(gate, GATE, admitted)
    return gate


def anyone_signed_in() -> Callable[[], ResponseReturnValue | None]:
    """Return a gate that lets every signed-in user in."""
    return only(*Role)


def comes_from_here() -> bool:
    """Return whether the request came straight from this machine: by a proxy on it, strangers come from loopback too.

    A proxy is known by what it adds, or by the name that it leaves as its readers wrote it; where the settings say that there
    is one, nothing comes straight.
    """
    return (
        house().settings.trusted_proxies == 0
        and _is_loopback(request.remote_addr)
        and _is_loopback(urlsplit(request.host_url).hostname)
        and not any(name in request.headers for name in _FORWARDED)
    )


def _is_loopback(name: str | None) -> bool:
    """Return whether an address, or a host's name, is this machine's own."""
    if name == "localhost":
        return True
    try:
        return ip_address(name or "").is_loopback
    except ValueError:
        return False
