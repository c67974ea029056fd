"""Requests for paddles and paddles issued, as the organizers of a round's markets see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, func, select, type_coerce
from sqlalchemy.orm import Session, contains_eager

from techauction.core import admission
from techauction.core.admission import DepositRule
from techauction.core.money import Money
from techauction.core.names import Name
from techauction.core.paddle import PaddleState, number
from techauction.core.round import Phase
from techauction.queries.coverage import Coverage, coverage
from techauction.queries.paddles import remark_of, state_of
from techauction.queries.paging import Paging, cut
from techauction.queries.rounds import RoundHead, head_of
from techauction.store.auction import AdmissionRow, PaddleRow
from techauction.store.consigning import RoundMarketRow, RoundRow
from techauction.store.money import DepositRow
from techauction.store.people import OrganisationRow

PADDLES_A_PAGE = 25
_IS: Mapping[PaddleState, ColumnElement[bool]] = {
    PaddleState.ASKED: and_(PaddleRow.issued_at.is_(None), PaddleRow.voided_at.is_(None)),
    PaddleState.REFUSED: and_(PaddleRow.issued_at.is_(None), PaddleRow.voided_at.is_not(None)),
    PaddleState.ISSUED: and_(PaddleRow.issued_at.is_not(None), PaddleRow.voided_at.is_(None)),
    PaddleState.VOIDED: and_(PaddleRow.issued_at.is_not(None), PaddleRow.voided_at.is_not(None)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PaddleLine:
    """A paddle, or a request for one, in the list."""

    id: int
    number: int | None
    state: PaddleState
    enterprise: Name
    market: Name
    asked_at: datetime
    lots: int
    required: Money
    held: Money
    may_be_issued: bool

    @property
    def is_full(self) -> bool:
        """Return whether every deposit is covered."""
        return admission.is_covered(self.held, self.required)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaddlesPage:
    """A page of a round's paddles, and how many there are in each state."""

    head: RoundHead
    deposit: DepositRule
    paddles: tuple[PaddleLine, ...]
    counts: Mapping[PaddleState, int]
    paging: Paging


@dataclass(frozen=True, slots=True, kw_only=True)
class PaddlePage:
    """One paddle with its lots and deposits, and what may be done about it."""

    id: int
    head: RoundHead
    number: int | None
    state: PaddleState
    void_reason: str
    enterprise: Name
    credit_code: str
    agent: str
    telephone: str
    market: Name
    asked_at: datetime
    issued_at: datetime | None
    voided_at: datetime | None
    remark: str
    coverage: Coverage
    next_number: int | None
    may_change: bool


def paddles(session: Session, slug: str, *, market_key: str, state: PaddleState | None, page: int) -> PaddlesPage | None:
    """Return a round's paddles, requests first, or nothing where the round is other markets'."""
    row = _round(session, slug, market_key)
    if row is None:
        return None
    statement = (
        select(PaddleRow, _LOTS, _REQUIRED, _HELD, _COVERED)
        .join(PaddleRow.organisation)
        .join(OrganisationRow.market)
        .where(PaddleRow.round_id == row.id)
        .options(contains_eager(PaddleRow.organisation).contains_eager(OrganisationRow.market))
        .order_by(PaddleRow.issued_at.is_not(None), PaddleRow.number, PaddleRow.asked_at, PaddleRow.id)
    )
    if state is not None:
        statement = statement.where(_IS[state])
    statement, paging = cut(session, statement, number=page, size=PADDLES_A_PAGE)
    counts = session.execute(
        select(*(func.count(case((_IS[each], 1))) for each in PaddleState)).where(PaddleRow.round_id == row.id)
    ).one()
    return PaddlesPage(
        head=head_of(row),
        deposit=row.deposit_rule(),
        paddles=tuple(_line(*found) for found in session.execute(statement)),
        counts=dict(zip(PaddleState, counts, strict=True)),
        paging=paging,
    )


def paddle(session: Session, slug: str, *, paddle_id: int, market_key: str) -> PaddlePage | None:
    """Return one paddle of a round, or nothing where it is none of the market's."""
    round_row = _round(session, slug, market_key)
    row = session.scalars(
        select(PaddleRow)
        .join(PaddleRow.organisation)
        .join(OrganisationRow.market)
        .where(PaddleRow.id == paddle_id, PaddleRow.round_id == (round_row.id if round_row else None))
        .options(contains_eager(PaddleRow.organisation).contains_eager(OrganisationRow.market))
    ).one_or_none()
    if round_row is None or row is None:
        return None
    taken = session.scalars(select(PaddleRow.number).where(PaddleRow.round_id == row.round_id))
    enterprise = row.organisation
    return PaddlePage(
        id=row.id,
        head=head_of(round_row),
        number=row.number,
        state=state_of(row),
        void_reason=row.void_reason,
        enterprise=enterprise.name,
        credit_code=enterprise.credit_code,
        agent=enterprise.agent,
        telephone=enterprise.telephone,
        market=enterprise.market.name,
        asked_at=row.asked_at,
        issued_at=row.issued_at,
        voided_at=row.voided_at,
        remark=remark_of(round_row.slug, row.id),
        coverage=coverage(session, row.id),
        next_number=None if row.number else number(None, [each for each in taken if each]),
        may_change=row.voided_at is None and round_row.phase in (Phase.PUBLISHED, Phase.OPEN),
    )


def _round(session: Session, slug: str, market_key: str) -> RoundRow | None:
    return session.scalars(
        select(RoundRow)
        .join(RoundMarketRow, RoundMarketRow.round_id == RoundRow.id)
        .where(RoundRow.slug == slug, RoundMarketRow.market_key == market_key, RoundRow.phase != Phase.DRAFT)
    ).one_or_none()


def _line(row: PaddleRow, lots: int, required: int | None, held: int | None, covered: int) -> PaddleLine:
    return PaddleLine(
        id=row.id,
        number=row.number,
        state=state_of(row),
        enterprise=row.organisation.name,
        market=row.organisation.market.name,
        asked_at=row.asked_at,
        lots=lots,
        required=Money(int(required or 0)),
        held=Money(int(held or 0)),
        may_be_issued=covered > 0,
    )


def _over_deposits(what: Any, *conditions: ColumnElement[bool]) -> Any:
    return select(what).where(DepositRow.paddle_id == PaddleRow.id, *conditions).scalar_subquery()


_LOTS = select(func.count()).select_from(AdmissionRow).where(AdmissionRow.paddle_id == PaddleRow.id).scalar_subquery()
_REQUIRED = _over_deposits(func.sum(type_coerce(DepositRow.required, BigInteger)))
_HELD = _over_deposits(func.sum(type_coerce(DepositRow.held, BigInteger)))
_COVERED = _over_deposits(func.count(), DepositRow.held >= DepositRow.required)
