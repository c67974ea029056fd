"""What goes on in copies of rounds: simulated bidders bid, and what is over is thrown away."""

from functools import partial

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import Clock
from techauction.core.refusal import Refusal
from techauction.core.rehearsal import SIMULATED
from techauction.core.round import Phase
from techauction.db import writing
from techauction.saleroom.auctioneer import Auctioneer
from techauction.saleroom.simulated import SimulatedBidders
from techauction.services import discarding
from techauction.store.auction import PaddleRow
from techauction.store.consigning import RoundRow
from techauction.store.people import OrganisationRow

log = structlog.get_logger()

PATIENCE_S = 30.0


class Rehearsing:
    """The ticks of the copies. Who bids on what next is remembered here only: a new process thinks it over anew."""

    def __init__(self, sessions: sessionmaker[Session], auctioneer: Auctioneer, clock: Clock) -> None:
        self._sessions = sessions
        self._auctioneer = auctioneer
        self._clock = clock
        self._bidders: dict[int, SimulatedBidders] = {}

    def bid(self) -> None:
        """Have the simulated bidders of every open copy look at its lots."""
        with self._sessions() as session:
            copies = session.scalars(
                select(RoundRow.id).where(RoundRow.phase == Phase.OPEN, RoundRow.copy_of_id.is_not(None)).order_by(RoundRow.id)
            ).all()
        for gone in self._bidders.keys() - set(copies):
            del self._bidders[gone]
        for round_id in copies:
            try:
                self._of(round_id).look_once()
            except Exception:  # one broken copy must not silence the others
                log.exception("simulated_bidders_stumbled", round=round_id)

    def discard(self) -> None:
        """Throw away the copies that have had their time."""
        with self._sessions() as session:
            due = discarding.over(session, now=self._clock())
        for round_id in due:
            try:
                self._auctioneer.act(partial(discarding.stop, round_id=round_id)).result(PATIENCE_S)
                while self._discard_some(round_id):
                    pass
            except Refusal as refusal:  # another process was quicker
                log.info("copy_left_as_it_is", round=round_id, refusal=str(refusal))
            except Exception:  # one broken copy must not keep the others
                log.exception("copy_not_discarded", round=round_id)

    def _discard_some(self, round_id: int) -> bool:
        with self._sessions() as session, writing(session):
            return discarding.discard_some(session, round_id=round_id)

    def _of(self, round_id: int) -> SimulatedBidders:
        if round_id not in self._bidders:
            with self._sessions() as session:
                real = session.scalars(
                    select(PaddleRow.number)
                    .join(PaddleRow.organisation)
                    .where(PaddleRow.round_id == round_id, OrganisationRow.credit_code.not_like(f"{SIMULATED}%"))
                ).all()
            self._bidders[round_id] = SimulatedBidders(
                self._sessions,
                self._auctioneer,
                self._clock,
                round_id=round_id,
                visitors=tuple(each for each in real if each is not None),
                seed=round_id,
            )
        return self._bidders[round_id]
