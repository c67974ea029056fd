"""Watching who was outbid while lots are sold."""

import structlog
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import Clock
from techauction.db import writing
from techauction.services import outbidding

log = structlog.get_logger()


class Outbidding:
    """The tick. It remembers how far it has read each lot's record, only to spare the work: a new process reads all anew."""

    def __init__(self, sessions: sessionmaker[Session], clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock
        self._read: dict[int, int] = {}

    def look(self) -> None:
        """Tell those who were outbid since the last look; one short transaction a lot, and none where there is nothing new."""
        with self._sessions() as session:
            selling = outbidding.selling(session)
        self._read = {lot_id: seq for lot_id, seq in self._read.items() if lot_id in selling}
        for lot_id, seq in selling.items():
            if self._read.get(lot_id) == seq:
                continue
            with self._sessions() as session:
                found = outbidding.look(session, lot_id)
            if found.user_ids or found.moot:
                with self._sessions() as session, writing(session):
                    outbidding.tell(session, lot_id, found, now=self._clock())
            self._read[lot_id] = seq
