"""What a view needs of the process around it."""

from dataclasses import dataclass, field
from datetime import datetime

from flask import current_app, g, request
from flask_login import current_user

from techauction.children import Children
from techauction.clock import Clock
from techauction.custody import KeyRing
from techauction.db import ONLY_SHOWN, OnlyShown, db
from techauction.postgresql import CommitUnknown, is_replicated
from techauction.queries.viewing import ANYBODY, Viewer
from techauction.receipts import Signer
from techauction.saleroom.auctioneer import Auctioneer, QueueFull
from techauction.saleroom.tickets import TICKET, Ticket
from techauction.saleroom.vitals import Vitals
from techauction.settings import Settings
from techauction.store.people import Role, UserRow

PATIENCE_S = 3.0
"""How long a page waits for the auctioneer; the fate of an offer is then told by its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What the process was assembled from, kept in `app.extensions["techauction"]`."""

    settings: Settings
    clock: Clock
    auctioneer: Auctioneer
    signer: Signer
    custody: KeyRing
    children: Children
    vitals: Vitals = field(default_factory=Vitals)


def house() -> House:
    """Return what the process was assembled from."""
    found: House = current_app.extensions["techauction"]
    return found


def now() -> datetime:
    """Return the present instant."""
    return house().clock()


def auctioneer() -> Auctioneer:
    """Return the auctioneer of this process.

    :raises OnlyShown: the request shows a form again, and asks for nothing
    """
    if g.get(ONLY_SHOWN):
        raise OnlyShown
    return house().auctioneer


def ticket() -> Ticket | None:
    """Return the request's ticket, which says when it was here; none where the server issues none."""
    found: Ticket | None = request.environ.get("asgi.scope", {}).get(TICKET)
    return found


def children() -> Children:
    """Return what does long jobs for this process."""
    return house().children


def certify() -> None:
    """See to it that what this request has read of bids outlives this server, before anybody relies on it.

    :raises CommitUnknown: the second server has not said that it has it
    """
    session = db.session()
    if not is_replicated(session):
        return
    session.rollback()  # a page holds no connection while it waits
    try:
        auctioneer().certify().result(timeout=PATIENCE_S)
    except (TimeoutError, QueueFull):
        raise CommitUnknown("the auctioneer did not answer in time") from None


def signed_in() -> UserRow:
    """Return the user who is signed in; the blueprint's gate has seen to that there is one."""
    user: UserRow = current_user.row
    return user


def my_organisation_id() -> int:
    """Return the organisation of the enterprise or institute that is signed in."""
    found = signed_in().organisation_id
    assert found is not None
    return found


def my_market() -> str:
    """Return the market of the organizer who is signed in."""
    found = signed_in().market_key
    assert found is not None
    return found


def viewer() -> Viewer:
    """Return who reads a page that anybody may ask for: copies of rounds are shown to some only."""
    if not current_user.is_authenticated:
        return ANYBODY
    user = signed_in()
    return Viewer(
        market_key=user.market_key if user.role is Role.ORGANIZER else None,
        organisation_id=user.organisation_id if user.role is Role.ENTERPRISE else None,
    )
