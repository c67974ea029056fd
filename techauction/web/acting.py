"""Acts in the auctioneer's turn, for which a page waits a little while."""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial

from flask import flash
from flask_babel import gettext as _

from techauction.core.refusal import Refusal
from techauction.db import db
from techauction.postgresql import CommitUnknown
from techauction.web.context import PATIENCE_S, auctioneer, ticket

UseCase = Callable[..., object]


def acted(use_case: UseCase, *, said: str) -> Refusal | None:
    """Have the auctioneer do something for the house, and say that it was done; return why it was not."""
    unknown = _("The auctioneer has not answered yet. Load this page again to see what came of it.")
    return _told(auctioneer().act, use_case, said=said, unknown=unknown)


def acted_in_time(use_case: UseCase, *, lot_id: int, said: str, unknown: str) -> Refusal | None:
    """Do the same for a bidder, by when the request was here."""
    queue = partial(auctioneer().act_in_time, lot_id=lot_id, ticket=ticket())
    try:
        return _told(queue, use_case, said=said, unknown=unknown)
    except CommitUnknown:
        flash(unknown, "warning")
        return None


def opened() -> None:
    """Give the lots of a round that has just opened a little time, so that the next page shows them open."""
    with suppress(TimeoutError):
        auctioneer().nudge().result(timeout=PATIENCE_S)


def acted_for_bidder(use_case: UseCase, *, said: str, unknown: str) -> Refusal | None:
    """Do the same for a bidder, who is also told if the commit may not last; there is room for some such acts only."""
    try:
        return _told(auctioneer().act_of_bidder, use_case, said=said, unknown=unknown)
    except CommitUnknown:
        flash(unknown, "warning")
        return None


def _told(queue: Callable[[UseCase], "Future[object]"], use_case: UseCase, *, said: str, unknown: str) -> Refusal | None:
    db.session().rollback()  # the page shown afterwards must not be older than what was done
    try:
        answer = queue(use_case).result(timeout=PATIENCE_S)
    except TimeoutError:
        flash(unknown, "warning")
    except Refusal as refusal:
        return refusal
    else:
        if isinstance(answer, Refusal):  # one that left something behind
            return answer
        flash(said, "success")
    return None
