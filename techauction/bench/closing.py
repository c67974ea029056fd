"""Sixty lots that close in the same instant: how late their hammers stand in the database, for all to see and durable."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from techauction.bench import instance
from techauction.bench.failure import BenchFailed
from techauction.bench.kept import check
from techauction.bench.over_http import bid, serving
from techauction.clock import SystemClock
from techauction.core.record import Kind
from techauction.db import make_engine
from techauction.store.auction import OutcomeRow
from techauction.store.consigning import LotRow
from techauction.store.record import RecordRow

LASTS = timedelta(seconds=25)
"""From the making of the instance to the close; bidding in between takes a part of it."""
_BIDDING_S = 1.0
_QUIET = timedelta(seconds=2)
"""Bids must be over so long before the close: a late bid moves it."""
_LOOK_S = 0.001
_PATIENCE = timedelta(seconds=20)


@dataclass(slots=True, kw_only=True)
class Closed:
    """Milliseconds after the close, lot by lot, ascending: when the hammer was committed, and the instant that it says."""

    committed_ms: list[float] = field(default_factory=list)
    said_ms: list[float] = field(default_factory=list)


def measure(directory: Path, *, lots: int, bidders: int, database_url: str | None = None, workers: int = 1) -> Closed:
    """Return how late the hammers of lots that were all bid on fell: on SQLite, or on PostgreSQL by several processes.

    :raises BenchFailed: the machine is too slow to bid before the close, or a hammer did not fall
    """
    clock = SystemClock()
    made = instance.make(directory, bidders=bidders, lots=lots, lasts=LASTS, database_url=database_url)
    engine = make_engine(made.settings().database_url)
    with Session(engine) as session:
        closes_at = session.scalars(select(LotRow.closes_at).distinct()).one()
    assert closes_at is not None
    with serving("product", made, workers=workers) as server:
        seen = bid(server, made, connections=bidders, warm_s=0.0, seconds=_BIDDING_S)
        if clock() > closes_at - _QUIET:
            raise BenchFailed("the machine is too slow to bid before the lots close")
        time.sleep((closes_at - clock()).total_seconds() - _QUIET.total_seconds() / 4)
        closed = Closed(committed_ms=list(_committed(engine, lots, closes_at, clock)))
    check(made, seen)
    with Session(engine) as session:
        said = session.scalars(select(RecordRow.at).where(RecordRow.kind == Kind.HAMMERED)).all()
    engine.dispose()
    closed.said_ms = sorted((at - closes_at) / timedelta(milliseconds=1) for at in said)
    return closed


def _committed(engine: Engine, lots: int, closes_at: datetime, clock: SystemClock) -> Iterator[float]:
    """Yield for each lot how late its outcome was found; every look is a transaction of its own."""
    found = 0
    while found < lots:
        with Session(engine) as session:
            now_found = session.scalar(select(func.count()).select_from(OutcomeRow)) or 0
        now = clock()
        if now > closes_at + _PATIENCE:
            raise BenchFailed(f"{lots - found} hammers did not fall")
        for _ in range(now_found - found):
            yield (now - closes_at) / timedelta(milliseconds=1)
        found = now_found
        time.sleep(_LOOK_S)
