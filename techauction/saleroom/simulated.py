"""Simulated bidders of a round: they look at its lots and offer through the auctioneer, as anybody does."""

from concurrent.futures import Future
from dataclasses import dataclass
from random import Random
from uuid import uuid4

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, sessionmaker

from techauction.clock import Clock
from techauction.core import rivalry
from techauction.core.lot import Format, Stage
from techauction.core.refusal import Refusal
from techauction.core.rivalry import Temper, Wish
from techauction.saleroom.auctioneer import Asked, Auctioneer
from techauction.store.auction import PaddleRow
from techauction.store.consigning import LotRow
from techauction.store.people import UserRow

log = structlog.get_logger()

_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bidder:
    organisation_id: int
    user_id: int


class SimulatedBidders:
    """Everybody in a round but the paddles of real people: visitors of a demonstration, the bidder who practises."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        auctioneer: Auctioneer,
        clock: Clock,
        *,
        round_id: int,
        visitors: tuple[int, ...],
        seed: int,
    ) -> None:
        self._sessions = sessions
        self._auctioneer = auctioneer
        self._clock = clock
        self._round_id = round_id
        self._rnd = Random(seed)  # noqa: S311 (nothing here is a secret)
        self._tempers: dict[int, Temper] = {}
        self._yet_to_offer: dict[int, list[int]] = {}
        self._bidders = self._find(visitors)

    def look_once(self) -> int:
        """Look at every open lot, offer where somebody wishes to, and return how many lots have not ended."""
        with self._sessions() as session:
            rows = session.scalars(
                select(LotRow)
                .where(LotRow.round_id == self._round_id, LotRow.stage != Stage.ENDED)
                .options(joinedload(LotRow.round))
            ).all()
        looked = [(row, self._look_at(row)) for row in rows if row.stage is Stage.OPEN and self._bidders]
        # All are asked before any answer is waited for: the auctioneer takes them in one group.
        asked = [(row, wish, self._offer(row, wish)) for row, wish in looked if wish is not None]
        for row, wish, future in asked:
            try:
                future.result(_PATIENCE_S)
            except Refusal as refusal:  # somebody else was faster
                log.info("rival_refused", lot=row.number, paddle=wish.paddle, refusal=str(refusal))
        return len(rows)

    def _look_at(self, row: LotRow) -> Wish | None:
        lot, now = row.to_core(row.round.rules()), self._clock()
        if row.format is Format.SEALED:
            return self._seal(row)
        if row.id not in self._tempers:
            self._tempers[row.id] = rivalry.temper(lot, self._bidders, now=now, rnd=self._rnd)
        wish, self._tempers[row.id] = rivalry.look(lot, self._tempers[row.id], now=now, rnd=self._rnd)
        return wish

    def _seal(self, row: LotRow) -> Wish | None:
        """Return the one offer of the next who has made none: nothing is known of the others'."""
        if row.id not in self._yet_to_offer:
            some = self._rnd.sample(sorted(self._bidders), min(len(self._bidders), self._rnd.randint(2, 4)))
            self._yet_to_offer[row.id] = [each for each in some if each not in row.bidders]
        waiting = self._yet_to_offer[row.id]
        if not waiting or self._rnd.random() < rivalry.HESITATES:
            return None
        assert row.start is not None
        assert row.increment is not None
        return Wish(paddle=waiting.pop(), amount=row.start + row.increment.times(self._rnd.randint(0, 10)))

    def _offer(self, row: LotRow, wish: Wish) -> "Future[object]":
        who = self._bidders[wish.paddle]
        return self._auctioneer.submit(  # type: ignore[return-value]  # only whether it stands matters
            Asked(
                lot_id=row.id,
                organisation_id=who.organisation_id,
                user_id=who.user_id,
                session_id=None,
                amount=wish.amount,
                key=f"rival-{uuid4().hex}",
                confirmed=True,
            )
        )

    def _find(self, visitors: tuple[int, ...]) -> dict[int, _Bidder]:
        with self._sessions() as session:
            rows = session.execute(
                select(PaddleRow.number, PaddleRow.organisation_id, UserRow.id)
                .join(UserRow, UserRow.organisation_id == PaddleRow.organisation_id)
                .where(PaddleRow.round_id == self._round_id, PaddleRow.number.not_in(visitors))
                .order_by(PaddleRow.number)
            )
            return {
                number: _Bidder(organisation_id=organisation_id, user_id=user_id)
                for number, organisation_id, user_id in rows
                if number is not None
            }
