"""A technology-transfer manager's cases, as the manager sees them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from techauction.core import handoff
from techauction.core.consigning import Instrument
from techauction.core.days import SpecialDays, day_of
from techauction.core.handoff import TRANSFERRED_BY, CaseKind, Planned, Step
from techauction.core.names import Name
from techauction.queries.paging import Paging, cut
from techauction.store.aftersale import CaseRow, CaseStepRow
from techauction.store.consigning import LotRow, ResultRow
from techauction.store.days import special_days

CASES_A_PAGE = 20


class State(StrEnum):
    """Which cases a list shows."""

    OPEN = "open"
    OVERDUE = "overdue"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many cases of one kind a manager has. `waiting` are open ones that were not accepted yet."""

    open: int
    waiting: int
    overdue: int
    transferred: int
    closed: int

    def of(self, state: State) -> int:
        """Return how many a list in this state has."""
        return {State.OPEN: self.open, State.OVERDUE: self.overdue, State.CLOSED: self.closed}[state]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A case in a list. `next_step` is the first that may be done now."""

    lot_id: int
    number: int | None
    round_title: Name
    title: Name
    field: Name
    institute: Name
    opened_at: datetime
    accepted_at: datetime | None
    closed_at: datetime | None
    done: int
    steps: int
    next_step: Step | None
    overdue: frozenset[Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesPage:
    """A page of a manager's cases of one kind. Sold and follow-up are counted apart."""

    kind: CaseKind
    state: State
    counted: Mapping[CaseKind, Counted]
    cases: tuple[CaseLine, ...]
    paging: Paging


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one case is."""

    lot_id: int
    kind: CaseKind
    steps: tuple[Planned, ...]
    done: Mapping[Step, date]
    hammer_on: date
    accepted: bool
    closed: bool
    special: SpecialDays

    def overdue(self, today: date) -> frozenset[Step]:
        """Return the steps that are late; a closed case has none."""
        if self.closed:
            return frozenset()
        return handoff.overdue(self.steps, self.done, self.special, hammer_on=self.hammer_on, today=today)

    def next_step(self) -> Step | None:
        """Return the first step that may be done now."""
        return next((each.step for each in self.steps if each.step not in self.done and each.after <= self.done.keys()), None)


def cases(session: Session, *, manager_id: int, kind: CaseKind, state: State, page: int, now: datetime) -> CasesPage:
    """Return a page of the manager's cases of a kind, the oldest open ones first."""
    today = day_of(now)
    progress = progress_of(session, select(CaseRow.lot_id).where(CaseRow.manager_id == manager_id))
    late = {each.lot_id for each in progress.values() if each.overdue(today)}
    statement = (
        select(CaseRow)
        .where(CaseRow.manager_id == manager_id, CaseRow.kind == kind)
        .options(
            joinedload(CaseRow.lot).joinedload(LotRow.round),
            joinedload(CaseRow.lot).joinedload(LotRow.result).joinedload(ResultRow.field),
            joinedload(CaseRow.lot).joinedload(LotRow.result).joinedload(ResultRow.institute),
        )
    )
    match state:
        case State.OPEN:
            statement = statement.where(CaseRow.closed_at.is_(None)).order_by(CaseRow.opened_at, CaseRow.lot_id)
        case State.OVERDUE:
            statement = statement.where(CaseRow.lot_id.in_(late)).order_by(CaseRow.opened_at, CaseRow.lot_id)
        case State.CLOSED:
            statement = statement.where(CaseRow.closed_at.is_not(None)).order_by(CaseRow.closed_at.desc(), CaseRow.lot_id)
    statement, paging = cut(session, statement, number=page, size=CASES_A_PAGE)
    return CasesPage(
        kind=kind,
        state=state,
        counted={each: _counted(progress.values(), each, late) for each in CaseKind},
        cases=tuple(_line(row, progress[row.lot_id], today) for row in session.scalars(statement)),
        paging=paging,
    )


def progress_of(session: Session, lot_ids: Select[Any]) -> dict[int, Progress]:
    """Return how far the cases of these lots are."""
    done: defaultdict[int, dict[Step, date]] = defaultdict(dict)
    for lot_id, step, done_on in session.execute(
        select(CaseStepRow.case_id, CaseStepRow.step, CaseStepRow.done_on).where(CaseStepRow.case_id.in_(lot_ids))
    ):
        done[lot_id][step] = done_on
    rows = session.execute(
        select(CaseRow.lot_id, CaseRow.kind, CaseRow.opened_at, CaseRow.accepted_at, CaseRow.closed_at, ResultRow.instrument)
        .join(CaseRow.lot)
        .join(LotRow.result)
        .where(CaseRow.lot_id.in_(lot_ids))
    ).all()
    special = special_days(session, since=day_of(min(row.opened_at for row in rows))) if rows else {}
    return {
        row.lot_id: Progress(
            lot_id=row.lot_id,
            kind=row.kind,
            steps=handoff.planned(row.kind, Instrument(row.instrument)),
            done=done[row.lot_id],
            hammer_on=day_of(row.opened_at),
            accepted=row.accepted_at is not None,
            closed=row.closed_at is not None,
            special=special,
        )
        for row in rows
    }


def _counted(progress: Iterable[Progress], kind: CaseKind, late: set[int]) -> Counted:
    mine = [each for each in progress if each.kind is kind]
    still_open = [each for each in mine if not each.closed]
    return Counted(
        open=len(still_open),
        waiting=sum(not each.accepted for each in still_open),
        overdue=sum(each.lot_id in late for each in still_open),
        transferred=sum(not TRANSFERRED_BY.isdisjoint(each.done) for each in mine),
        closed=len(mine) - len(still_open),
    )


def _line(row: CaseRow, progress: Progress, today: date) -> CaseLine:
    lot, result = row.lot, row.lot.result
    return CaseLine(
        lot_id=row.lot_id,
        number=lot.number,
        round_title=lot.round.title,
        title=result.title,
        field=result.field.name,
        institute=result.institute.name,
        opened_at=row.opened_at,
        accepted_at=row.accepted_at,
        closed_at=row.closed_at,
        done=len(progress.done),
        steps=len(progress.steps),
        next_step=None if progress.closed else progress.next_step(),
        overdue=progress.overdue(today),
    )
