"""Reserves: sealed by their institute, opened by the hammer, entered again after a lost key, read by a named custodian."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core import consigning
from techauction.core.consigning import NotSealingOfficer
from techauction.core.custody import (
    Box,
    CannotOpen,
    Custody,
    KeyNotHere,
    NotAwaited,
    NotTheCommitment,
    Slip,
    new_salt,
    sealed_as,
)
from techauction.core.money import Money
from techauction.core.record import Kind, commitment
from techauction.core.refusal import NoSuch
from techauction.core.replayed import Sealed
from techauction.core.round import Regime
from techauction.services.consigning import own_lot_for_update
from techauction.services.opening import lot_for_update
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow, ReserveRow
from techauction.store.people import UserRow
from techauction.store.record import RecordRow


def seal(
    session: Session,
    *,
    lot_id: int,
    institute_id: int,
    reserve: Money,
    by_id: int,
    custody: Custody,
    read_clock: Callable[[], datetime],
) -> Slip:
    """Seal a lot's reserve, in place of any sealed before, and return its slip, which is shown this once.

    Only the sealing officer may. Until the hammer nothing reads the sum again.

    :raises NoSuch, NotSealingOfficer, NoCustodyKey: as they say
    :raises StageForbids, NoReserveAnnounced, ReserveClosed, TermsMissing, ReserveUnderStart: as they say
    """
    row = own_lot_for_update(session, lot_id, institute_id)
    now = read_clock()
    _must_be_officer(session, by_id)
    consigning.seal(
        stage=row.stage,
        announced=row.reserve_announced,
        reserve=reserve,
        start=row.start,
        reserve_deadline_at=row.round.reserve_deadline_at,
        now=now,
    )

    slip, columns = sealed(lot_id, reserve, custody=custody, now=now)
    kept = session.get(ReserveRow, lot_id)
    if kept is None:
        session.add(ReserveRow(**columns, sealed_by_id=by_id))
    else:
        for name, value in columns.items():
            setattr(kept, name, value)
        kept.sealed_by_id = by_id
    session.add(AuditRow(at=now, by_id=by_id, what="reserve.sealed", about=f"lot {lot_id}"))
    return slip


def sealed(lot_id: int, reserve: Money, *, custody: Custody, now: datetime) -> tuple[Slip, dict[str, Any]]:
    """Return a reserve's slip, and the columns in which it is kept: they are read with the custody key alone.

    :raises NoCustodyKey: there is no key to seal with
    """
    name, salt = sealed_as(lot_id), new_salt()
    box = custody.seal({"reserve_fen": reserve.minor, "salt": salt})
    slip = Slip(sealed_as=name, reserve=reserve, salt=salt, commitment=commitment(name, reserve, salt), sealed_at=now)
    return slip, {
        "lot_id": lot_id,
        "amount": None,
        "salt": None,
        "sealed": box.sealed,
        "key_id": box.key_id,
        "commitment": slip.commitment,
        "sealed_at": now,
    }


def opened(row: ReserveRow, custody: Custody) -> Sealed:
    """Return the reserve and its salt: as they stand open, or out of the box. Only the hammer and a custodian ask.

    :raises CannotOpen: the key is not here, or what the box holds is not what was committed
    """
    standing = row.opened()
    if standing is not None:
        return standing
    assert row.sealed is not None
    assert row.key_id is not None
    plain = custody.open(Box(row.sealed, row.key_id))
    found = Sealed(Money(int(plain["reserve_fen"])), str(plain["salt"]))
    if commitment(sealed_as(row.lot_id), found.reserve, found.salt) != row.commitment:
        raise CannotOpen(f"the box of lot {row.lot_id} does not hold what was committed")
    return found


def enter_again(
    session: Session,
    *,
    lot_id: int,
    institute_id: int,
    reserve: Money,
    salt: str,
    by_id: int,
    read_clock: Callable[[], datetime],
) -> None:
    """Take a reserve from its officer's slip because no key opens its box; the hammer falls at the auctioneer's next look.

    :raises NoSuchLot, NoSuch, NotSealingOfficer: as they say
    :raises NotAwaited: the hammer does not wait for this reserve
    :raises NotTheCommitment: they are not what was sealed
    """
    row = lot_for_update(session, lot_id)
    if row.result.institute_id != institute_id:
        raise NoSuch
    now = read_clock()
    _must_be_officer(session, by_id)
    kept = session.get(ReserveRow, lot_id)
    if row.key_missing_at is None or kept is None or kept.amount is not None:
        raise NotAwaited
    said = session.scalars(select(RecordRow).where(RecordRow.lot_id == lot_id, RecordRow.kind == Kind.OPENED)).one().data
    if commitment(str(said["sealed_as"]), reserve, salt) != said["commitment"]:
        raise NotTheCommitment

    kept.amount, kept.salt, kept.opened_at = reserve, salt, now
    session.add(AuditRow(at=now, by_id=by_id, what="reserve.entered_again", about=f"lot {lot_id}"))


def read(session: Session, *, lot_id: int, by_id: int, custody: Custody, now: datetime) -> Money:
    """Return the reserve to the named custodian of a 拍卖 round; every reading is put into the audit.

    :raises NoSuch: there is no such reserve, or the reader is not its custodian
    :raises KeyNotHere: it cannot be opened now
    """
    row, kept = session.get(LotRow, lot_id), session.get(ReserveRow, lot_id)
    if row is None or kept is None or row.round.regime is not Regime.AUCTION or row.round.custodian_id != by_id:
        raise NoSuch
    try:
        found = opened(kept, custody)
    except CannotOpen as error:
        raise KeyNotHere from error
    session.add(AuditRow(at=now, by_id=by_id, what="reserve.read", about=f"lot {lot_id}"))
    return found.reserve


def _must_be_officer(session: Session, user_id: int) -> None:
    if not session.get_one(UserRow, user_id).sealing_officer:
        raise NotSealingOfficer
