"""Simulated rivals of the live round: a thread that offers through the auctioneer, as slowly as people do."""

import itertools
from concurrent.futures import Future
from dataclasses import dataclass
from random import Random
from threading import Event, Thread

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, sessionmaker

from techauction.clock import Clock
from techauction.core.lot import Stage
from techauction.core.refusal import Refusal
from techauction.demo import rivalry
from techauction.demo.rivalry import Temper, Wish
from techauction.saleroom.auctioneer import Asked, Auctioneer, QueueFull
from techauction.store.auction import PaddleRow
from techauction.store.consigning import LotRow
from techauction.store.people import UserRow

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rival:
    organisation_id: int
    user_id: int


class Rivals:
    """Everybody in a live round but the visitors."""

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
        self._keys = itertools.count(1)
        self._rivals = self._find(visitors)
        self._end = Event()
        self._thread = Thread(target=self._run, name="rivals", daemon=True)

    def start(self) -> None:
        """Begin to look at the lots."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and wait until the last look is over."""
        self._end.set()
        self._thread.join(_PATIENCE_S)

    def look_once(self) -> int:
        """Look at every open lot, offer where somebody wishes to, and return how many lots have not ended."""
        with self._sessions() as session:
            rows = session.scalars(
                select(LotRow)
                .where(LotRow.round_id == self._round_id, LotRow.stage != Stage.ENDED)
                .options(joinedload(LotRow.round))
            ).all()
        for row in rows:
            if row.stage is Stage.OPEN:
                wish = self._look_at(row)
                if wish is not None:
                    self._offer(row, wish)
        return len(rows)

    def _look_at(self, row: LotRow) -> Wish | None:
        lot, now = row.to_core(row.round.rules()), self._clock()
        if row.id not in self._tempers:
            self._tempers[row.id] = rivalry.temper(lot, self._rivals, now=now, rnd=self._rnd)
        wish, self._tempers[row.id] = rivalry.look(lot, self._tempers[row.id], now=now, rnd=self._rnd)
        return wish

    def _offer(self, row: LotRow, wish: Wish) -> None:
        who = self._rivals[wish.paddle]
        future: Future[object] = self._auctioneer.submit(  # type: ignore[assignment]  # only whether it stands matters
            Asked(
                lot_id=row.id,
                organisation_id=who.organisation_id,
                user_id=who.user_id,
                session_id=None,
                amount=wish.amount,
                key=f"rival-{self._round_id}-{next(self._keys)}",
                confirmed=True,
                received_at=self._clock(),
            )
        )
        try:
            future.result(_PATIENCE_S)
        except Refusal as refusal:  # a visitor was faster
            log.info("rival_refused", lot=row.number, paddle=wish.paddle, refusal=str(refusal))

    def _find(self, visitors: tuple[int, ...]) -> dict[int, _Rival]:
        with self._sessions() as session:
            rows = session.execute(
                select(PaddleRow.number, PaddleRow.organisation_id, UserRow.id)
                .join(UserRow, UserRow.organisation_id == PaddleRow.organisation_id)
                .where(PaddleRow.round_id == self._round_id, PaddleRow.number.not_in(visitors))
                .order_by(PaddleRow.number)
            )
            return {
                number: _Rival(organisation_id=organisation_id, user_id=user_id)
                for number, organisation_id, user_id in rows
                if number is not None
            }

    def _run(self) -> None:
        while not self._end.wait(LOOK_EVERY_S):
            try:
                if not self.look_once():
                    return
            except QueueFull:  # the auctioneer stops
                return
            except Exception:  # the show goes on
                log.exception("rivals_stumbled")
