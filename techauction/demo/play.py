"""Playing the sale of 6 June 2020: every bid is taken by the real auctioneer, while a clock is moved by hand."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, selectinload, sessionmaker

from techauction.clock import ManualClock
from techauction.core.custody import Custody
from techauction.core.lot import Lot, Stage
from techauction.core.refusal import Refusal
from techauction.core.round import Phase
from techauction.db import writing
from techauction.demo import people, script
from techauction.demo.data import JOINT, aims, joint_2020
from techauction.demo.script import Cue, Part
from techauction.saleroom.auctioneer import Asked, Auctioneer
from techauction.services import opening
from techauction.services.loading import load_round
from techauction.store.auction import OutcomeRow, PaddleRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import UserRow

ANNOUNCED_AT = datetime(2020, 5, 18, 1, 0, tzinfo=UTC)
SEED = 20_200_606
_PATIENCE_S = 30.0


class PlayWentWrong(Exception):
    """The auctioneer decided otherwise than the rules said when the play was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cast:
    """Who offers under a paddle."""

    organisation_id: int
    user_id: int


def play(engine: Engine, *, custody: Custody, progress: Callable[[int, int], None] = lambda _done, _of: None) -> None:
    """Load the round, open it, have it bid for and hammered, and close it; `progress` is told what is done, of how much.

    The database is empty but for what the migrations bring. `engine` is the auctioneer's own; reserves are sealed in `custody`.
    """
    clock = ManualClock(ANNOUNCED_AT)
    sessions = sessionmaker(engine, expire_on_commit=False)
    with sessions() as session, writing(session):
        round_id = load_round(session, joint_2020(), now=clock(), custody=custody).id
        people.settle_in(session, now=clock())
    with sessions() as session:
        row = session.get_one(RoundRow, round_id)
        lots, parts, cast = _lots(session, row), _parts(session, row), _cast(session, round_id)
    cues = script.write(parts, seed=SEED)
    stage = _Stage(clock, lots, cast, cues, progress)
    with _at_work(sessions, clock, custody) as auctioneer:
        stage.perform(auctioneer, partial(opening.begin_round, round_id=round_id), opens_at=row.opens_at)
    with sessions() as session:
        if session.get_one(RoundRow, round_id).phase is not Phase.CLOSED:
            raise PlayWentWrong(f"{JOINT} did not close: {_hammered(session, round_id)} of {len(lots)} lots ended")


@contextmanager
def _at_work(sessions: sessionmaker[Session], clock: ManualClock, custody: Custody) -> Iterator[Auctioneer]:
    auctioneer = Auctioneer(sessions, clock, custody=custody)
    auctioneer.start()
    try:
        yield auctioneer
    finally:
        auctioneer.stop()


class _Stage:
    """Where the cues are given. The clock stands while offers are decided, and moves on when all are answered."""

    def __init__(
        self,
        clock: ManualClock,
        lots: Mapping[int, int],
        cast: Mapping[int, _Cast],
        cues: Sequence[Cue],
        progress: Callable[[int, int], None],
    ) -> None:
        self._clock = clock
        self._lots = lots
        self._cast = cast
        self._cues = cues
        self._progress = progress
        self._keys = itertools.count(1)

    def perform(self, auctioneer: Auctioneer, begin_round: Callable[..., None], *, opens_at: datetime) -> None:
        """Open the round in its time, give every cue in its, and stand still at every close for the hammer."""
        closes: dict[int, datetime] = {}
        opened = False
        done = 0
        for at, together in script.by_beat(self._cues).items():
            if not opened and at >= opens_at:
                self._clock.set(opens_at)
                auctioneer.act(begin_round).result(_PATIENCE_S)
                auctioneer.nudge().result(_PATIENCE_S)
                opened = True
            self._hammer(auctioneer, closes, until=at)
            self._clock.set(at)
            self._give(auctioneer, together, closes)
            done += len(together)
            self._progress(done, len(self._cues))
        self._hammer(auctioneer, closes, until=None)

    def _give(self, auctioneer: Auctioneer, together: Sequence[Cue], closes: dict[int, datetime]) -> None:
        """Submit what is offered at one instant, so that it shares a transaction, and wait for all answers."""
        futures = [(cue, auctioneer.submit(self._asked(cue))) for cue in together]
        for cue, future in futures:
            try:
                closes[cue.number] = future.result(_PATIENCE_S).closes_at
                code = None
            except Refusal as refusal:
                code = refusal.code
            if code != cue.refused:
                raise PlayWentWrong(f"lot {cue.number}, paddle {cue.paddle}, {cue.amount}: {code} instead of {cue.refused}")

    def _hammer(self, auctioneer: Auctioneer, closes: dict[int, datetime], *, until: datetime | None) -> None:
        for number, closes_at in sorted(closes.items(), key=lambda each: each[1]):
            if until is None or closes_at <= until:
                self._clock.set(closes_at)
                auctioneer.nudge().result(_PATIENCE_S)
                del closes[number]

    def _asked(self, cue: Cue) -> Asked:
        who = self._cast[cue.paddle]
        return Asked(
            lot_id=self._lots[cue.number],
            organisation_id=who.organisation_id,
            user_id=who.user_id,
            session_id=None,
            amount=cue.amount,
            key=f"play-{next(self._keys)}",
            confirmed=False,
        )


def _lots(session: Session, row: RoundRow) -> dict[int, int]:
    found = session.execute(select(LotRow.number, LotRow.id).where(LotRow.round_id == row.id))
    return {number: lot_id for number, lot_id in found if number is not None}


def _parts(session: Session, row: RoundRow) -> list[Part]:
    """Return the lots as they will stand when the round opens."""
    planned = aims()
    lots = session.scalars(select(LotRow).where(LotRow.round_id == row.id).order_by(LotRow.number)).all()
    admitted: dict[int, list[int]] = {lot.id: [] for lot in lots}
    paddles = select(PaddleRow).where(PaddleRow.round_id == row.id).order_by(PaddleRow.number)
    for paddle in session.scalars(paddles.options(selectinload(PaddleRow.admissions))):
        assert paddle.number is not None
        for admission in paddle.admissions:
            admitted[admission.lot_id].append(paddle.number)
    everybody = sorted({number for each in admitted.values() for number in each})
    parts = []
    for place, lot in enumerate(lots):
        assert lot.number is not None
        assert lot.start is not None
        parts.append(
            Part(
                number=lot.number,
                lot=Lot(
                    stage=Stage.OPEN,
                    start=lot.start,
                    ladder=lot.increments(),
                    rules=row.rules(),
                    opens_at=row.opens_at,
                    closes_at=row.calendar().closes(place),
                    scheduled_closes_at=row.calendar().closes(place),
                    format=lot.format,
                ),
                admitted=admitted[lot.id],
                stranger=next(number for number in everybody[lot.number :] if number not in admitted[lot.id]),
                aim=planned[lot.number],
            )
        )
    return parts


def _cast(session: Session, round_id: int) -> dict[int, _Cast]:
    rows = session.execute(
        select(PaddleRow.number, PaddleRow.organisation_id, func.min(UserRow.id))
        .join(UserRow, UserRow.organisation_id == PaddleRow.organisation_id)
        .where(PaddleRow.round_id == round_id)
        .group_by(PaddleRow.number, PaddleRow.organisation_id)
    )
    return {
        number: _Cast(organisation_id=organisation_id, user_id=user_id) for number, organisation_id, user_id in rows if number
    }


def _hammered(session: Session, round_id: int) -> int:
    found = select(func.count()).select_from(OutcomeRow).join(LotRow).where(LotRow.round_id == round_id)
    return session.scalars(found).one()
