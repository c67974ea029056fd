"""Watching who was outbid while lots are sold."""

import structlog
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import Clock
from techauction.db import writing
from techauction.services import outbidding

log = structlog.get_logger()


class Outbidding:
    """The tick. It remembers lots as it last saw them, only to spare the work: a new process reads their records anew."""

    def __init__(self, sessions: sessionmaker[Session], clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock
        self._seen: dict[int, outbidding.Selling] = {}

    def look(self) -> None:
        """Tell those who were outbid since the last look: one short transaction, and none where there is nothing new."""
        with self._sessions() as session:
            selling = outbidding.selling(session)
            changed = {lot_id: lot for lot_id, lot in selling.items() if lot != self._seen.get(lot_id)}
            found = outbidding.look(session, changed, self._seen)
        if found.told or found.moot:
            with self._sessions() as session, writing(session):
                outbidding.tell(session, found, now=self._clock())
        self._seen = selling
