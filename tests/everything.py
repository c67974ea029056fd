"""A round in which everything happens that may happen to a lot, sold by the services that sell in earnest."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from techauction.core.absence import Gap
from techauction.core.approval import Act
from techauction.core.custody import Custody
from techauction.core.lot import Format, Stage
from techauction.core.money import Money
from techauction.core.offer import Source
from techauction.core.refusal import Refusal
from techauction.services import absence, aftersale, hammer, instructions, opening, pausing, prolonging, voiding, withdrawing
from techauction.services.bidding import Answer, Asked, Taken, take_bids
from techauction.store.auction import AdmissionRow
from techauction.store.consigning import LotRow
from techauction.store.people import Role
from tests.builders import CLOSES, OPENS, a_reserve, a_user, wan
from tests.rounds import Played, a_round_to_play, by_two, resumed

MINUTE = timedelta(minutes=1)


class Everything:
    """The round while it is played. Its lots, by place:

    0 sold; before, during and after it offers are refused. 1 sold over its reserve, with a bid from the floor and a match;
    both, and what was matched, voided. 2 passed in under its reserve. 3 nobody bid. 4 withheld. 5 sold, the outcome voided.
    6 sold by sealed offers, with a reserve in its box. 7 withdrawn. 8 sold by instructions; interrupted, resumed and prolonged.
    """

    def __init__(self, session: Session, custody: Custody) -> None:
        self.session = session
        self.custody = custody
        self._keys = count(1)
        a_user(session, Role.AUDITOR)
        lots: list[dict[str, Any]] = [{} for _ in range(9)]
        lots[1] = {"field": "life", "market": "shanghai", "reserve": wan(220)}
        lots[2] = {"reserve": wan(900)}
        lots[4] = {"reserve_announced": True}
        lots[6] = {"format": Format.SEALED, "reserve_announced": True}
        self.played = a_round_to_play(session, *lots, buyer_bps=150, seller_bps=100)
        a_reserve(session, self.played.lots[6], wan(210), custody=custody)
        matching = (AdmissionRow.lot_id == self.lot(1).id) & (AdmissionRow.paddle_id == self.played.paddles[2].id)
        session.execute(update(AdmissionRow).where(matching).values(priority_rank=1))
        self._sell()

    def lot(self, place: int) -> LotRow:
        """Return a lot as it stands."""
        lot = self.played.lots[place]
        self.session.flush()
        self.session.refresh(lot)
        return lot

    def _sell(self) -> None:
        self._before()
        opening.open_round(self.session, round_id=self.played.row.id, read_clock=lambda: OPENS)
        self._bids()
        self._stops()
        for place in (0, 1, 2, 3, 5, 6, 8):
            self._fall(place)
        two = by_two(
            self.session, self.played.row.id, Act.VOID_OUTCOME, at=self._late(), reason="Fraud.", lot_ids=(self.lot(5).id,)
        )
        voiding.void_outcome(self.session, lot=self.lot(5), reason="Fraud.", two=two, now=self._late())
        self._refused(0, 2, wan(400), self._late())
        self.session.flush()
        aftersale.bring(self.session, aftersale.owed(self.session, most=20, round_id=self.played.row.id))
        assert opening.close_round(self.session, round_id=self.played.row.id, now=self._late() + MINUTE)

    def _before(self) -> None:
        self._refused(0, 0, wan(200), OPENS - 2 * MINUTE)
        for place, ceiling in ((0, wan(230)), (1, wan(260))):
            paddle = self.played.paddles[place]
            instructions.place(
                self.session,
                lot_id=self.lot(8).id,
                organisation_id=paddle.organisation_id,
                user_id=self.played.users[place],
                ceiling=ceiling,
                read_clock=lambda: OPENS - MINUTE,
            )
        lot = self.lot(7)
        withdrawing.withdraw(
            self.session,
            lot_id=lot.id,
            reason="Taken back.",
            by_id=a_user(self.session).id,
            market_key=lot.market_key,
            read_clock=lambda: OPENS - MINUTE,
        )

    def _bids(self) -> None:
        self._bid(0, 0, wan(200))
        self._refused(0, 1, wan(205), OPENS + MINUTE)
        self._bid(0, 1, wan(210))
        self._bid(0, 0, wan(250))
        self._bid(1, 1, wan(220))
        self._bid(1, 0, wan(230), source=Source.FLOOR)
        self._bid(1, 2, wan(230), matching=True)
        self._bid(2, 2, wan(200))
        self._bid(5, 1, wan(200))
        self._bid(6, 0, wan(230))
        self._bid(6, 2, wan(240))
        instructions.answer_opened(self.session, [self.lot(8).id], read_clock=lambda: OPENS + MINUTE)

    def _stops(self) -> None:
        officer, lot = a_user(self.session).id, self.lot(1)
        at = OPENS + 5 * MINUTE
        pausing.pause(self.session, lot_ids=[lot.id], reason="An inquiry.", by_id=officer, read_clock=lambda: at)
        said: dict[str, Any] = {"reason": "Not said.", "lot_ids": (lot.id,), "seq": 3}
        two = by_two(self.session, self.played.row.id, Act.VOID_BID, at=at + MINUTE, **said)
        voiding.void_bid(self.session, lot=self.lot(1), seq=3, reason="Not said.", two=two, now=at + MINUTE)
        self.session.flush()
        resumed(self.session, lot_ids=[lot.id], read_clock=lambda: at + 2 * MINUTE)
        self._bid(1, 0, wan(240), at=CLOSES - MINUTE)
        away = CLOSES - 2 * MINUTE
        others = [self.lot(place) for place in (0, 2, 3, 5, 6)]
        stages = [each.stage for each in others]
        absence.keep(self.session, Gap(away, CLOSES - MINUTE))
        lost = absence.look(self.session, now=CLOSES - MINUTE)
        assert self.lot(8).id in lost
        assert stages == [Stage.OPEN] * len(others)
        resumed(self.session, lot_ids=sorted(lost), read_clock=lambda: CLOSES)
        at = CLOSES + MINUTE
        two = by_two(
            self.session, self.played.row.id, Act.PROLONG, at=at, reason="A fair.", lot_ids=(self.lot(8).id,), minutes=5
        )
        prolonging.prolong(self.session, lots=[self.lot(8)], by=5 * MINUTE, reason="A fair.", two=two, now=at)
        self.session.flush()

    def _late(self) -> datetime:
        return CLOSES + timedelta(hours=1)

    def _fall(self, place: int) -> None:
        lot = self.lot(place)
        assert lot.closes_at is not None
        hammer.fall(self.session, [lot.id], now=lot.closes_at, custody=self.custody)
        aftersale.bring(self.session, aftersale.owed(self.session, most=1, round_id=self.played.row.id))

    def _bid(self, place: int, paddle: int, amount: Money, *, at: datetime = OPENS + MINUTE, **more: Any) -> None:
        answer = self._ask(place, paddle, amount, at, **more)
        assert isinstance(answer, Taken), answer

    def _refused(self, place: int, paddle: int, amount: Money, at: datetime) -> None:
        assert isinstance(self._ask(place, paddle, amount, at), Refusal)

    def _ask(self, place: int, paddle: int, amount: Money, at: datetime, **more: Any) -> Answer:
        self.session.flush()
        asked = Asked(
            lot_id=self.lot(place).id,
            organisation_id=self.played.paddles[paddle].organisation_id,
            user_id=self.played.users[paddle],
            session_id=None,
            amount=amount,
            key=f"a-key-{next(self._keys)}",
            confirmed=True,
            received_at=at,
            **more,
        )
        [answer] = take_bids(self.session, [asked], read_clock=lambda: at, custody=self.custody)
        self.session.expire_all()
        return answer


def everything(session: Session, custody: Custody) -> Played:
    """Keep such a round, sold and closed."""
    return Everything(session, custody).played
