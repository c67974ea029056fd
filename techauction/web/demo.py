"""The demonstration's sign-in: one press and the visitor is somebody of the house. Only there, and only by its link."""

import hmac

from flask import Blueprint, Flask, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from techauction.db import db
from techauction.queries.demo import demo_account, demo_page
from techauction.settings import Settings
from techauction.web import navigation, signing
from techauction.web.context import house
from techauction.web.errors import LinkNeeded

bp = Blueprint("demo", __name__, url_prefix="/demo")

PATH = "/demo/sign-in"
_COOKIE = "demonstration"
_KEPT_S = 30 * 24 * 3600


def link(settings: Settings) -> str:
    """Return the path that lets a browser in: whoever has it is given everybody's rights. It is each installation's own."""
    return f"{PATH}?key={_key(settings)}"


@bp.before_request
def only_by_the_link() -> ResponseReturnValue | None:
    """Answer who comes by the link, or came by it before; the address alone says nothing of who stands behind a proxy.

    The key leaves the address at once, so that no other page is told of it.
    """
    g.private = True
    settings = house().settings
    if request.method == "GET" and _is_key(request.args.get("key", "")):
        answer = redirect(url_for(".sign_in"), 303)
        answer.set_cookie(
            _COOKIE, _key(settings), max_age=_KEPT_S, httponly=True, samesite="Lax", secure=settings.https_only, path="/demo"
        )
        return answer
    if not _is_key(request.cookies.get(_COOKIE, "")):
        raise LinkNeeded
    return None


@bp.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Show whom a visitor may be."""
    return render_template("demo/sign_in.html", page=demo_page(db.session()))


@bp.post("/sign-in/<int:user_id>")
def become(user_id: int) -> ResponseReturnValue:
    """Sign the visitor in as one of them."""
    found = demo_account(db.session(), user_id=user_id)
    if found is None:
        abort(404)
    signing.begin(found)
    return redirect(navigation.home(), 303)


def _key(settings: Settings) -> str:
    return hmac.digest(settings.secret_key.encode(), b"the demonstration's link", "sha256").hex()[:32]


def _is_key(given: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), _key(house().settings).encode())


def register(app: Flask, settings: Settings) -> None:
    """Let a demonstration, and no other installation, have the page and the strip that leads to it."""
    app.jinja_env.globals["in_demonstration"] = settings.demo
    if settings.demo:
        app.register_blueprint(bp)
