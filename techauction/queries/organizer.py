"""What an organizer sees: the rounds that the own market holds or takes part in, and everything in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, contains_eager, selectinload

from techauction.core import round as rounds
from techauction.core.lot import Stage
from techauction.core.money import Money
from techauction.core.names import Name
from techauction.core.planned import PlannedRound
from techauction.core.round import Phase, Problem
from techauction.queries.paging import Paging, cut
from techauction.queries.rounds import RoundHead, Totals, head_of, totals_of
from techauction.queries.viewing import rounds_of
from techauction.store import admitting, drafts
from techauction.store.auction import AdmissionRow
from techauction.store.consigning import LotRow, ReserveRow, ResultRow, RoundMarketRow, RoundRow
from techauction.store.people import Role, UserRow

ROUNDS_A_PAGE = 20
LOTS_A_PAGE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRound:
    """A round in the organizer's list. `waiting`: results of the own market that wait for their review."""

    id: int
    head: RoundHead
    totals: Totals
    hosted: bool
    waiting: int


@dataclass(frozen=True, slots=True)
class OwnRoundsPage:
    """The rounds of the organizer's market, the latest first."""

    rounds: tuple[OwnRound, ...]
    paging: Paging


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundLot:
    """A lot of a round that is being set up. Whether its reserve is sealed is told, never the reserve."""

    lot_id: int
    number: int | None
    title: Name
    field: Name
    institute: Name
    market: Name
    market_key: str
    stage: Stage
    start: Money | None
    increment: Money | None
    reserve_announced: bool
    sealed: bool
    admitted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUpPage:
    """A round with its rules, its lots, and what keeps a draft from being published.

    `decided`: of a draft, all that its host decides about by publishing it or calling it off.
    """

    id: int
    head: RoundHead
    totals: Totals
    hosted: bool
    planned: PlannedRound
    published_at: datetime | None
    opened_at: datetime | None
    lots: tuple[RoundLot, ...]
    paging: Paging
    problems: tuple[Problem, ...]
    may_open: bool
    digest: str | None
    custodian: str | None
    decided: Mapping[str, object]


def own_rounds(session: Session, *, market_key: str, page: int) -> OwnRoundsPage:
    """Return a page of the rounds that the market holds or takes part in."""
    statement, paging = cut(
        session,
        own(market_key).where(RoundRow.copy_of_id.is_(None)).order_by(RoundRow.opens_at.desc(), RoundRow.id.desc()),
        number=page,
        size=ROUNDS_A_PAGE,
    )
    rows = session.scalars(statement).all()
    ids = [row.id for row in rows]
    totals = totals_of(session, ids)
    waiting = dict(
        session.execute(
            select(LotRow.round_id, func.count())
            .where(LotRow.round_id.in_(ids), LotRow.market_key == market_key, LotRow.stage == Stage.SUBMITTED)
            .group_by(LotRow.round_id)
        ).all()
    )
    return OwnRoundsPage(
        tuple(
            OwnRound(
                id=row.id,
                head=head_of(row),
                totals=totals[row.id],
                hosted=row.host_market_key == market_key,
                waiting=waiting.get(row.id, 0),
            )
            for row in rows
        ),
        paging,
    )


def set_up(session: Session, slug: str, *, market_key: str, page: int, now: datetime) -> SetUpPage | None:
    """Return a round of the market's, or nothing."""
    row = session.scalars(own(market_key).where(RoundRow.slug == slug)).one_or_none()
    if row is None:
        return None
    lots, paging = _lots(session, row.id, page)
    return SetUpPage(
        id=row.id,
        head=head_of(row),
        totals=totals_of(session, [row.id])[row.id],
        hosted=row.host_market_key == market_key,
        planned=row.planned(),
        published_at=row.published_at,
        opened_at=row.opened_at,
        lots=lots,
        paging=paging,
        problems=tuple(_problems(session, row, now)),
        may_open=may_open(row, now),
        digest=row.digest,
        custodian=None if row.custodian is None else row.custodian.name,
        decided=drafts.shown(session, row) if row.phase is Phase.DRAFT else {},
    )


def slug_of(session: Session, round_id: int, *, market_key: str) -> str | None:
    """Return the present address of a round of the market's, or nothing."""
    return session.scalar(own(market_key).with_only_columns(RoundRow.slug).where(RoundRow.id == round_id))


def own(market_key: str) -> Select[RoundRow]:
    """Return the rounds that the market holds or takes part in."""
    return (
        select(RoundRow)
        .where(RoundRow.id.in_(rounds_of(market_key)))
        .options(selectinload(RoundRow.host_market), selectinload(RoundRow.markets).selectinload(RoundMarketRow.market))
    )


def organizers_of(session: Session, market_key: str) -> list[tuple[int, str]]:
    """Return the market's organizers who may sign in, by name."""
    rows = session.execute(
        select(UserRow.id, UserRow.name)
        .where(UserRow.role == Role.ORGANIZER, UserRow.market_key == market_key, UserRow.disabled_at.is_(None))
        .order_by(UserRow.name, UserRow.id)
    )
    return [(user_id, name) for user_id, name in rows]


def may_open(row: RoundRow, now: datetime) -> bool:
    """Return whether one organizer may open the round now."""
    return row.phase is Phase.PUBLISHED and (row.rehearsal or now >= row.opens_at)


def _lots(session: Session, round_id: int, page: int) -> tuple[tuple[RoundLot, ...], Paging]:
    statement = (
        select(LotRow, ReserveRow.lot_id)
        .join(LotRow.result)
        .join(ResultRow.field)
        .join(ResultRow.institute)
        .join(LotRow.market)
        .outerjoin(ReserveRow, ReserveRow.lot_id == LotRow.id)
        .where(LotRow.round_id == round_id)
        .order_by(LotRow.number.is_(None), LotRow.number, LotRow.id)
        .options(
            contains_eager(LotRow.result).contains_eager(ResultRow.field),
            contains_eager(LotRow.result).contains_eager(ResultRow.institute),
            contains_eager(LotRow.market),
        )
    )
    statement, paging = cut(session, statement, number=page, size=LOTS_A_PAGE)
    found = session.execute(statement).all()
    admitted = admitting.admitted(session, AdmissionRow.lot_id.in_([lot.id for lot, _ in found]))
    return tuple(_round_lot(lot, sealed, admitted.get(lot.id, 0)) for lot, sealed in found), paging


def _round_lot(lot: LotRow, sealed: int | None, admitted: int) -> RoundLot:
    result = lot.result
    return RoundLot(
        lot_id=lot.id,
        number=lot.number,
        title=result.title,
        field=result.field.name,
        institute=result.institute.name,
        market=lot.market.name,
        market_key=lot.market_key,
        stage=lot.stage,
        start=lot.start,
        increment=lot.increment,
        reserve_announced=lot.reserve_announced,
        sealed=sealed is not None,
        admitted=admitted,
    )


def _problems(session: Session, row: RoundRow, now: datetime) -> Sequence[Problem]:
    if row.phase is not Phase.DRAFT:
        return ()
    lots = session.scalars(
        select(LotRow).where(LotRow.round_id == row.id, LotRow.stage == Stage.LISTED).order_by(LotRow.number)
    )
    return tuple(rounds.problems_of(row.plan(lot.listed() for lot in lots), now))
