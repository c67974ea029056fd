"""What the pages around a desk share: whose round it is, and acts in the auctioneer's turn."""

from collections.abc import Callable
from concurrent.futures import TimeoutError as StillWaiting

from flask import abort, flash
from flask_babel import gettext as _

from techauction.core.approval import Person
from techauction.core.lot import Stage
from techauction.core.refusal import Refusal
from techauction.db import db
from techauction.queries import desk as queries
from techauction.web.context import auctioneer, signed_in

PATIENCE_S = 3.0


def own_round(slug: str) -> tuple[int, dict[int, Stage]]:
    """Return the id of a round of the organizer's market, and the stages of its lots by id; another's is not there."""
    found = queries.round_at_desk(db.session(), slug, market_key=market())
    return found or abort(404)


def market() -> str:
    """Return the organizer's market."""
    return signed_in().market_key or ""


def reader() -> Person:
    """Return who reads, as the rules of approval know it."""
    user = signed_in()
    return Person(user.id, user.market_key)


def acted(use_case: Callable[..., object], *, said: str) -> Refusal | None:
    """Have the auctioneer do something and say that it was done; return why it was not."""
    db.session().rollback()  # the page shown afterwards must not be older than what was done
    try:
        auctioneer().act(use_case).result(timeout=PATIENCE_S)
    except StillWaiting:
        flash(_("The auctioneer has not answered yet. Load this page again to see what came of it."), "warning")
    except Refusal as refusal:
        return refusal
    else:
        flash(said, "success")
    return None
