"""Opening a round's lots, and closing the round when the last has ended."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session, selectinload

from techauction.core import hammer, record
from techauction.core import round as rounds
from techauction.core.bidding import NoSuchLot
from techauction.core.custody import sealed_as
from techauction.core.lot import Stage
from techauction.core.outcome import Ending, WithheldFor
from techauction.core.record import Kind, instant
from techauction.core.refusal import Refusal
from techauction.core.round import Phase
from techauction.services import aftersale, planning, round_record, settlement, telling
from techauction.services.notices import Facts, notify, of_round, users
from techauction.services.record import append, name_of
from techauction.store import admitting
from techauction.store.auction import AdmissionRow, OutcomeRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow, ReserveRow, ResultRow, RoundRow
from techauction.store.people import Role, UserRow

# Keys are never changed, so rows that refer to a round or lot may be written beside its lock: without `key_share` two processes
# that each wrote such a row would wait for each other.
_BESIDE = {"key_share": True}


_TO_OPEN = (LotRow.stage == Stage.LISTED, LotRow.number.is_not(None), RoundRow.phase == Phase.OPEN)


class NoSuchRound(Refusal):
    """There is no such round, or it is not the caller's to see."""

    code = "no_such_round"


def begin_round(
    session: Session, *, round_id: int, read_clock: Callable[[], datetime], by_id: int | None = None, early: bool = False
) -> None:
    """Open the round; its lots open after it, a few at a time (`open_lots`), so that other lots' bids go on between them.

    Its opening must have come, but for a rehearsal, or where two agreed that it opens `early` (`approvals`).

    :raises NoSuchRound, PhaseForbids, RoundNotDue, RegistrationOpen: as they say
    """
    row = session.get(RoundRow, round_id, with_for_update=_BESIDE, populate_existing=True)
    if row is None:
        raise NoSuchRound
    now = read_clock()
    row.phase = must_be_openable(row, now, early=early)

    row.opened_at = now
    planning.put_on_record(session, row, now=now)
    session.add(AuditRow(at=now, by_id=by_id, what="round.opened", about=f"round {row.slug}"))


def to_open(session: Session, *, most: int, apart_from: Collection[int] = ()) -> list[int]:
    """Return at most `most` of the lots that are still to be opened in open rounds, also by a process that stopped."""
    return list(
        session.scalars(
            select(LotRow.id)
            .join(RoundRow, LotRow.round_id == RoundRow.id)
            .where(*_TO_OPEN, LotRow.id.not_in(apart_from))
            .order_by(LotRow.round_id, LotRow.number)
            .limit(most)
        )
    )


def open_lots(session: Session, *, lot_ids: Collection[int], read_clock: Callable[[], datetime]) -> list[int]:
    """Open those of the lots that are to be opened, or withhold them if they may not be offered; return their ids.

    What another process has locked is left to it. A lot that opens late still has one full period before its close. What
    instructions call for comes after it (`instructions.answer_opened`), and before any other bid.
    """
    rounds_ = session.scalars(
        select(RoundRow)
        .where(RoundRow.id.in_(select(LotRow.round_id).where(LotRow.id.in_(lot_ids))))
        .order_by(RoundRow.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    lots = session.scalars(
        select(LotRow)
        .join(RoundRow, LotRow.round_id == RoundRow.id)
        .where(*_TO_OPEN, LotRow.id.in_(lot_ids))
        .order_by(LotRow.id)
        .options(selectinload(LotRow.result).selectinload(ResultRow.institute), selectinload(LotRow.round))
        .with_for_update(of=LotRow, key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    now = read_clock()
    ids = [lot.id for lot in lots]
    opened_with = {
        lot_id: said
        for row in rounds_
        for lot_id, said in planning.opened_with(session, row, [each for each in lots if each.round_id == row.id]).items()
    }
    admitted = admitting.admitted(session, AdmissionRow.lot_id.in_(ids))
    reserves = {each.lot_id: each for each in session.scalars(select(ReserveRow).where(ReserveRow.lot_id.in_(ids)))}
    withheld: list[tuple[LotRow, WithheldFor]] = []
    for lot in sorted(lots, key=lambda each: each.number or 0):
        row = lot.round
        assert row is not None
        reserve = reserves.get(lot.id)
        reason = hammer.withhold(
            admitted=admitted.get(lot.id, 0),
            min_admitted=row.min_admitted,
            reserve_announced=lot.reserve_announced,
            reserve_sealed=reserve is not None,
        )
        if reason is not None:
            lot.stage = Stage.ENDED
            append(session, lot, Kind.WITHHELD, at=now, data={"reason": reason.value})
            session.add(OutcomeRow(lot_id=lot.id, ending=Ending.WITHHELD, reason=reason.value, ended_at=now))
            withheld.append((lot, reason))
            continue
        closes_at = row.calendar().closes(_place(session, lot))
        _open_lot(session, row, lot, reserve, opened_with[lot.id], closes_at=closes_at, now=now)
    session.flush()
    settlement.release(session, lot_ids=[lot.id for lot, _ in withheld], now=now)
    telling.withheld(session, withheld, now=now)
    return ids


def open_round(session: Session, *, round_id: int, read_clock: Callable[[], datetime]) -> None:
    """Open the round and all its lots at once, where no sale is going on that would wait for it.

    :raises NoSuchRound, PhaseForbids, RoundNotDue: as they say
    """
    begin_round(session, round_id=round_id, read_clock=read_clock)
    session.flush()
    lots = session.scalars(select(LotRow.id).where(LotRow.round_id == round_id)).all()
    open_lots(session, lot_ids=lots, read_clock=read_clock)


def _place(session: Session, lot: LotRow) -> int:
    """Return how many of the round's lots are offered before the lot, or were to be until they were withheld."""
    withdrawn = exists().where(OutcomeRow.lot_id == LotRow.id, OutcomeRow.ending == Ending.WITHDRAWN)
    before = select(func.count()).where(LotRow.round_id == lot.round_id, LotRow.number < lot.number)
    return session.scalars(before.where(or_(LotRow.opens_at.is_not(None), ~withdrawn))).one()


def must_be_openable(row: RoundRow, now: datetime, *, early: bool) -> Phase:
    """Return the phase of a round that may open now. Nobody registers for a copy, so it may open at any time.

    :raises PhaseForbids, RoundNotDue, RegistrationOpen: as they say
    """
    registration_closes_at = row.registration_closes_at if row.copy_of_id is None else None
    return rounds.open_at(
        row.phase, row.opens_at, now, early=early or row.rehearsal, registration_closes_at=registration_closes_at
    )


def _open_lot(
    session: Session,
    row: RoundRow,
    lot: LotRow,
    reserve: ReserveRow | None,
    opened_with: Mapping[str, object],
    *,
    closes_at: datetime,
    now: datetime,
) -> None:
    assert lot.start is not None
    assert lot.number is not None
    rules = row.rules()
    extension = rules.extension
    lot.stage, lot.opens_at = Stage.OPEN, now
    lot.closes_at = lot.scheduled_closes_at = max(closes_at, now + extension.length)
    sealed: dict[str, object] = {"commitment": None}
    if lot.reserve_announced:
        assert reserve is not None
        sealed = {"commitment": reserve.commitment, "sealed_as": sealed_as(lot.id)}
    append(
        session,
        lot,
        Kind.OPENED,
        at=now,
        data={
            "version": record.BY_STAMP,
            "format": lot.format.value,
            "start_fen": lot.start.minor,
            "ladder": lot.increments().as_json(),
            "extension": {
                "kind": extension.kind.value,
                "trigger_s": row.extension_trigger_s,
                "length_s": row.extension_length_s,
                "cap_s": row.extension_cap_s,
            },
            "max_steps": rules.max_steps,
            "raise_own_bid": rules.raise_own_bid,
            "collar": rules.collar,
            "min_bidding": rules.min_bidding,
            "opens_at": instant(now),
            **sealed,
            **opened_with,
            "market": lot.market_key,
            "described": record.description_digest(name_of(row.slug, lot.number), lot.result.described()),
        },
    )


def close_round(session: Session, *, round_id: int, now: datetime) -> bool:
    """Close the round if its last lot has ended and is settled: one digest of its head hashes goes to markets and auditors.

    Return whether the round is closed now.
    """
    row = session.get(RoundRow, round_id, with_for_update=_BESIDE, populate_existing=True)
    if row is None or row.phase is not Phase.OPEN:
        return row is not None and row.phase is Phase.CLOSED
    session.flush()
    lots = session.scalars(
        select(LotRow)
        .where(LotRow.round_id == round_id, LotRow.number.is_not(None))
        .order_by(LotRow.number)
        .execution_options(populate_existing=True)
    ).all()
    if any(lot.stage is not Stage.ENDED for lot in lots) or aftersale.owed(session, most=1, round_id=round_id):
        return False
    heads = {lot.number: lot.head_hash for lot in lots if lot.number is not None and lot.head_hash is not None}
    row.phase, row.closed_at = rounds.turn(row.phase, Phase.CLOSED), now
    head = round_record.close(session, row, lots, now=now)
    row.digest, row.digest_version = record.round_digest(row.slug, heads, head), record.ROUND_VERSION
    settlement.release_round(session, round_row=row, now=now)
    session.add(AuditRow(at=now, by_id=None, what="round.closed", about=f"round {row.slug}", detail=row.digest))
    _tell_closed(session, row, record.heads_told(heads, head), now=now)
    return True


def _tell_closed(session: Session, row: RoundRow, heads: str, *, now: datetime) -> None:
    said: Facts = {"digest": row.digest, "heads": heads}
    told = users(session, UserRow.role.in_((Role.ORGANIZER, Role.AUDITOR)))
    notify(session, user_ids=told, what="round_closed", facts=of_round(row) | said, now=now)


def lots_for_update(session: Session, lot_ids: Iterable[int]) -> list[LotRow]:
    """Return the lots with their rounds, locked in id order by one statement.

    :raises NoSuchLot: there is none of one of the ids
    """
    wanted = set(lot_ids)
    rows = session.scalars(
        select(LotRow)
        .where(LotRow.id.in_(wanted))
        .order_by(LotRow.id)
        .options(selectinload(LotRow.round))
        .with_for_update(of=LotRow, key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    if len(rows) != len(wanted):
        raise NoSuchLot
    return list(rows)


def lot_for_update(session: Session, lot_id: int) -> LotRow:
    """Return the lot, locked.

    :raises NoSuchLot: there is none
    """
    row = session.get(LotRow, lot_id, with_for_update={"of": LotRow, "key_share": True}, populate_existing=True)
    if row is None:
        raise NoSuchLot
    return row
