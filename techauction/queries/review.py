"""Results that wait for their market's review."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from techauction.core.consigning import Instrument
from techauction.core.described import Described, Terms
from techauction.core.lot import Stage
from techauction.core.money import Money
from techauction.core.names import Name
from techauction.core.round import Phase
from techauction.queries.paging import Paging, cut
from techauction.store.consigning import LotRow, ReserveRow, ResultRow
from techauction.store.loading import LOADED

RESULTS_A_PAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingResult:
    """A result in the list of those to be reviewed."""

    lot_id: int
    title: Name
    institute: Name
    field: Name
    round_title: Name
    start: Money | None
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class WaitingPage:
    """The market's results to be reviewed, the longest waiting first."""

    results: tuple[WaitingResult, ...]
    paging: Paging


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage:
    """A result before its market. `proposed` is the number that it would get."""

    lot_id: int
    slug: str
    round_title: Name
    phase: Phase
    registration_closes_at: datetime
    institute: Name
    province: str
    credit_code: str
    title: Name
    summary: Name
    field: Name
    maturity: int
    instrument: Instrument
    owners: str
    rights: str
    start: Money | None
    increment: Money | None
    reserve_announced: bool
    sealed: bool
    stage: Stage
    number: int | None
    return_reason: str
    submitted_at: datetime
    described: Described
    terms: Terms
    proposed: int
    may_accept: bool
    may_return: bool


def waiting_results(session: Session, *, market_key: str, page: int) -> WaitingPage:
    """Return a page of the results that wait for the market."""
    statement = (
        select(LotRow)
        .join(LotRow.round)
        .join(LotRow.result)
        .join(ResultRow.field)
        .join(ResultRow.institute)
        .where(LotRow.market_key == market_key, LotRow.stage == Stage.SUBMITTED)
        .order_by(LotRow.submitted_at, LotRow.id)
        .options(
            contains_eager(LotRow.round),
            contains_eager(LotRow.result).contains_eager(ResultRow.field),
            contains_eager(LotRow.result).contains_eager(ResultRow.institute),
        )
    )
    statement, paging = cut(session, statement, number=page, size=RESULTS_A_PAGE)
    return WaitingPage(
        tuple(
            WaitingResult(
                lot_id=row.id,
                title=row.result.title,
                institute=row.result.institute.name,
                field=row.result.field.name,
                round_title=row.round.title,
                start=row.start,
                submitted_at=row.submitted_at,
            )
            for row in session.scalars(statement)
        ),
        paging,
    )


def review(session: Session, *, lot_id: int, market_key: str) -> ReviewPage | None:
    """Return a result of the market's, or nothing."""
    found = session.execute(
        select(LotRow, ReserveRow.lot_id)
        .join(LotRow.round)
        .join(LotRow.result)
        .join(ResultRow.field)
        .join(ResultRow.institute)
        .outerjoin(ReserveRow, ReserveRow.lot_id == LotRow.id)
        .where(LotRow.id == lot_id, LotRow.market_key == market_key, LOADED)
        .options(
            contains_eager(LotRow.round),
            contains_eager(LotRow.result).contains_eager(ResultRow.field),
            contains_eager(LotRow.result).contains_eager(ResultRow.institute),
        )
    ).one_or_none()
    if found is None:
        return None
    row, sealed = found
    taken = session.scalars(select(LotRow.number).where(LotRow.round_id == row.round_id, LotRow.number.is_not(None)))
    result, round_ = row.result, row.round
    return ReviewPage(
        lot_id=row.id,
        slug=round_.slug,
        round_title=round_.title,
        phase=round_.phase,
        registration_closes_at=round_.registration_closes_at,
        institute=result.institute.name,
        province=result.institute.province,
        credit_code=result.institute.credit_code,
        title=result.title,
        summary=result.summary,
        field=result.field.name,
        maturity=result.maturity,
        instrument=result.instrument,
        owners=result.owners,
        rights=result.rights,
        start=row.start,
        increment=row.increment,
        reserve_announced=row.reserve_announced,
        sealed=sealed is not None,
        stage=row.stage,
        number=row.number,
        return_reason=row.return_reason,
        submitted_at=row.submitted_at,
        described=result.as_described(),
        terms=row.terms(),
        proposed=max((each for each in taken if each is not None), default=0) + 1,
        may_accept=row.stage is Stage.SUBMITTED,
        may_return=row.stage is Stage.SUBMITTED or (row.stage is Stage.LISTED and round_.phase is Phase.DRAFT),
    )
