"""An open lot behind a real server, and bidders who come by token."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import ManualClock
from techauction.core.tokens import TokenScope
from techauction.db import writing
from techauction.services import opening, tokens
from techauction.settings import Settings
from techauction.store.people import Role
from tests import builders
from tests.builders import OPENS
from tests.serving import Served, serving


@dataclass(frozen=True)
class Bidder:
    """An enterprise's user, and a token of its."""

    user_id: int
    token_id: int
    token: str


@dataclass(frozen=True)
class Room:
    """One open lot, 200万 by 10万, three admitted enterprises, and an organizer's token."""

    served: Served
    slug: str
    lot_id: int
    bidders: tuple[Bidder, ...]
    organizer: str


@contextmanager
def open_room(settings: Settings, sessions: sessionmaker[Session], clock: ManualClock) -> Iterator[Room]:
    """Serve an open lot, at the opening, until the end of the block."""
    with sessions() as session, writing(session):
        round_ = builders.a_round(session, min_admitted=1)
        lot = builders.a_lot(session, round_, number=1)
        paddles = [builders.a_paddle(session, 101 + place, lot) for place in range(3)]
        users = [builders.a_user(session, Role.ENTERPRISE, organisation=each.organisation) for each in paddles]
        made = [_token(session, each.id, Role.ENTERPRISE, clock) for each in users]
        organizer = _token(session, builders.a_user(session).id, Role.ORGANIZER, clock)
        bidders = tuple(Bidder(user.id, place, token) for place, (user, token) in enumerate(zip(users, made, strict=True), 1))
        lot_id, round_id, slug = lot.id, round_.id, round_.slug
    clock.set(OPENS)
    with serving(settings, clock) as served:
        served.process.auctioneer.act(partial(opening.open_round, round_id=round_id)).result(20)
        yield Room(served, slug, lot_id, bidders, organizer)


def _token(session: Session, user_id: int, role: Role, clock: ManualClock, *scopes: TokenScope) -> str:
    return tokens.make(session, user_id=user_id, name="robot", scopes=scopes or tokens.SCOPES[role], days=None, now=clock())
