"""Rounds as everybody may see them: their heads and what their lots add up to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, case, cast, func, or_, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session, selectinload

from techauction.core.admission import DepositRule
from techauction.core.lot import Stage
from techauction.core.money import ZERO, Money, rate
from techauction.core.names import Name
from techauction.core.outcome import Ending
from techauction.core.round import Phase, Regime
from techauction.core.value_added import NOT_COUNTED
from techauction.queries.paging import Paging, cut
from techauction.queries.viewing import ANYBODY, LISTED, Viewer, visible_to
from techauction.store.auction import OutcomeRow, PaddleRow
from techauction.store.consigning import LotRow, RoundMarketRow, RoundRow

ROUNDS_A_PAGE = 10
_PAST_AT_HOME = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a round's lots add up to. `sold_start` is the start price of those sold.

    `lots` and `start` are of all that were announced; the others are of those offered, as the report counts them.
    """

    lots: int
    start: Money
    ended: int
    withheld: int
    withdrawn: int
    void: int
    sold: int
    sold_start: Money
    hammer: Money
    bids: int
    paddles: int

    @property
    def offered(self) -> int:
        """Return how many lots were offered to the end, or still are or will be."""
        return self.lots - self.withheld - self.withdrawn - self.void

    @property
    def left_out(self) -> tuple[tuple[Ending, int], ...]:
        """Return how many lots were announced and are not counted among those offered, by why."""
        counts = ((Ending.WITHHELD, self.withheld), (Ending.WITHDRAWN, self.withdrawn), (Ending.VOID, self.void))
        return tuple((ending, count) for ending, count in counts if count)

    @property
    def value_added(self) -> Money:
        """Return the value added at the hammer."""
        return self.hammer - self.sold_start

    @property
    def value_added_rate(self) -> str:
        """Return the value-added rate, from the sums of the lots sold."""
        return rate(self.value_added, self.sold_start)


NOTHING = Totals(
    lots=0,
    start=ZERO,
    ended=0,
    withheld=0,
    withdrawn=0,
    void=0,
    sold=0,
    sold_start=ZERO,
    hammer=ZERO,
    bids=0,
    paddles=0,
)
"""The totals of a round without lots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundHead:
    """What stands at the head of every page of a round. `copy_of` is the round of which it is a copy."""

    slug: str
    title: Name
    phase: Phase
    regime: Regime
    rehearsal: bool
    synthetic: bool
    host: Name
    markets: tuple[Name, ...]
    registration_closes_at: datetime
    opens_at: datetime
    closes_at: datetime
    closed_at: datetime | None
    copy_of: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyTerms:
    """What a round's deposit and commission are, and the words that unusual ones need."""

    deposit: DepositRule
    deposit_reason: str | None
    buyer_bps: int
    seller_bps: int
    commission_note: str | None


def money_terms_of(row: RoundRow) -> MoneyTerms:
    """Return the round's deposit and commission."""
    return MoneyTerms(
        deposit=row.deposit_rule(),
        deposit_reason=row.deposit_reason,
        buyer_bps=row.buyer_bps,
        seller_bps=row.seller_bps,
        commission_note=row.commission_note,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundCard:
    """A round in a list."""

    head: RoundHead
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """What is being sold, what comes, and what was."""

    current: tuple[RoundCard, ...]
    upcoming: tuple[RoundCard, ...]
    past: tuple[RoundCard, ...]


@dataclass(frozen=True, slots=True)
class RoundsPage:
    """A page of the rounds ever announced."""

    rounds: tuple[RoundCard, ...]
    paging: Paging


def home(session: Session) -> HomePage:
    """Return the rounds for the first page: all that are open or coming, and the latest that were."""

    def having(phase: Phase, *order: ColumnElement[Any] | InstrumentedAttribute[Any]) -> Select[Any]:
        return _rounds().where(RoundRow.phase == phase).order_by(*order)

    current = having(Phase.OPEN, RoundRow.closes_at, RoundRow.id)
    upcoming = having(Phase.PUBLISHED, RoundRow.opens_at, RoundRow.id)
    past = having(Phase.CLOSED, RoundRow.closed_at.desc(), RoundRow.id).limit(_PAST_AT_HOME)
    groups = [session.scalars(statement).all() for statement in (current, upcoming, past)]
    totals = totals_of(session, [row.id for group in groups for row in group])
    cards = [tuple(RoundCard(head=head_of(row), totals=totals[row.id]) for row in group) for group in groups]
    return HomePage(current=cards[0], upcoming=cards[1], past=cards[2])


def rounds(session: Session, *, page: int) -> RoundsPage:
    """Return the rounds ever announced, the latest first."""
    statement = _rounds().order_by(RoundRow.opens_at.desc(), RoundRow.id.desc())
    statement, paging = cut(session, statement, number=page, size=ROUNDS_A_PAGE)
    found = session.scalars(statement).all()
    totals = totals_of(session, [row.id for row in found])
    return RoundsPage(tuple(RoundCard(head=head_of(row), totals=totals[row.id]) for row in found), paging)


def public_round(session: Session, slug: str, *, viewer: Viewer = ANYBODY) -> RoundRow | None:
    """Return the round of that name, if it was announced and the viewer may see it."""
    return session.scalars(_rounds(viewer).where(RoundRow.slug == slug)).one_or_none()


def head_of(row: RoundRow) -> RoundHead:
    """Return the round's head."""
    return RoundHead(
        slug=row.slug,
        title=row.title,
        phase=row.phase,
        regime=row.regime,
        rehearsal=row.rehearsal,
        synthetic=row.synthetic,
        host=row.host_market.name,
        markets=tuple(
            each.market.name
            for each in sorted(row.markets, key=lambda each: (each.market_key != row.host_market_key, each.market.position))
        ),
        registration_closes_at=row.registration_closes_at,
        opens_at=row.begins_at,
        closes_at=row.closes_at,
        closed_at=row.closed_at,
        copy_of=None if row.copy_of is None else row.copy_of.slug,
    )


def totals_of(session: Session, round_ids: Sequence[int]) -> Mapping[int, Totals]:
    """Return what the rounds' lots add up to."""
    sold = OutcomeRow.ending == Ending.SOLD
    rows = session.execute(
        select(
            LotRow.round_id,
            func.count().label("lots"),
            _sum(LotRow.start).label("start"),
            func.count(case((LotRow.stage == Stage.ENDED, 1))).label("ended"),
            *(func.count(case((OutcomeRow.ending == ending, 1))).label(ending.value) for ending in NOT_COUNTED),
            func.count(case((sold, 1))).label("sold"),
            _sum(LotRow.start, sold).label("sold_start"),
            _sum(OutcomeRow.price, sold).label("hammer"),
            _sum(LotRow.bids, or_(OutcomeRow.ending.is_(None), OutcomeRow.ending.not_in(NOT_COUNTED))).label("bids"),
        )
        .outerjoin(OutcomeRow, OutcomeRow.lot_id == LotRow.id)
        .where(LotRow.round_id.in_(round_ids), LISTED)
        .group_by(LotRow.round_id)
    )
    paddles = dict(
        session.execute(
            select(PaddleRow.round_id, func.count())
            .where(PaddleRow.round_id.in_(round_ids), PaddleRow.number.is_not(None), PaddleRow.voided_at.is_(None))
            .group_by(PaddleRow.round_id)
        ).all()
    )
    found = {
        row.round_id: Totals(
            lots=row.lots,
            start=Money(row.start),
            ended=row.ended,
            withheld=row.withheld,
            withdrawn=row.withdrawn,
            void=row.void,
            sold=row.sold,
            sold_start=Money(row.sold_start),
            hammer=Money(row.hammer),
            bids=row.bids,
            paddles=paddles.get(row.round_id, 0),
        )
        for row in rows
    }
    return {each: found.get(each, NOTHING) for each in round_ids}


def _rounds(viewer: Viewer = ANYBODY) -> Select[RoundRow]:
    return (
        select(RoundRow)
        .where(visible_to(viewer))
        .options(selectinload(RoundRow.host_market), selectinload(RoundRow.markets).selectinload(RoundMarketRow.market))
    )


def _sum(column: Any, condition: ColumnElement[bool] | None = None) -> ColumnElement[int]:
    plain = type_coerce(column, BigInteger)
    counted = plain if condition is None else case((condition, plain))
    return cast(func.coalesce(func.sum(counted), 0), BigInteger)
