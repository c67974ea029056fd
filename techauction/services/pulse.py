"""The pulse of the selling process: one for the installation, however many processes sell."""

from datetime import datetime

from sqlalchemy import bindparam, select, text
from sqlalchemy.orm import Session

from techauction.services.pausing import interrupt_lost
from techauction.store.auction import PulseRow
from techauction.store.base import Instant

_BEGIN = text("INSERT INTO pulse (id, at) VALUES (1, :at) ON CONFLICT (id) DO NOTHING").bindparams(
    bindparam("at", type_=Instant)
)


def wake(session: Session, *, alive_at: datetime | None, now: datetime) -> None:
    """Say that the selling process is alive, and interrupt what was lost while no process was.

    `alive_at`: when the caller itself was last awake; a process that has just begun was never. A process that slept while
    others sold was not missed, and one that sold nothing until now was alive all the same.
    """
    seen = last_pulse(session)
    known = [each for each in (seen, alive_at) if each is not None]
    if known:
        interrupt_lost(session, away_from=max(known), now=now)
    beat(session, now=now)


def last_pulse(session: Session) -> datetime | None:
    """Return when a process was last known to be alive. Others wait to ask until this transaction has ended."""
    return session.scalar(select(PulseRow.at).with_for_update())


def beat(session: Session, *, now: datetime) -> None:
    """Say that the selling process is alive."""
    session.execute(_BEGIN, {"at": now})
    row = session.get_one(PulseRow, 1, with_for_update=True, populate_existing=True)
    row.at = now
