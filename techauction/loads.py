"""Loading whole rounds beside a sale: one at a time, in short transactions; what a broken load left is swept away."""

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from threading import Lock

import structlog
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from techauction.core.custody import Custody, Slip
from techauction.core.planned import RoundFile
from techauction.core.reading import Faults
from techauction.core.refusal import Refusal
from techauction.core.roundfile import Known
from techauction.db import checkpoint, writing
from techauction.services import checking, sweeping
from techauction.services.loading import Load

log = structlog.get_logger()

PATIENCE_S = 20.0
"""How long a load waits for one before it."""
_AGAIN_S = 0.1
_LOCK = zlib.crc32(b"techauction loads") >> 1
_LONGEST_PAUSE_S = 0.05
_turns: dict[str, Lock] = {}


class LoadGoing(Refusal):
    """Another round is being loaded, and takes longer than a caller can wait."""

    code = "load_going"


def known(engine: Engine, now: datetime) -> Known:
    """Return what the installation has, for whoever reads a file."""
    with Session(engine) as session:
        return checking.known(session, now)


def load(
    engine: Engine,
    file: RoundFile,
    faults: Faults,
    *,
    now: datetime,
    publish: bool = True,
    by_id: int | None = None,
    host: str | None = None,
    custody: Custody,
    ready: Callable[[dict[int, Slip]], None] = lambda _slips: None,
    patience_s: float = PATIENCE_S,
) -> str:
    """Load a file that was read with these faults, all of it or nothing, and return the round's slug.

    It is published unless asked not to. `ready` is given the seal slips by their lots' numbers, before anybody sees the round.

    :raises LoadGoing: as it says
    :raises RoundFileWrong: with what is wrong with the file
    :raises NoCustodyKey: there is a reserve and no key to seal it with
    """
    with _turn(engine, patience_s) as session:
        _sweep(session)
        for tries_left in (1, 0):
            try:
                _load(session, file, faults, now, publish, by_id, host, custody, ready)
            except BaseException as error:
                with suppress(SQLAlchemyError):  # if not now, a tick does it
                    _sweep(session)
                # Somebody takes a name or a credit code at this moment: a second look tells which.
                if not (tries_left and isinstance(error, IntegrityError)):
                    raise
            else:
                break
    return file.round.slug


def sweep(engine: Engine) -> None:
    """Sweep away what broken loads have left, unless one is going on."""
    with Session(engine) as session:
        if not sweeping.left(session):
            return
    with suppress(LoadGoing), _turn(engine, 0) as session:
        _sweep(session)


def _load(  # noqa: PLR0917 (what `load` was given)
    session: Session,
    file: RoundFile,
    faults: Faults,
    now: datetime,
    publish: bool,  # noqa: FBT001 (the same)
    by_id: int | None,
    host: str | None,
    custody: Custody,
    ready: Callable[[dict[int, Slip]], None],
) -> None:
    slips: dict[int, Slip] = {}
    checking.check(session, file, Faults(list(faults.noted), faults.more), publish=publish, host=host, now=now)
    load = Load(file, publish=publish, by_id=by_id, custody=custody, hand_out=slips.__setitem__, now=now)
    for step in load.steps(session):
        _take(session, step)
    ready(slips)
    _take(session, load.finish)


def _sweep(session: Session) -> None:
    for round_id in sweeping.left(session):
        log.warning("load_swept", round=round_id)
        while _take(session, partial(sweeping.sweep_some, round_id=round_id)):
            pass


def _take(session: Session, step: Callable[[Session], object]) -> object:
    """Take one step in a transaction of its own, and leave the database to others for as long as it took."""
    with writing(session):
        began = time.monotonic()
        done = step(session)
    checkpoint(session.get_bind().engine)  # little by little: else a bid's commit would copy all of it at once
    session.rollback()
    session.expunge_all()
    time.sleep(min(time.monotonic() - began, _LONGEST_PAUSE_S))
    return done


@contextmanager
def _turn(engine: Engine, patience_s: float) -> Iterator[Session]:
    """Yield a session for the installation's one load; whoever has the turn knows that nobody else loads.

    On PostgreSQL the turn is an advisory lock of the very connection that writes: it cannot be lost while the load goes on.

    :raises LoadGoing: another has it
    """
    if engine.dialect.name == "sqlite":
        # One process serves an installation on SQLite, and commands that write wait for its end.
        turn = _turns.setdefault(str(engine.url), Lock())
        if not turn.acquire(timeout=patience_s):
            raise LoadGoing
        try:
            with Session(engine, expire_on_commit=False) as session:
                yield session
        finally:
            turn.release()
        return
    with engine.connect() as connection:
        _await(lambda: bool(connection.scalar(text(f"SELECT pg_try_advisory_lock({_LOCK})"))), connection.rollback, patience_s)
        try:
            with Session(connection, expire_on_commit=False) as session:
                yield session
        finally:
            with suppress(SQLAlchemyError):
                connection.rollback()
            # A connection of the pool that kept the lock would bar every later load.
            connection.invalidate()


def _await(taken: Callable[[], bool], between: Callable[[], None], patience_s: float) -> None:
    until = time.monotonic() + patience_s
    while not taken():
        between()
        if time.monotonic() >= until:
            raise LoadGoing
        time.sleep(_AGAIN_S)
    between()
