"""What the JSON API tells: rounds, lots and records as they are announced, in flat values. No reserve has a place here.

The names are those of a round's file where it has them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, contains_eager, selectinload

from techauction.core.admission import DepositKind
from techauction.core.consigning import Instrument
from techauction.core.lot import ExtensionKind
from techauction.core.record import Kind
from techauction.core.round import Phase, Regime
from techauction.queries.live import live_lots
from techauction.queries.paging import Paging, counted
from techauction.queries.rounds import Totals, totals_of
from techauction.queries.sale import Sale, keeps_offers
from techauction.queries.viewing import LISTED, PUBLIC
from techauction.store.auction import OutcomeRow
from techauction.store.consigning import LotRow, ResultRow, RoundRow
from techauction.store.record import RecordRow

_SEALED = ("reserve_fen", "salt")
"""The opening of a reserve, in the hammer's event: it is its institute's and the auditors' to see."""
_OFFERS = ("bids",)
"""The sealed offers of a lot that was not sold, in the event that opened them: as a reserve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRound:
    """A round: its terms, where it stands, and what its lots add up to. `digest` stands at the close."""

    slug: str
    title_zh: str
    title_en: str
    host_market: str
    markets: list[str]
    regime: Regime
    rehearsal: bool
    synthetic: bool
    phase: Phase
    registration_closes_at: datetime
    reserve_deadline_at: datetime
    opens_at: datetime
    opened_at: datetime | None
    closes_at: datetime
    closed_at: datetime | None
    stagger_s: int
    extension_kind: ExtensionKind
    extension_trigger_s: int
    extension_length_s: int
    extension_cap_s: int | None
    max_steps: int
    raise_own_bid: bool
    collar: int
    min_admitted: int
    min_bidding: int
    deposit_kind: DepositKind
    deposit_share_bps: int
    deposit_fixed_fen: int | None
    buyer_bps: int
    seller_bps: int
    commission_note: str | None
    deposit_reason: str | None
    lots: int
    lots_sold: int
    start_fen: int
    sold_start_fen: int
    hammer_fen: int
    value_added_fen: int
    value_added_rate: str
    bids: int
    paddles: int
    digest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedLot:
    """A lot: what is sold, and its terms. `ladder` is `[[from_fen, increment_fen], …]`; `deposit_fen` is held for it."""

    id: int
    round: str
    number: int
    title_zh: str
    title_en: str
    summary_zh: str
    summary_en: str
    field: str
    market: str
    institute_zh: str
    institute_en: str
    maturity: int
    instrument: Instrument
    owners: str
    rights: str
    synthetic: bool
    start_fen: int
    ladder: list[list[int]]
    deposit_fen: int
    reserve_announced: bool
    head_hash: str | None


@dataclass(frozen=True, slots=True)
class LotNumber:
    """Which lot of a round has which id."""

    number: int
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedEvent:
    """One event of a lot's record, with its place in the chain.

    `data` is what only its kind has; a reserve is left out, and so are the sealed offers of a lot that was not sold.
    """

    seq: int
    kind: Kind
    at: datetime
    paddle: int | None
    amount_fen: int | None
    closes_at: datetime | None
    data: dict[str, object]
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class RoundsPage:
    """A page of the rounds."""

    rounds: tuple[PublishedRound, ...]
    paging: Paging


@dataclass(frozen=True, slots=True)
class LotsPage:
    """A page of a round's lots, each with its present state."""

    lots: tuple[tuple[PublishedLot, Sale], ...]
    paging: Paging


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A page of a lot's record."""

    events: tuple[PublishedEvent, ...]
    paging: Paging


def rounds(session: Session, *, page: int, size: int) -> RoundsPage:
    """Return the rounds ever announced, the latest first."""
    statement = _rounds().order_by(RoundRow.opens_at.desc(), RoundRow.id.desc())
    statement, paging = counted(session, statement, number=page, size=size)
    rows = session.scalars(statement).all()
    totals = totals_of(session, [row.id for row in rows])
    return RoundsPage(tuple(_round(row, totals[row.id]) for row in rows), paging)


def round_(session: Session, slug: str) -> PublishedRound | None:
    """Return the round of that name, if it was announced."""
    row = session.scalars(_rounds().where(RoundRow.slug == slug)).one_or_none()
    return None if row is None else _round(row, totals_of(session, [row.id])[row.id])


def lots(session: Session, slug: str, *, page: int, size: int) -> LotsPage | None:
    """Return a round's lots by number, or nothing if there is no such round."""
    if session.scalar(select(RoundRow.id).where(RoundRow.slug == slug, PUBLIC)) is None:
        return None
    statement = _lots().where(RoundRow.slug == slug).order_by(LotRow.number)
    statement, paging = counted(session, statement, number=page, size=size)
    return LotsPage(tuple(_with_states(session, session.scalars(statement).all())), paging)


def lot_ids(session: Session, slug: str) -> list[LotNumber]:
    """Return the ids of a round's lots, by number."""
    statement = select(LotRow.number, LotRow.id).join(LotRow.round).where(RoundRow.slug == slug, LISTED, PUBLIC)
    return [LotNumber(number or 0, lot_id) for number, lot_id in session.execute(statement.order_by(LotRow.number))]


def lot(session: Session, lot_id: int) -> tuple[PublishedLot, Sale] | None:
    """Return a lot with its present state, if it was announced."""
    row = session.scalars(_lots().where(LotRow.id == lot_id)).one_or_none()
    return None if row is None else _with_states(session, [row])[0]


def record(session: Session, lot_id: int, *, page: int, size: int) -> RecordPage | None:
    """Return a lot's events, the first first, or nothing if there is no such lot."""
    lot = select(LotRow.format, OutcomeRow.ending).join(LotRow.round).outerjoin(OutcomeRow, OutcomeRow.lot_id == LotRow.id)
    found = session.execute(lot.where(LotRow.id == lot_id, LISTED, PUBLIC)).one_or_none()
    if found is None:
        return None
    kept = keeps_offers(*found)
    statement = select(RecordRow).where(RecordRow.lot_id == lot_id).order_by(RecordRow.seq)
    statement, paging = counted(session, statement, number=page, size=size)
    return RecordPage(tuple(_event(row, kept=kept) for row in session.scalars(statement)), paging)


def _rounds() -> Select[RoundRow]:
    return select(RoundRow).where(PUBLIC).options(selectinload(RoundRow.markets))


def _lots() -> Select[LotRow]:
    return (
        select(LotRow)
        .join(LotRow.round)
        .join(LotRow.result)
        .join(ResultRow.institute)
        .where(LISTED, PUBLIC)
        .options(contains_eager(LotRow.round), contains_eager(LotRow.result).contains_eager(ResultRow.institute))
    )


def _with_states(session: Session, rows: Sequence[LotRow]) -> list[tuple[PublishedLot, Sale]]:
    found = [_lot(row) for row in rows]
    states = {state.lot_id: state for state in live_lots(session, [each.id for each in found])}
    return [(each, states[each.id]) for each in found]


def _round(row: RoundRow, totals: Totals) -> PublishedRound:
    return PublishedRound(
        slug=row.slug,
        title_zh=row.title_zh,
        title_en=row.title_en,
        host_market=row.host_market_key,
        markets=sorted((each.market_key for each in row.markets), key=lambda key: (key != row.host_market_key, key)),
        regime=row.regime,
        rehearsal=row.rehearsal,
        synthetic=row.synthetic,
        phase=row.phase,
        registration_closes_at=row.registration_closes_at,
        reserve_deadline_at=row.reserve_deadline_at,
        opens_at=row.opens_at,
        opened_at=row.opened_at,
        closes_at=row.closes_at,
        closed_at=row.closed_at,
        stagger_s=row.stagger_s,
        extension_kind=row.extension_kind,
        extension_trigger_s=row.extension_trigger_s,
        extension_length_s=row.extension_length_s,
        extension_cap_s=row.extension_cap_s,
        max_steps=row.max_steps,
        raise_own_bid=row.raise_own_bid,
        collar=row.collar,
        min_admitted=row.min_admitted,
        min_bidding=row.min_bidding,
        deposit_kind=row.deposit_kind,
        deposit_share_bps=row.deposit_share_bps,
        deposit_fixed_fen=None if row.deposit_fixed is None else row.deposit_fixed.minor,
        buyer_bps=row.buyer_bps,
        seller_bps=row.seller_bps,
        commission_note=row.commission_note,
        deposit_reason=row.deposit_reason,
        lots=totals.lots,
        lots_sold=totals.sold,
        start_fen=totals.start.minor,
        sold_start_fen=totals.sold_start.minor,
        hammer_fen=totals.hammer.minor,
        value_added_fen=totals.value_added.minor,
        value_added_rate=totals.value_added_rate,
        bids=totals.bids,
        paddles=totals.paddles,
        digest=row.digest,
    )


def _lot(row: LotRow) -> PublishedLot:
    assert row.number is not None
    assert row.start is not None
    result = row.result
    return PublishedLot(
        id=row.id,
        round=row.round.slug,
        number=row.number,
        title_zh=result.title_zh,
        title_en=result.title_en,
        summary_zh=result.summary_zh,
        summary_en=result.summary_en,
        field=result.field_key,
        market=row.market_key,
        institute_zh=result.institute.name_zh,
        institute_en=result.institute.name_en,
        maturity=result.maturity,
        instrument=result.instrument,
        owners=result.owners,
        rights=result.rights,
        synthetic=result.synthetic,
        start_fen=row.start.minor,
        ladder=row.increments().as_json(),
        deposit_fen=row.round.deposit_rule().of(row.start).minor,
        reserve_announced=row.reserve_announced,
        head_hash=row.head_hash,
    )


def _event(row: RecordRow, *, kept: bool) -> PublishedEvent:
    left_out = (*_SEALED, *_OFFERS) if kept else _SEALED
    return PublishedEvent(
        seq=row.seq,
        kind=row.kind,
        at=row.at,
        paddle=row.paddle,
        amount_fen=None if row.amount is None else row.amount.minor,
        closes_at=row.closes_at,
        data={name: value for name, value in row.data.items() if name not in left_out},
        prev_hash=row.prev_hash,
        hash=row.hash,
    )
