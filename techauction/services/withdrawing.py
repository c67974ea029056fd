"""Taking lots out of a sale: one before it opens, or all that have not ended."""

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.consigning import must_be_at
from techauction.core.lot import Stage
from techauction.core.outcome import Ending
from techauction.core.record import Kind
from techauction.core.refusal import NoSuch
from techauction.services import settlement
from techauction.services.notices import notify, of_lot, of_round, put
from techauction.services.opening import lot_for_update
from techauction.services.pausing import ReasonMissing
from techauction.services.record import append
from techauction.services.telling import concerned, concerned_by
from techauction.services.two import Two
from techauction.store.auction import OutcomeRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.loading import LOADED


def withdraw(
    session: Session,
    *,
    lot_id: int,
    reason: str,
    by_id: int,
    read_clock: Callable[[], datetime],
    institute_id: int | None = None,
    market_key: str | None = None,
) -> None:
    """Withdraw a listed lot before it opens, for its institute or its market: deposits for it go back, and bidders are told.

    :raises NoSuch: no such lot, or another's
    :raises ReasonMissing, StageForbids: as they say
    """
    if not reason.strip():
        raise ReasonMissing
    round_id = session.scalar(select(LotRow.round_id).join(LotRow.round).where(LotRow.id == lot_id, LOADED))
    if round_id is None:
        raise NoSuch
    session.get(RoundRow, round_id, with_for_update={"of": RoundRow, "key_share": True}, populate_existing=True)
    row = lot_for_update(session, lot_id)
    if institute_id not in (None, row.result.institute_id) or market_key not in (None, row.market_key):
        raise NoSuch
    now = read_clock()
    must_be_at(row.stage, Stage.LISTED)

    end(session, [row], reason=reason, two=None, now=now)
    session.add(AuditRow(at=now, by_id=by_id, what="lot.withdrawn", about=f"lot {lot_id}", detail=reason))
    notify(session, user_ids=concerned(session, row), what="lot_withdrawn", facts=of_lot(row) | {"reason": reason}, now=now)


def end(session: Session, lots: Iterable[LotRow], *, reason: str, two: Two | None, now: datetime) -> list[LotRow]:
    """End locked lots as withdrawn, and return them; the deposits for them go back.

    What has ended is left as it is, and so is a lot whose close has come, which is the hammer's. One that waits for a lost key
    ends here, for no hammer may ever fall on it.
    """
    left = (row for row in lots if row.stage is not Stage.ENDED)
    rows = [row for row in left if row.stage is not Stage.OPEN or row.key_missing_at is not None or not row.is_past_close(now)]
    data = {} if two is None else two.as_data()
    for row in rows:
        missing = {} if row.key_missing_at is None else {"key_missing": True}
        row.stage, row.stopped_at, row.stop_reason, row.key_missing_at = Stage.ENDED, None, "", None
        append(session, row, Kind.WITHDRAWN, at=now, data={"reason": reason, **missing, **data})
        session.add(OutcomeRow(lot_id=row.id, ending=Ending.WITHDRAWN, reason=reason, ended_at=now))
    session.flush()
    settlement.release(session, lot_ids=[row.id for row in rows], now=now)
    return rows


def end_early(session: Session, lots: Iterable[LotRow], *, reason: str, two: Two, now: datetime) -> None:
    """End what is left of an open round's locked lots as withdrawn, and tell whom they concern: each once, of all its lots."""
    rows = [row for row in end(session, lots, reason=reason, two=two, now=now) if row.round.copy_of_id is None]
    if not rows:
        return
    numbers: dict[int, list[str]] = {}
    whom = concerned_by(session, rows)
    for row in sorted(rows, key=lambda each: each.number or 0):
        for user_id in whom[row.id]:
            numbers.setdefault(user_id, []).append(str(row.number))
    facts = of_round(rows[0].round) | {"reason": reason}
    told = [(user_id, facts | {"lots": " · ".join(its)}) for user_id, its in sorted(numbers.items())]
    put(session, told, what="round_closed_early", now=now)
