from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.bidding import DepositInsufficient, SignInEnded
from techauction.core.refusal import Refusal
from techauction.core.tokens import TokenEnded, TokenScope
from techauction.services import accounts, tokens
from techauction.services.bidding import Asked, Taken, take_bids
from techauction.services.opening import open_round
from techauction.services.pausing import pause, resume
from techauction.store.money import DepositRow
from techauction.store.people import ApiTokenRow, UserRow, UserSessionRow
from tests.builders import OPENS, wan
from tests.rounds import Played, a_round_to_play

NOW = OPENS + timedelta(minutes=1)
Sessions = sessionmaker[Session]


@dataclass
class Sale:
    """An open lot, and an offer on it that may be taken by sign-in or by token."""

    played: Played
    offer: Asked
    session_id: int
    token_id: int


@pytest.fixture
def sale(sessions: Sessions) -> Sale:
    """Return a sale that is open, with a bidder who is signed in and has a token."""
    with sessions.begin() as session:
        played = a_round_to_play(session, {})
        open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        user_id = played.users[0]
        accounts.sign_in(session, user_id=user_id, address="", agent="", now=OPENS, hours=8)
        tokens.make(session, user_id=user_id, name="t", scopes=[TokenScope.BID], days=1, now=OPENS)
        session.flush()
        offer = Asked(
            lot_id=played.lots[0].id,
            organisation_id=played.paddles[0].organisation_id,
            user_id=user_id,
            session_id=None,
            amount=wan(200),
            key="a-key-of-mine",
            confirmed=False,
        )
        sign_in, token = session.query(UserSessionRow).one(), session.query(ApiTokenRow).one()
        return Sale(played, offer, sign_in.id, token.id)


def answer(sessions: Sessions, offer: Asked, *, at: datetime = NOW) -> Taken | Refusal:
    with sessions.begin() as session:
        [said] = take_bids(session, [offer], read_clock=lambda: at)
        return said


def change(sessions: Sessions, statement: Any) -> None:
    with sessions.begin() as session:
        session.execute(statement)


def test_an_offer_by_a_sign_in_or_by_a_token_that_holds_is_taken(sessions: Sessions, sale: Sale) -> None:
    by_sign_in = replace(sale.offer, session_id=sale.session_id)
    by_token = replace(by_sign_in, token_id=sale.token_id, key="another-key")

    assert isinstance(answer(sessions, by_sign_in), Taken)
    assert answer(sessions, by_token).code == "own_bid_stands"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "ended",
    [
        update(UserSessionRow).values(revoked_at=NOW),
        update(UserSessionRow).values(expires_at=NOW),
        update(UserRow).values(disabled_at=NOW),
    ],
    ids=["revoked", "expired", "user disabled"],
)
def test_the_transaction_asks_again_whether_a_sign_in_holds(sessions: Sessions, sale: Sale, ended: Any) -> None:
    change(sessions, ended)

    assert isinstance(answer(sessions, replace(sale.offer, session_id=sale.session_id)), SignInEnded)


@pytest.mark.parametrize(
    "ended",
    [
        update(ApiTokenRow).values(revoked_at=NOW),
        update(ApiTokenRow).values(expires_at=NOW),
        update(UserRow).values(disabled_at=NOW),
    ],
    ids=["revoked", "expired", "user disabled"],
)
def test_the_transaction_asks_again_whether_a_token_holds(sessions: Sessions, sale: Sale, ended: Any) -> None:
    change(sessions, ended)

    assert isinstance(answer(sessions, replace(sale.offer, token_id=sale.token_id)), TokenEnded)


def test_a_deposit_that_is_a_fen_short_buys_no_bid(sessions: Sessions, sale: Sale) -> None:
    short = sale.played.paddles[0].id
    change(sessions, update(DepositRow).where(DepositRow.paddle_id == short).values(required=wan(20), held=wan(19)))

    assert isinstance(answer(sessions, sale.offer), DepositInsufficient)


def _take(session: Session, sale: Sale, read_clock: Callable[[], datetime]) -> None:
    take_bids(session, [sale.offer], read_clock=read_clock)


def _pause(session: Session, sale: Sale, read_clock: Callable[[], datetime]) -> None:
    pause(session, lot_ids=[sale.offer.lot_id], reason="Why.", by_id=sale.offer.user_id, read_clock=read_clock)


def _resume(session: Session, sale: Sale, read_clock: Callable[[], datetime]) -> None:
    resume(session, lot_ids=[sale.offer.lot_id], reason="So.", by_id=sale.offer.user_id, read_clock=read_clock)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("use_case", [_take, _pause, _resume])
def test_the_clock_is_read_when_the_lots_are_locked(
    sessions: Sessions, sale: Sale, use_case: Callable[[Session, Sale, Callable[[], datetime]], None]
) -> None:
    if use_case is _resume:
        with sessions.begin() as session:
            _pause(session, sale, lambda: NOW)
    happened: list[str] = []

    def read_clock() -> datetime:
        happened.append("clock")
        return NOW

    with sessions() as session:
        session.connection().connection.driver_connection.set_trace_callback(happened.append)  # type: ignore[union-attr]
        use_case(session, sale, read_clock)

    assert any("FROM lots" in statement for statement in happened[: happened.index("clock")])
    assert happened.count("clock") == 1
