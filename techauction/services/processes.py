"""The processes that sell: what each has proved and decided, and whom a hammer waits for.

On PostgreSQL a process holds an advisory lock for its life, on the connection that it sells by: where the lock is free, the
process is dead. On SQLite there is one process.
"""

import zlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal, select, text, update
from sqlalchemy.orm import Session

from techauction.core.absence import SILENCE, Decided
from techauction.core.round import Phase
from techauction.store.consigning import RoundRow
from techauction.store.processes import ProcessRow

_NAMESPACE = zlib.crc32(b"techauction processes") >> 1
_HOLDS = "process locks"
"""Where a connection keeps for which processes it holds the lock."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What other processes that are alive have said that they have decided."""

    others: tuple[Decided, ...] = ()

    def awaits(self, lot_id: int, closes_at: datetime, now: datetime) -> bool:
        """Return whether the lot's hammer waits at `now`: one has not spoken of it, and was not silent for too long."""
        return self.silent(lot_id, closes_at) > 0 and now - closes_at < SILENCE

    def silent(self, lot_id: int, closes_at: datetime) -> int:
        """Return how many have not said that they have decided what was here for a lot before its close."""
        return sum(each.of(lot_id) < closes_at for each in self.others)


ALONE = Heard()
"""What a process hears where there is no other."""


def begin(session: Session, *, now: datetime) -> int:
    """Keep a row for a process that begins, and return its id; those that died without a word are marked."""
    _find_lost(session, own=0, now=now)
    row = ProcessRow(began_at=now, proven_at=now, decided_through=now)
    session.add(row)
    session.flush()
    _stand(session, row.id)
    return row.id


def beat(session: Session, process_id: int, *, proven_at: datetime | None, decided: Decided) -> int | None:
    """Say what a process has proved and decided; return the least gap setting of the open rounds.

    `proven_at` is none where it has proved nothing since. Who was taken for dead, and beats, is not.
    """
    said: dict[str, object] = {**_said(decided), "lost_at": None}
    if proven_at is not None:
        said["proven_at"] = proven_at
    session.execute(update(ProcessRow).where(ProcessRow.id == process_id).values(said))
    _stand(session, process_id)
    return session.scalar(select(func.min(RoundRow.gap_s)).where(RoundRow.phase == Phase.OPEN))


def end(session: Session, process_id: int, *, now: datetime, decided: Decided) -> None:
    """Say that a process ends in good order."""
    said = {**_said(decided), "proven_at": now, "ended_at": now, "lost_at": None}
    session.execute(update(ProcessRow).where(ProcessRow.id == process_id).values(said))
    held: set[int] = session.connection().info.setdefault(_HOLDS, set())
    if process_id in held:
        session.execute(_LET_GO, {"namespace": _NAMESPACE, "process": process_id})
        held.discard(process_id)


def last_proof(session: Session, *, now: datetime, apart_from: int = 0) -> datetime | None:
    """Return when a process has last proved that bids could be taken; a clock that was set back may have left later ones."""
    return session.scalar(
        select(func.max(ProcessRow.proven_at)).where(ProcessRow.id != apart_from, ProcessRow.proven_at <= now)
    )


def set_back(session: Session, *, now: datetime) -> None:
    """Take back what processes have said of a time that is still to come, by a clock that was set back to `now`."""
    session.execute(update(ProcessRow).where(ProcessRow.proven_at > now).values(proven_at=now))
    session.execute(update(ProcessRow).where(ProcessRow.decided_through > now).values(decided_through=now, behind={}))


def heard(session: Session, *, own: int, now: datetime) -> Heard:
    """Return what the others say that are alive. Who is found dead is marked, and waited for no more."""
    if session.get_bind().dialect.name != "postgresql":
        return ALONE
    _find_lost(session, own=own, now=now)
    others = select(ProcessRow).where(*_ALIVE, ProcessRow.id != own).execution_options(populate_existing=True)
    return Heard(tuple(each.decided for each in session.scalars(others)))


def _said(decided: Decided) -> dict[str, object]:
    behind = {str(lot_id): at.isoformat() for lot_id, at in decided.behind.items()}
    return {"decided_through": decided.through, "behind": behind}


def _find_lost(session: Session, *, own: int, now: datetime) -> None:
    if session.get_bind().dialect.name == "postgresql":
        # The lock is held until this transaction has ended: of two that ask at once, one learns of the death later.
        free = func.pg_try_advisory_xact_lock(literal(_NAMESPACE), ProcessRow.id)
        others = select(ProcessRow.id, free).where(*_ALIVE, ProcessRow.id != own).order_by(ProcessRow.id)
        dead = [process_id for process_id, is_free in session.execute(others) if is_free]
    else:
        dead = list(session.scalars(select(ProcessRow.id).where(*_ALIVE, ProcessRow.id != own)))
    if dead:
        session.execute(update(ProcessRow).where(ProcessRow.id.in_(dead)).values(lost_at=now))


def _stand(session: Session, process_id: int) -> None:
    """Take the process's lock, where this connection does not hold it: connections come and go with the database."""
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return
    held: set[int] = connection.info.setdefault(_HOLDS, set())
    if process_id not in held and connection.scalar(_TAKE, {"namespace": _NAMESPACE, "process": process_id}):
        held.add(process_id)


_ALIVE = (ProcessRow.ended_at.is_(None), ProcessRow.lost_at.is_(None))
_TAKE = text("SELECT pg_try_advisory_lock(:namespace, :process)")
_LET_GO = text("SELECT pg_advisory_unlock(:namespace, :process)")
