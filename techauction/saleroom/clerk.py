"""The clerk: opens lots, answers instructions at them, settles what the hammer fell on, and closes rounds that are over.

All of it for the auctioneer's own thread, a few lots at a time, between offers.
"""

import time
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

import structlog
from sqlalchemy.orm import Session

from techauction.clock import Clock
from techauction.core.stuck import Duty
from techauction.postgresql import is_away
from techauction.services import aftersale, instructions, opening, stuck

log = structlog.get_logger()

AT_ONCE = 4
"""At most so many lots share a transaction: offers and hammers on other lots wait for it."""
RETRY_S = 0.5


class Clerk:
    """Brings what is owed, a few lots at a time. `perform` runs a use case in a write transaction of the auctioneer's.

    It is asked to hurry while something cannot be done: what somebody outside holds keeps no offer waiting for long.
    """

    def __init__(self, perform: Callable[..., Any]) -> None:
        self._perform_it = perform
        self._hurried = False
        self._rounds: set[int] = set()
        self._stuck: set[int] = set()
        self._told: set[tuple[int, Duty]] = set()
        self._answered: set[int] = set()  # also where no instruction called for a bid
        self._next_s: float | None = 0.0  # what a process before this one left

    def expect(self, rounds: Collection[int] = ()) -> None:
        """Look what is owed: a hammer fell in these rounds, lots changed, or another process may have left something."""
        self._rounds |= set(rounds)
        self._next_s = 0.0

    @property
    def busy(self) -> bool:
        """Return whether there is something to do now."""
        return self._next_s is not None and time.monotonic() >= self._next_s

    def step(self) -> None:
        """Do a part of what is to be done; a lot that cannot be settled is tried again later, and no other waits for it."""
        if not self.busy:
            return
        self._next_s = time.monotonic() + RETRY_S  # also if the next lines fail
        listed = self._perform(partial(_listed, apart_from=self._stuck))
        if listed:
            if self._open(listed):
                self._next_s = 0.0
            return
        opened = self._perform(partial(_unanswered, apart_from=self._answered | self._stuck))
        if opened:
            self._answer(opened)
            self._next_s = 0.0
            return
        owed = self._perform(partial(_owed, apart_from=self._stuck))
        if owed:
            if self._bring(owed):
                self._next_s = 0.0
            return
        self._close_rounds()
        if not self._stuck and not self._rounds:
            self._next_s, self._hurried = None, False
        self._stuck.clear()

    def finish(self) -> None:
        """Do all that can be done now."""
        while self.busy:
            self.step()

    def _perform(self, use_case: Callable[..., Any]) -> Any:
        hurried, self._hurried = self._hurried, True  # if the next line fails
        result = self._perform_it(use_case, hurried=hurried)
        self._hurried = hurried
        return result

    def _open(self, lot_ids: list[int]) -> bool:
        """Return whether there may be more to open now; what another process is at work on is looked at later."""
        try:
            return bool(self._perform(partial(opening.open_lots, lot_ids=lot_ids)))
        except Exception as error:
            log.exception("opening_failed", lots=lot_ids)
            if len(lot_ids) == 1:
                self._stuck.update(lot_ids)
                self.tell(lot_ids[0], Duty.OPENING, error)
            else:
                for lot_id in lot_ids:
                    self._open([lot_id])
            return True

    def _answer(self, lot_ids: list[int]) -> None:
        try:
            self._perform(partial(instructions.answer_opened, lot_ids=lot_ids))
        except Exception as error:
            log.exception("answering_failed", lots=lot_ids)
            self._stuck.update(lot_ids)
            for lot_id in lot_ids:
                self.tell(lot_id, Duty.ANSWERING, error)
        else:
            self._answered.update(lot_ids)

    def _bring(self, lot_ids: list[int]) -> bool:
        """Return whether there may be more to do now; what another process is at work on is looked at later."""
        try:
            return bool(self._perform(partial(_bring, lot_ids=lot_ids)))
        except Exception as error:
            log.exception("settlement_failed", lots=lot_ids)
            if len(lot_ids) == 1:
                self._stuck.update(lot_ids)
                self.tell(lot_ids[0], Duty.SETTLING, error)
            else:
                for lot_id in lot_ids:
                    self._bring([lot_id])
            return True

    def _close_rounds(self) -> None:
        """Close those that are over, each by itself; one that cannot be closed is tried again later."""
        for round_id in sorted(self._rounds):
            try:
                self._perform(partial(_close_round, round_id=round_id))
            except Exception:
                log.exception("closing_failed", round=round_id)
            else:
                self._rounds.discard(round_id)

    def tell(self, lot_id: int, duty: Duty, error: Exception) -> None:
        """Have the organizers know of a lot with which something is wrong; what only the database refused passes."""
        if is_away(error) or (lot_id, duty) in self._told:
            return
        try:
            self._perform(partial(_tell, lot_id=lot_id, duty=duty))
        except Exception:
            log.exception("not_told", lot=lot_id, duty=duty)
        else:
            self._told.add((lot_id, duty))


def _tell(session: Session, *, read_clock: Clock, lot_id: int, duty: Duty) -> None:
    stuck.tell(session, lot_id=lot_id, duty=duty, now=read_clock())


def _listed(session: Session, *, read_clock: Clock, apart_from: set[int]) -> list[int]:
    del read_clock
    return opening.to_open(session, most=AT_ONCE, apart_from=apart_from)


def _unanswered(session: Session, *, read_clock: Clock, apart_from: set[int]) -> list[int]:
    del read_clock
    return instructions.unanswered(session, most=1, apart_from=apart_from)


def _owed(session: Session, *, read_clock: Clock, apart_from: set[int]) -> list[int]:
    del read_clock
    return aftersale.owed(session, most=AT_ONCE, apart_from=apart_from)


def _bring(session: Session, *, read_clock: Clock, lot_ids: list[int]) -> bool:
    del read_clock
    return aftersale.bring(session, lot_ids)


def _close_round(session: Session, *, read_clock: Clock, round_id: int) -> None:
    opening.close_round(session, round_id=round_id, now=read_clock())
