"""Whole rounds, sold by the services that sell in earnest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from techauction.core import approval
from techauction.core.approval import Act, Decision
from techauction.core.money import Money, total
from techauction.core.refusal import Refusal
from techauction.services import aftersale, hammer, opening, pausing
from techauction.services.bidding import Asked, take_bids
from techauction.services.deeds import Subject
from techauction.services.two import Two
from techauction.store.auction import ApprovalRow, PaddleRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import Role
from tests.builders import (
    CLOSES,
    OPENS,
    a_deposit,
    a_lot,
    a_paddle,
    a_receipt,
    a_reserve,
    a_result,
    a_round,
    a_user,
    an_organisation,
    wan,
)

MARKETS = ("zhejiang", "shanghai", "jiangsu", "anhui")
_keys = count(1)


@dataclass
class Played:
    """A round with its lots and paddles, in the order of their numbers."""

    row: RoundRow
    lots: list[LotRow]
    paddles: list[PaddleRow]
    users: list[int]

    def bid(self, session: Session, lot: int, paddle: int, amount: Money, at: datetime) -> None:
        """Have the paddle bid on the lot (both by place); a refusal is raised."""
        asked = Asked(
            lot_id=self.lots[lot].id,
            organisation_id=self.paddles[paddle].organisation_id,
            user_id=self.users[paddle],
            session_id=None,
            amount=amount,
            key=f"key-{next(_keys)}",
            confirmed=True,
            received_at=at,
        )
        session.flush()
        [answer] = take_bids(session, [asked], read_clock=lambda: at)
        session.refresh(self.lots[lot])
        if isinstance(answer, Refusal):
            raise answer

    def fall(self, session: Session, lot: int, at: datetime | None = None) -> None:
        """Let the hammer fall on the lot, at its close if nothing else is said."""
        row = self.lots[lot]
        session.refresh(row)
        assert row.closes_at is not None
        hammer.fall(session, [row.id], now=at or row.closes_at)
        aftersale.bring(session, aftersale.owed(session, most=1, round_id=self.row.id))
        session.refresh(row)

    def close(self, session: Session) -> None:
        """Close the round."""
        session.flush()
        assert opening.close_round(session, round_id=self.row.id, now=CLOSES + timedelta(hours=1))


def a_round_to_play(session: Session, *lots: dict[str, Any], paddles: int = 3, **terms: Any) -> Played:
    """Keep a published round with these lots (said as to `a_lot`; and their `reserve`), all paddles admitted to all."""
    row = a_round(session, **terms)
    rows = [_lot(session, row, number, **said) for number, said in enumerate(lots, 1)]
    organisations = [an_organisation(session, market=MARKETS[place % len(MARKETS)]) for place in range(paddles)]
    issued = [a_paddle(session, 101 + place, *rows, organisation=each) for place, each in enumerate(organisations)]
    users = [a_user(session, Role.ENTERPRISE, organisation=each).id for each in organisations]
    for paddle in issued:
        for lot in rows:
            assert lot.start is not None
            a_deposit(session, paddle, lot, row.deposit_rule().of(lot.start))
        a_receipt(session, paddle, total([row.deposit_rule().of(lot.start) for lot in rows if lot.start is not None]))
    return Played(row, rows, issued, users)


def a_round_sold(session: Session, **terms: Any) -> Played:
    """Keep a round of six lots that was sold: two sold (one with a reserve), three passed in, one withheld; closed.

    Lot 1: 200万 → 300万. Lot 2: reserve met, 200万 → 230万, extended. Lot 3: reserve not met. Lot 4: nobody bid.
    Lot 5: paused, resumed, reserve without a bid. Lot 6: its reserve was never sealed.
    """
    played = a_round_to_play(
        session,
        {"field": "energy"},
        {"field": "life", "market": "shanghai", "reserve": wan(220)},
        {"field": "life", "reserve": wan(900)},
        {"field": "materials"},
        {"field": "materials", "reserve": wan(300)},
        {"field": "digital", "reserve_announced": True},
        **{"buyer_bps": 150, "seller_bps": 100} | terms,
    )
    opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
    minute = timedelta(minutes=1)
    played.bid(session, 0, 0, wan(200), OPENS + minute)
    played.bid(session, 0, 1, wan(210), OPENS + 2 * minute)
    played.bid(session, 0, 0, wan(300), OPENS + 3 * minute)
    played.bid(session, 1, 1, wan(220), OPENS + 4 * minute)
    played.bid(session, 1, 2, wan(230), CLOSES - minute)
    played.bid(session, 2, 2, wan(200), CLOSES - 2 * minute)
    officer, lot = a_user(session).id, [played.lots[4].id]
    pausing.pause(session, lot_ids=lot, reason="An inquiry.", by_id=officer, read_clock=lambda: OPENS + 5 * minute)
    resumed(session, lot_ids=lot, read_clock=lambda: OPENS + 8 * minute)
    for place in range(5):
        played.fall(session, place)
    played.close(session)
    return played


def by_two(session: Session, round_id: int, act: Act, *, at: datetime, reason: str, **subject: Any) -> Two:
    """Keep a request that was approved just now, and return who asked and who approved."""
    two = Two(a_user(session).id, a_user(session).id)
    shown = {"act": act.value, "round": session.get_one(RoundRow, round_id).slug, "reason": reason}
    session.add(
        ApprovalRow(
            round_id=round_id,
            act=act,
            subject=Subject(**subject).as_json(),
            reason=reason,
            shown=shown,
            digest=approval.digest_of(shown),
            asked_by_id=two.asked_by,
            asked_at=at,
            expires_at=at + approval.LASTS,
            decision=Decision.APPROVED,
            decided_by_id=two.approved_by,
            decided_at=at,
        )
    )
    session.flush()
    return two


def resumed(session: Session, *, lot_ids: Sequence[int], read_clock: Callable[[], datetime], reason: str = "Answered.") -> None:
    """Go on with lots of a round, as two have agreed."""
    now = read_clock()
    round_id = session.get_one(LotRow, lot_ids[0]).round_id
    two = by_two(session, round_id, Act.RESUME, at=now, reason=reason, lot_ids=tuple(lot_ids))
    pausing.resume(session, lot_ids=lot_ids, reason=reason, by_id=two.approved_by, read_clock=lambda: now, two=two)


def _lot(session: Session, row: RoundRow, number: int, *, reserve: Money | None = None, **said: Any) -> LotRow:
    titles = {name: said.pop(name) for name in ("title_zh", "title_en") if name in said}
    result = a_result(session, field=said.pop("field", "energy"), **titles)
    announced = {"reserve_announced": True} if reserve is not None else {}
    lot = a_lot(session, row, result=result, number=number, **announced | said)
    if reserve is not None:
        a_reserve(session, lot, reserve, salt=f"{number:064x}")
    return lot
