"""A round's own record with its bindings opened: who each paddle was issued to. For auditors alone."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.names import Name
from techauction.core.refused import NAME
from techauction.core.round_record import RoundKind
from techauction.queries.paging import Paging, cut
from techauction.queries.rounds import RoundHead, head_of
from techauction.queries.viewing import PUBLIC
from techauction.store.auction import PaddleRow
from techauction.store.consigning import RoundRow
from techauction.store.record import RoundRecordRow

EVENTS_A_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a paddle's binding is over."""

    credit_code: str
    name: Name
    salt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundEvent:
    """An event of a round's record; that of a paddle's issue with its binding opened."""

    seq: int
    kind: RoundKind
    at: datetime
    paddle: int | None
    opening: Opening | None
    data: tuple[tuple[str, str], ...]
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingsPage:
    """A page of a round's own record."""

    head: RoundHead
    events: tuple[BoundEvent, ...]
    paging: Paging


def bindings(session: Session, slug: str, *, page: int) -> BindingsPage | None:
    """Return a page of a round's own record, or nothing."""
    row = session.scalars(select(RoundRow).where(RoundRow.slug == slug, PUBLIC)).one_or_none()
    if row is None:
        return None
    events = select(RoundRecordRow).where(RoundRecordRow.round_id == row.id).order_by(RoundRecordRow.seq)
    statement, paging = cut(session, events, number=page, size=EVENTS_A_PAGE)
    rows = session.scalars(statement).all()
    numbers = {paddle for each in rows if isinstance(paddle := each.data.get("paddle"), int)}
    paddles = {
        each.number: each
        for each in session.scalars(select(PaddleRow).where(PaddleRow.round_id == row.id, PaddleRow.number.in_(numbers)))
    }
    return BindingsPage(head=head_of(row), events=tuple(_event(each, paddles) for each in rows), paging=paging)


def _event(row: RoundRecordRow, paddles: dict[int | None, PaddleRow]) -> BoundEvent:
    paddle = row.data.get("paddle")
    number = paddle if isinstance(paddle, int) else None
    holds = paddles.get(number) if row.kind is RoundKind.PADDLE_ISSUED else None
    return BoundEvent(
        seq=row.seq,
        kind=row.kind,
        at=row.at,
        paddle=number,
        opening=None if holds is None else _opening(holds),
        data=tuple(_particulars(row)),
        prev_hash=row.prev_hash,
        hash=row.hash,
    )


def _opening(row: PaddleRow) -> Opening:
    # Whether it is whole, the verifier says; the page shows what is there.
    return Opening(credit_code=row.credit_code or "", name=Name(row.name_zh or "", row.name_en or ""), salt=row.salt or "")


def _particulars(row: RoundRecordRow) -> Iterator[tuple[str, str]]:
    """Yield what an event says, apart from its paddle; of what was refused, a line for each lot, as the record has it."""
    for name, value in sorted(row.data.items()):
        if row.kind is RoundKind.ROUND_CLOSED and name == NAME and isinstance(value, list):
            yield from ((name, _plain(each)) for each in value)
        elif name != "paddle":
            yield name, _plain(value)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
