"""The live round: what a visitor finds open, on the real clock; and the next one, which can still be prepared."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import SHANGHAI, ManualClock
from techauction.core.absence import Decided
from techauction.core.custody import Custody
from techauction.core.lot import Stage
from techauction.core.round import Phase
from techauction.db import writing
from techauction.demo.data import joint_live, joint_next
from techauction.saleroom.auctioneer import Auctioneer
from techauction.services import pausing, processes, rounds
from techauction.services.loading import load_round
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import Role, UserRow
from techauction.store.record import RecordRow

LIVE, NEXT = "joint-live", "joint-next"
OPENS_IN = timedelta(seconds=15)
"""How long after its loading the live round opens: by then the process serves."""
FREE_PERIOD = timedelta(seconds=150)
NEXT_IN = timedelta(days=10)
_BEFORE = timedelta(minutes=30)
_REASON = "演示中断后继续。 The demonstration goes on after a stop."
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A round that was just loaded."""

    round_id: int
    slug: str
    opens_at: datetime


def load(session: Session, *, custody: Custody, now: datetime) -> Loaded:
    """Load a new live round, which opens in a few seconds, and a next one if none is to come."""
    if session.scalar(select(RoundRow.id).where(RoundRow.slug.startswith(NEXT), RoundRow.opens_at > now)) is None:
        _load_next(session, custody=custody, now=now)
    slug, count = _free(session, LIVE)
    plan = joint_live()
    opens_at = now + OPENS_IN
    plan["round"] |= {
        "slug": slug,
        "title_zh": _counted(plan["round"]["title_zh"], count, "（第{}场）"),
        "title_en": _counted(plan["round"]["title_en"], count, " no. {}"),
        "registration_closes_at": opens_at.isoformat(),
        "reserve_deadline_at": opens_at.isoformat(),
        "opens_at": opens_at.isoformat(),
        "closes_at": (opens_at + FREE_PERIOD).isoformat(),
    }
    row = load_round(session, plan, now=now, custody=custody)
    return Loaded(round_id=row.id, slug=row.slug, opens_at=row.opens_at)


def _load_next(session: Session, *, custody: Custody, now: datetime) -> None:
    slug, _ = _free(session, NEXT)
    plan: dict[str, Any] = joint_next()
    opens_at = datetime.combine((now + NEXT_IN).astimezone(SHANGHAI).date(), time(10), SHANGHAI)
    plan["round"] |= {
        "slug": slug,
        "registration_closes_at": (opens_at - timedelta(hours=17)).isoformat(),
        "reserve_deadline_at": (opens_at - _BEFORE).isoformat(),
        "opens_at": opens_at.isoformat(),
        "closes_at": (opens_at + timedelta(hours=1)).isoformat(),
    }
    load_round(session, plan, now=now, custody=custody)


def _free(session: Session, name: str) -> tuple[str, int]:
    taken = set(session.scalars(select(RoundRow.slug).where(RoundRow.slug.startswith(name))))
    count = 1
    while (slug := name if count == 1 else f"{name}-{count}") in taken:
        count += 1
    return slug, count


def _counted(title: str, count: int, how: str) -> str:
    return title if count == 1 else title + how.format(count)


def end_earlier(engine: Engine, read_clock: Callable[[], datetime], *, custody: Custody) -> None:
    """Let the live rounds of earlier runs go on from where their process ended, up to the present moment.

    A house's lots would be interrupted, and wait for its organizer. A demonstration has none, so its time is taken up where it
    stopped: lots whose close has come since are hammered, and those still to close do so under the new process.
    """
    sessions = sessionmaker(engine, expire_on_commit=False)
    with sessions() as session, writing(session):
        waiting = session.scalars(_of_live(select(RoundRow), Phase.PUBLISHED)).all()
        by_id = session.scalars(select(UserRow.id).where(UserRow.role == Role.ORGANIZER).order_by(UserRow.id).limit(1)).one()
        for row in waiting:
            listed = [lot for lot in row.lots if lot.stage is Stage.LISTED]
            rounds.call_off_announced(session, row=row, lots=listed, reason=_REASON, two=None, now=read_clock())
        lots = _of_live(select(LotRow.id, LotRow.stage).join(RoundRow, LotRow.round_id == RoundRow.id), Phase.OPEN)
        stages = dict(session.execute(lots.where(LotRow.stage != Stage.ENDED)).all())
        if not stages:
            return
        # What a process has proved is a little older than the last thing that happened.
        happened = session.scalar(select(func.max(RecordRow.at)).where(RecordRow.lot_id.in_(stages)))
        stopped_at = max(filter(None, (happened, processes.last_proof(session, now=read_clock()))))
        gone = processes.begin(session, now=stopped_at)
        processes.end(session, gone, now=stopped_at, decided=Decided(stopped_at))
    clock = ManualClock(stopped_at)
    auctioneer = Auctioneer(sessions, clock, custody=custody)
    auctioneer.start()
    try:
        stopped = [lot_id for lot_id, stage in stages.items() if stage in (Stage.PAUSED, Stage.INTERRUPTED)]
        if stopped:
            auctioneer.act(partial(pausing.resume, lot_ids=stopped, reason=_REASON, by_id=by_id)).result(_PATIENCE_S)
        clock.set(read_clock())
        auctioneer.nudge().result(_PATIENCE_S)
    finally:
        auctioneer.stop()


def _of_live(statement: Any, phase: Phase) -> Any:
    return statement.where(RoundRow.slug.startswith(LIVE), RoundRow.synthetic, RoundRow.phase == phase)
