"""Acts of a bidder in the auctioneer's turn."""

from collections.abc import Callable
from concurrent.futures import TimeoutError as StillWaiting

from flask import flash

from techauction.core.refusal import Refusal
from techauction.db import db
from techauction.postgresql import CommitUnknown
from techauction.web.bidder.bidding import PATIENCE_S
from techauction.web.context import auctioneer


def acted(use_case: Callable[..., object], *, said: str, unknown: str) -> Refusal | None:
    """Have the auctioneer do something, and say that it was done or that nobody knows yet; return why it was not."""
    db.session().rollback()  # the page shown after it must not be older
    try:
        auctioneer().act_of_bidder(use_case).result(timeout=PATIENCE_S)
    except (StillWaiting, CommitUnknown):
        flash(unknown, "warning")
    except Refusal as refusal:
        return refusal
    else:
        flash(said, "success")
    return None
