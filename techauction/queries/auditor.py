"""What an auditor sees: every round that was ever published, and the record of each of its lots, event after event."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, String, cast, func, select
from sqlalchemy.orm import Session, selectinload

from techauction.core.lot import Stage
from techauction.core.money import Money
from techauction.core.names import Name
from techauction.core.outcome import Ending
from techauction.core.record import Kind
from techauction.core.round import Phase
from techauction.queries import heads
from techauction.queries.opened import OpenedOffer, all_offers
from techauction.queries.paging import Paging, cut
from techauction.queries.rounds import RoundHead, head_of
from techauction.queries.viewing import LISTED, PUBLIC
from techauction.queries.voids import Void, by_bid, voids
from techauction.store.auction import OutcomeRow
from techauction.store.consigning import LotRow, ResultRow, RoundMarketRow, RoundRow
from techauction.store.heads import of_round
from techauction.store.record import RecordRow

ROUNDS_A_PAGE = 20
LOTS_A_PAGE = 60
EVENTS_A_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedRound:
    """A round in the auditor's list."""

    head: RoundHead
    lots: int
    events: int
    digest: str | None


@dataclass(frozen=True, slots=True)
class AuditedRoundsPage:
    """The rounds, the latest first."""

    rounds: tuple[AuditedRound, ...]
    paging: Paging


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedLot:
    """A lot of a round, and the head of its record."""

    number: int
    title: Name
    stage: Stage
    ending: Ending | None
    events: int
    refused: int
    head_hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedRoundPage:
    """A round and the heads of its lots' records. `round_head`: that of its own record, where the digest is over it."""

    round: AuditedRound
    round_head: str | None
    lots: tuple[AuditedLot, ...]
    paging: Paging


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedEvent:
    """One event of the record, with everything that is hashed. `voided_by`: the event that took this bid back."""

    seq: int
    kind: Kind
    at: datetime
    paddle: int | None
    amount: Money | None
    closes_at: datetime | None
    data: tuple[tuple[str, str], ...]
    prev_hash: str
    hash: str
    voided_by: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPage:
    """A page of a lot's record."""

    head: RoundHead
    lot: AuditedLot
    offers: tuple[OpenedOffer, ...]
    events: tuple[AuditedEvent, ...]
    paging: Paging


def rounds(session: Session, *, page: int) -> AuditedRoundsPage:
    """Return a page of the rounds."""
    statement, paging = cut(
        session, _rounds().order_by(RoundRow.opens_at.desc(), RoundRow.id.desc()), number=page, size=ROUNDS_A_PAGE
    )
    rows = session.scalars(statement).all()
    return AuditedRoundsPage(tuple(_audited(session, rows)), paging)


def audited_round(session: Session, slug: str) -> AuditedRound | None:
    """Return a round without its lots, or nothing."""
    row = session.scalars(_rounds().where(RoundRow.slug == slug)).one_or_none()
    return None if row is None else _audited(session, [row])[0]


def is_damaged(session: Session, slug: str) -> bool:
    """Return whether there is a round of that name in a phase that no round can be in."""
    phase = session.scalar(select(cast(RoundRow.phase, String)).where(RoundRow.slug == slug))
    return phase is not None and phase not in set(Phase)


def round_(session: Session, slug: str, *, page: int) -> AuditedRoundPage | None:
    """Return a round and a page of its lots, or nothing."""
    found = audited_round(session, slug)
    if found is None:
        return None
    statement, paging = cut(session, _lots(slug).order_by(LotRow.number), number=page, size=LOTS_A_PAGE)
    lots = session.execute(statement).all()
    row = session.scalars(_rounds().where(RoundRow.slug == slug)).one()
    at_close = heads.at_close(session, row.id)
    return AuditedRoundPage(
        round=found,
        round_head=of_round(session, row),
        lots=tuple(_lot(*each, head_hash=at_close.get(each[0].id, each[0].head_hash)) for each in lots),
        paging=paging,
    )


def record(session: Session, slug: str, number: int, *, page: int) -> RecordPage | None:
    """Return a page of a lot's record, or nothing."""
    row = session.scalars(_rounds().where(RoundRow.slug == slug)).one_or_none()
    found = session.execute(_lots(slug).where(LotRow.number == number)).one_or_none()
    if row is None or found is None:
        return None
    void = by_bid(voids(session, found[0].id))
    events = select(RecordRow).where(RecordRow.lot_id == found[0].id).order_by(RecordRow.seq)
    statement, paging = cut(session, events, number=page, size=EVENTS_A_PAGE)
    return RecordPage(
        head=head_of(row),
        lot=_lot(*found, head_hash=found[0].head_hash),
        offers=all_offers(session, found[0].id),
        events=tuple(_event(each, void.get(each.seq)) for each in session.scalars(statement)),
        paging=paging,
    )


def audited_lot(session: Session, slug: str, number: int) -> tuple[LotRow, AuditedLot] | None:
    """Return a lot of a round that was published, or nothing."""
    found = session.execute(_lots(slug).where(LotRow.number == number)).one_or_none()
    return None if found is None else (found[0], _lot(*found, head_hash=found[0].head_hash))


def _rounds() -> Select[RoundRow]:
    return (
        select(RoundRow)
        .where(PUBLIC)
        .options(selectinload(RoundRow.host_market), selectinload(RoundRow.markets).selectinload(RoundMarketRow.market))
    )


def _audited(session: Session, rows: Sequence[RoundRow]) -> list[AuditedRound]:
    counts: Mapping[int, tuple[int, int]] = {
        round_id: (lots, events)
        for round_id, lots, events in session.execute(
            select(LotRow.round_id, func.count(LotRow.id.distinct()), func.count(RecordRow.id))
            .outerjoin(RecordRow, RecordRow.lot_id == LotRow.id)
            .where(LotRow.round_id.in_([row.id for row in rows]), LISTED)
            .group_by(LotRow.round_id)
        )
    }
    return [
        AuditedRound(
            head=head_of(row),
            lots=counts.get(row.id, (0, 0))[0],
            events=counts.get(row.id, (0, 0))[1],
            digest=row.digest,
        )
        for row in rows
    ]


def _lots(slug: str) -> Select[LotRow, ResultRow, OutcomeRow]:
    return (
        select(LotRow, ResultRow, OutcomeRow)
        .join(LotRow.result)
        .join(LotRow.round)
        .outerjoin(OutcomeRow, OutcomeRow.lot_id == LotRow.id)
        .where(RoundRow.slug == slug, PUBLIC, LISTED)
    )


def _lot(lot: LotRow, result: ResultRow, outcome: OutcomeRow | None, *, head_hash: str | None) -> AuditedLot:
    return AuditedLot(
        number=lot.number or 0,
        title=result.title,
        stage=lot.stage,
        ending=None if outcome is None else outcome.ending,
        events=lot.seq,
        refused=lot.refused,
        head_hash=head_hash,
    )


def _event(row: RecordRow, void: Void | None) -> AuditedEvent:
    return AuditedEvent(
        seq=row.seq,
        kind=row.kind,
        at=row.at,
        paddle=row.paddle,
        amount=row.amount,
        closes_at=row.closes_at,
        data=tuple((name, _plain(value)) for name, value in sorted(row.data.items())),
        prev_hash=row.prev_hash,
        hash=row.hash,
        voided_by=None if void is None else void.seq,
    )


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
