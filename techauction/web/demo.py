"""The demonstration's sign-in: one press and the visitor is somebody of the house. Only on this machine, only there."""

from urllib.parse import urlsplit

from flask import Blueprint, Flask, abort, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from techauction.db import db
from techauction.queries.demo import demo_account, demo_page
from techauction.settings import Settings
from techauction.web import navigation, signing
from techauction.web.guard import comes_from_here, is_loopback

bp = Blueprint("demo", __name__, url_prefix="/demo")


@bp.before_request
def only_from_here() -> None:
    """Answer only a browser on this machine that came straight: anybody else would be given everybody's rights."""
    g.private = True
    if not comes_from_here() or not is_loopback(urlsplit(request.host_url).hostname):
        abort(404)


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


def register(app: Flask, settings: Settings) -> None:
    """Let a demonstration, and no other installation, have the page and the strip that leads to it."""
    app.jinja_env.globals["in_demonstration"] = settings.demo
    if settings.demo:
        app.register_blueprint(bp)
