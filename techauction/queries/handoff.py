"""The cases of a market, for those who give them to managers."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from techauction.core.handoff import CaseKind
from techauction.core.names import Name
from techauction.queries.paging import Paging, cut
from techauction.store.aftersale import CaseRow
from techauction.store.consigning import LotRow, ResultRow, RoundRow
from techauction.store.people import Role, UserRow

CASES_A_PAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Manager:
    """A manager to whom a case may be given, and how many open ones the manager has."""

    id: int
    name: str
    market_key: str
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenCase:
    """A case that no manager in office has accepted; `manager_id` is empty where the hammer found none."""

    lot_id: int
    number: int | None
    round_title: Name
    title: Name
    field: Name
    market: Name
    kind: CaseKind
    opened_at: datetime
    manager_id: int | None
    managers: tuple[Manager, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenCases:
    """A page of the cases that no manager in office has accepted, those without a manager first."""

    cases: tuple[GivenCase, ...]
    without_manager: int
    paging: Paging


def given_cases(session: Session, *, market_key: str | None, page: int) -> GivenCases:
    """Return the market's cases that no manager in office has accepted; all markets' where it is empty."""
    statement = (
        select(CaseRow)
        .join(CaseRow.lot)
        .join(LotRow.round)
        .outerjoin(CaseRow.manager)
        .where(
            or_(CaseRow.accepted_at.is_(None), UserRow.disabled_at.is_not(None)),
            CaseRow.closed_at.is_(None),
            RoundRow.copy_of_id.is_(None),
        )
        .order_by(CaseRow.manager_id.is_not(None), CaseRow.opened_at, CaseRow.lot_id)
        .options(
            joinedload(CaseRow.lot).joinedload(LotRow.round),
            joinedload(CaseRow.lot).joinedload(LotRow.market),
            joinedload(CaseRow.lot).joinedload(LotRow.result).joinedload(ResultRow.field),
        )
    )
    waiting = select(func.count()).select_from(CaseRow).join(CaseRow.lot).join(LotRow.round)
    waiting = waiting.where(CaseRow.manager_id.is_(None), RoundRow.copy_of_id.is_(None))
    if market_key is not None:
        statement = statement.where(LotRow.market_key == market_key)
        waiting = waiting.where(LotRow.market_key == market_key)
    statement, paging = cut(session, statement, number=page, size=CASES_A_PAGE)
    managers = _managers(session, market_key)
    return GivenCases(
        cases=tuple(_given(row, managers) for row in session.scalars(statement)),
        without_manager=session.scalar(waiting) or 0,
        paging=paging,
    )


def _managers(session: Session, market_key: str | None) -> list[Manager]:
    busy = (
        select(CaseRow.manager_id, func.count().label("cases"))
        .where(CaseRow.closed_at.is_(None))
        .group_by(CaseRow.manager_id)
        .subquery()
    )
    statement = (
        select(UserRow, func.coalesce(busy.c.cases, 0))
        .outerjoin(busy, busy.c.manager_id == UserRow.id)
        .where(UserRow.role == Role.MANAGER, UserRow.disabled_at.is_(None))
        .order_by(UserRow.name, UserRow.id)
    )
    if market_key is not None:
        statement = statement.where(UserRow.market_key == market_key)
    return [
        Manager(id=row.id, name=row.name, market_key=row.market_key or "", open=count)
        for row, count in session.execute(statement)
    ]


def _given(row: CaseRow, managers: list[Manager]) -> GivenCase:
    lot = row.lot
    return GivenCase(
        lot_id=row.lot_id,
        number=lot.number,
        round_title=lot.round.title,
        title=lot.result.title,
        field=lot.result.field.name,
        market=lot.market.name,
        kind=row.kind,
        opened_at=row.opened_at,
        manager_id=row.manager_id,
        managers=tuple(each for each in managers if each.market_key == lot.market_key),
    )
