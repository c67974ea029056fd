"""Requests for approval, as those see them who may decide."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from techauction.core import approval
from techauction.core.approval import Act, Decision, Person, Request
from techauction.core.names import Name
from techauction.core.refusal import Refusal
from techauction.store.auction import ApprovalRow
from techauction.store.consigning import RoundRow
from techauction.store.people import UserRow

_RECENT = timedelta(hours=1)
_MOST_RECENT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that waits: exactly what was shown to its asker, and what the reader may do about it."""

    id: int
    slug: str
    round: Name
    act: Act
    reason: str
    shown: dict[str, object]
    asked_by: str
    market: Name | None
    asked_at: datetime
    expires_at: datetime
    mine: bool
    against: Refusal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A request that is over; one without a decision has expired."""

    id: int
    act: Act
    reason: str
    asked_by: str
    decided_by: str
    decision: Decision | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Requests:
    """A round's requests that wait, the one that expires first first, and those that were decided of late, the latest first."""

    waiting: tuple[Asked, ...]
    decided: tuple[Decided, ...]


def of_round(session: Session, round_id: int, *, reader: Person, now: datetime) -> Requests:
    """Return a round's requests."""
    rows = session.scalars(_rows().where(ApprovalRow.round_id == round_id)).all()
    over = sorted((row for row in rows if not _waits(row, now)), key=_over_at, reverse=True)
    recent = [_decided(row) for row in over if _over_at(row) > now - _RECENT]
    return Requests(_waiting(rows, reader, now), tuple(recent[:_MOST_RECENT]))


def supervised(session: Session, *, reader: Person, now: datetime) -> tuple[Asked, ...]:
    """Return what waits for an auditor: what else needs two markets, in rounds of one."""
    rows = session.scalars(_rows().where(ApprovalRow.decision.is_(None), ApprovalRow.expires_at > now)).all()
    return _waiting([row for row in rows if approval.may_supervise(row.act, _markets(row.round))], reader, now)


def _rows() -> Select[ApprovalRow]:
    return (
        select(ApprovalRow)
        .order_by(ApprovalRow.expires_at, ApprovalRow.id)
        .options(
            selectinload(ApprovalRow.round).selectinload(RoundRow.markets),
            selectinload(ApprovalRow.asked_by).selectinload(UserRow.market),
            selectinload(ApprovalRow.decided_by),
        )
        .execution_options(populate_existing=True)
    )


def _markets(row: RoundRow) -> frozenset[str]:
    return frozenset(each.market_key for each in row.markets)


def _waits(row: ApprovalRow, now: datetime) -> bool:
    return row.decision is None and now < row.expires_at


def _over_at(row: ApprovalRow) -> datetime:
    return row.decided_at or row.expires_at


def _waiting(rows: Iterable[ApprovalRow], reader: Person, now: datetime) -> tuple[Asked, ...]:
    return tuple(_asked(row, reader) for row in rows if _waits(row, now))


def _asked(row: ApprovalRow, reader: Person) -> Asked:
    market = row.asked_by.market
    return Asked(
        id=row.id,
        slug=row.round.slug,
        round=row.round.title,
        act=row.act,
        reason=row.reason,
        shown=row.shown,
        asked_by=row.asked_by.name,
        market=None if market is None else market.name,
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        mine=row.asked_by_id == reader.id,
        against=_against(row, reader),
    )


def _against(row: ApprovalRow, reader: Person) -> Refusal | None:
    """Return why the reader may not approve, or nothing."""
    request = Request(
        act=row.act,
        asked_by=Person(row.asked_by_id, row.asked_by.market_key),
        expires_at=row.expires_at,
        digest=row.digest,
        markets=_markets(row.round),
    )
    try:
        approval.must_be_another(request, reader)
    except Refusal as refusal:
        return refusal
    return None


def _decided(row: ApprovalRow) -> Decided:
    return Decided(
        id=row.id,
        act=row.act,
        reason=row.reason,
        asked_by=row.asked_by.name,
        decided_by="" if row.decided_by is None else row.decided_by.name,
        decision=row.decision,
        at=_over_at(row),
    )
