"""The hand-off of a lot to its technology-transfer manager."""

from datetime import date, datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, selectinload

from techauction.core import handoff
from techauction.core.days import day_of
from techauction.core.handoff import CaseKind, Step
from techauction.core.refusal import NoSuch
from techauction.core.seen import ChangedMeanwhile
from techauction.services.notices import notify, of_lot, organizers, users
from techauction.store.aftersale import CaseRow, CaseStepRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow, ResultRow
from techauction.store.people import ManagerFieldRow, Role, UserRow


def open_case(session: Session, *, lot: LotRow, kind: CaseKind, now: datetime) -> None:
    """Make the lot's one case and give it to a manager, in the hammer's transaction; without one it waits for an organizer.

    In a copy of a round nothing was sold: its case is nobody's, and nobody is told.
    """
    if lot.round.copy_of_id is not None:
        session.add(CaseRow(lot_id=lot.id, kind=kind, manager_id=None, opened_at=now))
        return
    manager_id = _manager_for(session, lot)
    session.add(CaseRow(lot_id=lot.id, kind=kind, manager_id=manager_id, opened_at=now))
    session.flush()  # the next lot of the same group counts this case

    if manager_id is None:
        _tell(session, lot, kind, what="case_without_manager", user_ids=_responsible(session, lot), now=now)
    else:
        _tell(session, lot, kind, what="case_opened", user_ids=[manager_id], now=now)


def accept_case(session: Session, *, case_id: int, manager_id: int, now: datetime) -> None:
    """Take a case on; accepted already, it stays as it is.

    :raises NoSuch: the case is not the manager's
    """
    case = _case_for_update(session, case_id, manager_id)
    if case.accepted_at is None:
        case.accepted_at = now
        session.add(AuditRow(at=now, by_id=manager_id, what="case.accepted", about=f"lot {case_id}"))


def record_step(
    session: Session, *, case_id: int, manager_id: int, step: Step, done_on: date, note: str, now: datetime
) -> None:
    """Put on record that a step was done, on which day.

    :raises NoSuch: the case is not the manager's
    :raises CaseNotAccepted, CaseClosed, NoSuchStep, StepDone, StepTooEarly, StepOutsideCase: as they say
    """
    case = _case_for_update(session, case_id, manager_id)
    if case.accepted_at is None:
        raise handoff.CaseNotAccepted
    if case.closed_at is not None:
        raise handoff.CaseClosed
    steps = handoff.planned(case.kind, case.lot.result.instrument)
    handoff.must_be_next(steps, _done(case), step, done_on=done_on)
    handoff.must_have_happened(done_on, hammer_on=day_of(case.opened_at), today=day_of(now))

    session.add(CaseStepRow(case_id=case_id, step=step, done_on=done_on, note=note, recorded_at=now, recorded_by_id=manager_id))
    session.add(
        AuditRow(at=now, by_id=manager_id, what="case.step_recorded", about=f"lot {case_id}", detail=f"{step.value} {done_on}")
    )


def close_case(session: Session, *, case_id: int, manager_id: int, now: datetime) -> None:
    """Close a case whose steps are done.

    :raises NoSuch: the case is not the manager's
    :raises CaseNotAccepted, CaseClosed, CaseUnfinished: as they say
    """
    case = _case_for_update(session, case_id, manager_id)
    if case.accepted_at is None:
        raise handoff.CaseNotAccepted
    if case.closed_at is not None:
        raise handoff.CaseClosed
    handoff.must_be_finished(case.kind, handoff.planned(case.kind, case.lot.result.instrument), _done(case))

    case.closed_at = now
    session.add(AuditRow(at=now, by_id=manager_id, what="case.closed", about=f"lot {case_id}"))


def assign_case(
    session: Session,
    *,
    case_id: int,
    manager_id: int,
    instead_of: int | None,
    market_key: str | None,
    by_id: int,
    now: datetime,
) -> None:
    """Give a case that no manager in office has accepted to one of its market; an organizer acts for `market_key` only.

    `instead_of` is the manager whose case it was when it was shown.

    :raises ChangedMeanwhile: it is another's by now
    :raises NoSuch: the case or the manager is not of the market
    :raises CaseClosed, CaseTaken: as they say
    """
    case = session.scalars(select(CaseRow).where(CaseRow.lot_id == case_id).with_for_update()).first()
    if case is None or market_key not in (None, case.lot.market_key):
        raise NoSuch
    manager = session.get(UserRow, manager_id)
    if (
        manager is None
        or manager.role is not Role.MANAGER
        or manager.disabled_at is not None
        or manager.market_key != case.lot.market_key
    ):
        raise NoSuch
    if case.closed_at is not None:
        raise handoff.CaseClosed
    if case.accepted_at is not None and case.manager is not None and case.manager.disabled_at is None:
        raise handoff.CaseTaken
    if case.manager_id == manager_id:
        return
    if case.manager_id != instead_of:
        raise ChangedMeanwhile(("manager",))

    case.manager_id, case.accepted_at = manager_id, None
    session.add(AuditRow(at=now, by_id=by_id, what="case.assigned", about=f"lot {case_id}", detail=f"to user {manager_id}"))
    _tell(session, case.lot, case.kind, what="case_opened", user_ids=[manager_id], now=now)


def _case_for_update(session: Session, case_id: int, manager_id: int) -> CaseRow:
    case = session.scalars(
        select(CaseRow)
        .where(CaseRow.lot_id == case_id, CaseRow.manager_id == manager_id)
        .options(selectinload(CaseRow.steps))
        .with_for_update()
    ).first()
    if case is None:
        raise NoSuch
    return case


def _done(case: CaseRow) -> dict[Step, date]:
    return {each.step: each.done_on for each in case.steps}


def _tell(session: Session, lot: LotRow, kind: CaseKind, *, what: str, user_ids: list[int], now: datetime) -> None:
    notify(session, user_ids=user_ids, what=what, facts=of_lot(lot) | {"kind": kind.value}, now=now)


def _manager_for(session: Session, lot: LotRow) -> int | None:
    """Return the market's manager to whom the lot falls: of its field first, then with the fewest open cases."""
    field_key = select(ResultRow.field_key).where(ResultRow.id == lot.result_id).scalar_subquery()
    busy = (
        select(CaseRow.manager_id, func.count().label("cases"))
        .where(CaseRow.closed_at.is_(None))
        .group_by(CaseRow.manager_id)
        .subquery()
    )
    return session.scalars(
        select(UserRow.id)
        .outerjoin(ManagerFieldRow, and_(ManagerFieldRow.user_id == UserRow.id, ManagerFieldRow.field_key == field_key))
        .outerjoin(busy, busy.c.manager_id == UserRow.id)
        .where(UserRow.role == Role.MANAGER, UserRow.market_key == lot.market_key, UserRow.disabled_at.is_(None))
        .order_by(ManagerFieldRow.user_id.is_(None), func.coalesce(busy.c.cases, 0), UserRow.id)
        .limit(1)
    ).first()


def _responsible(session: Session, lot: LotRow) -> list[int]:
    """Return who may give the case a manager: the market's organizers, and the administrators."""
    return users(session, organizers([lot.market_key]) | (UserRow.role == Role.ADMINISTRATOR))
