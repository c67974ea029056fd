"""The acts that need two: what is shown of each when it is asked and again when it is approved, and how it is done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from techauction.core import prolonging, voiding
from techauction.core import round as rounds
from techauction.core.approval import Act
from techauction.core.bidding import NoSuchLot
from techauction.core.lot import Stage
from techauction.core.pausing import LotNotPaused
from techauction.core.record import instant
from techauction.core.round import Phase, PhaseForbids
from techauction.services import opening, pausing, withdrawing
from techauction.services import prolonging as prolong
from techauction.services import rounds as round_services
from techauction.services import voiding as void
from techauction.services.two import Two
from techauction.store.auction import OutcomeRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow, RoundRow

Shown = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an act is about: lots, a bid's place in the record, so many minutes; nothing for a whole round."""

    lot_ids: tuple[int, ...] = ()
    seq: int | None = None
    minutes: int | None = None

    def as_json(self) -> dict[str, object]:
        """Return the subject as it is kept."""
        return {"lots": list(self.lot_ids), "seq": self.seq, "minutes": self.minutes}

    @classmethod
    def from_json(cls, kept: Mapping[str, object]) -> "Subject":
        """Return a subject that was kept."""
        lots, seq, minutes = kept["lots"], kept["seq"], kept["minutes"]
        assert isinstance(lots, list)
        assert isinstance(seq, int | None)
        assert isinstance(minutes, int | None)
        return cls(lot_ids=tuple(lots), seq=seq, minutes=minutes)

    def by(self) -> timedelta:
        """Return the minutes."""
        return timedelta(minutes=self.minutes or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An act on a round, with the lots that it is about, in the order of their ids."""

    round: RoundRow
    lots: Sequence[LotRow]
    subject: Subject
    reason: str


def lots_of(session: Session, round_: RoundRow, subject: Subject, act: Act, *, lock: bool) -> list[LotRow]:
    """Return the lots of the round that the act is about, perhaps locked.

    :raises NoSuchLot: one is not the round's
    """
    wanted = select(LotRow).where(LotRow.round_id == round_.id, LotRow.number.is_not(None)).order_by(LotRow.id)
    wanted = wanted.options(selectinload(LotRow.round)).execution_options(populate_existing=True)
    if lock or act not in WHOLE_ROUND:
        wanted = wanted.options(selectinload(LotRow.result))
    if act not in WHOLE_ROUND:
        wanted = wanted.where(LotRow.id.in_(subject.lot_ids))
    if lock:
        wanted = wanted.with_for_update(of=LotRow, key_share=True)
    found = list(session.scalars(wanted))
    if act not in WHOLE_ROUND and (not found or len(found) != len(set(subject.lot_ids))):
        raise NoSuchLot
    return found


def shown(session: Session, act: Act, case: Case, now: datetime) -> Shown:
    """Return what asker and approver are shown, as plain JSON.

    :raises Refusal: the act cannot be done now
    """
    said = {"act": act.value, "round": case.round.slug, "reason": case.reason}
    return said | _SHOWN[act](session, case, now)


def do(session: Session, act: Act, case: Case, two: Two, now: datetime) -> None:
    """Do the act to the round and lots, which are locked.

    :raises Refusal: it cannot be done
    """
    _DONE[act](session, case, two, now)


def _named(lot: LotRow) -> Shown:
    return {"number": lot.number, "title_zh": lot.result.title_zh, "title_en": lot.result.title_en}


def _priced(lot: LotRow) -> Shown:
    price = None if lot.standing_amount is None else lot.standing_amount.minor
    return {**_named(lot), "stage": lot.stage.value, "paddle": lot.standing_paddle, "price_fen": price}


def _stopped(lot: LotRow) -> Shown:
    return {"stopped_at": None if lot.stopped_at is None else instant(lot.stopped_at), "stop_reason": lot.stop_reason}


def _planned(lot: LotRow) -> Shown:
    return {"closes_at": None if lot.scheduled_closes_at is None else instant(lot.scheduled_closes_at)}


def _opening(session: Session, case: Case, now: datetime) -> Shown:
    del session
    opening.must_be_openable(case.round, now, early=True)
    return {"opens_at": instant(case.round.opens_at), "count": _listed(case)}


def _resuming(session: Session, case: Case, now: datetime) -> Shown:
    del session, now
    if any(lot.stage not in (Stage.PAUSED, Stage.INTERRUPTED) for lot in case.lots):
        raise LotNotPaused
    return {"lots": [{**_priced(lot), **_stopped(lot)} for lot in case.lots]}


def _prolonging(session: Session, case: Case, now: datetime) -> Shown:
    # Neither price nor close: every bid moves them while the second person looks. What was planned moves by such acts alone.
    del session
    for lot in case.lots:
        prolonging.prolong(lot.to_core(case.round.rules()), case.subject.by(), now)
    return {"lots": [{**_named(lot), **_planned(lot)} for lot in case.lots], "minutes": case.subject.minutes}


def _voiding_bid(session: Session, case: Case, now: datetime) -> Shown:
    del now
    [lot] = case.lots
    seq = case.subject.seq or 0
    last = void.holding(session, lot.id)
    after, _ = voiding.void_bid(lot.to_core(case.round.rules()), last, seq)
    void.must_not_stand(session, lot, after)
    [bid] = [each.bid for each in voiding.each(last) if each.seq == seq]
    return {
        **_priced(lot),
        "seq": seq,
        "bid_paddle": bid.paddle,
        "bid_fen": bid.amount.minor,
        "bid_at": instant(bid.placed_at),
        "matches": voiding.matches_of(last, seq),
        "then_paddle": None if after.standing is None else after.standing.paddle,
        "then_fen": None if after.standing is None else after.standing.amount.minor,
    }


def _voiding_outcome(session: Session, case: Case, now: datetime) -> Shown:
    del now
    [lot] = case.lots
    outcome = session.get(OutcomeRow, lot.id, populate_existing=True)
    voiding.void_outcome(None if outcome is None else outcome.ending)
    assert outcome is not None
    assert outcome.price is not None
    return {
        **_named(lot),
        "paddle": outcome.paddle,
        "price_fen": outcome.price.minor,
        "ended_at": instant(outcome.ended_at),
    }


def _closing(session: Session, case: Case, now: datetime) -> Shown:
    # No count: lots end by themselves while the second person looks.
    del session, now
    if case.round.phase is not Phase.OPEN:
        raise PhaseForbids(case.round.phase)
    return {}


def _calling_off(session: Session, case: Case, now: datetime) -> Shown:
    del session, now
    rounds.turn(case.round.phase, Phase.CALLED_OFF)
    return {"opens_at": instant(case.round.opens_at), "count": _listed(case)}


def _listed(case: Case) -> int:
    return sum(lot.stage is Stage.LISTED for lot in case.lots)


def _open(session: Session, case: Case, two: Two, now: datetime) -> None:
    opening.begin_round(session, round_id=case.round.id, read_clock=lambda: now, by_id=two.approved_by, early=True)
    _audit(session, case, two, "round.opened_early", now)


def _resume(session: Session, case: Case, two: Two, now: datetime) -> None:
    lot_ids = [lot.id for lot in case.lots]
    pausing.resume(session, lot_ids=lot_ids, reason=case.reason, by_id=two.approved_by, read_clock=lambda: now, two=two)


def _prolong(session: Session, case: Case, two: Two, now: datetime) -> None:
    prolong.prolong(session, lots=case.lots, by=case.subject.by(), reason=case.reason, two=two, now=now)


def _void_bid(session: Session, case: Case, two: Two, now: datetime) -> None:
    [lot] = case.lots
    void.void_bid(session, lot=lot, seq=case.subject.seq or 0, reason=case.reason, two=two, now=now)


def _void_outcome(session: Session, case: Case, two: Two, now: datetime) -> None:
    [lot] = case.lots
    void.void_outcome(session, lot=lot, reason=case.reason, two=two, now=now)


def _close(session: Session, case: Case, two: Two, now: datetime) -> None:
    withdrawing.end_early(session, case.lots, reason=case.reason, two=two, now=now)
    _audit(session, case, two, "round.closed_early", now)
    # Where a hammer is still to fall, or a sale to be settled, the clerk comes back to it.
    opening.close_round(session, round_id=case.round.id, now=now)


def _call_off(session: Session, case: Case, two: Two, now: datetime) -> None:
    round_services.call_off_announced(session, row=case.round, lots=case.lots, reason=case.reason, two=two, now=now)


def _audit(session: Session, case: Case, two: Two, what: str, now: datetime) -> None:
    detail = two.detail(case.reason)
    session.add(AuditRow(at=now, by_id=two.approved_by, what=what, about=f"round {case.round.slug}", detail=detail))


WHOLE_ROUND = frozenset({Act.OPEN_EARLY, Act.CLOSE_EARLY, Act.CALL_OFF})
"""Acts on every lot of a round."""

_SHOWN: dict[Act, Callable[[Session, Case, datetime], Shown]] = {
    Act.OPEN_EARLY: _opening,
    Act.RESUME: _resuming,
    Act.PROLONG: _prolonging,
    Act.VOID_BID: _voiding_bid,
    Act.VOID_OUTCOME: _voiding_outcome,
    Act.CLOSE_EARLY: _closing,
    Act.CALL_OFF: _calling_off,
}
_DONE: dict[Act, Callable[[Session, Case, Two, datetime], None]] = {
    Act.OPEN_EARLY: _open,
    Act.RESUME: _resume,
    Act.PROLONG: _prolong,
    Act.VOID_BID: _void_bid,
    Act.VOID_OUTCOME: _void_outcome,
    Act.CLOSE_EARLY: _close,
    Act.CALL_OFF: _call_off,
}
