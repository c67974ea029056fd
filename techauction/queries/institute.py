"""What an institute sees: its results, their sales, and the seals on its reserves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from techauction.core.consigning import Instrument
from techauction.core.described import Described, Terms
from techauction.core.lot import Stage
from techauction.core.money import Money, rate
from techauction.core.names import Name
from techauction.core.outcome import Ending
from techauction.core.round import Phase
from techauction.queries.opened import OpenedOffer, all_offers
from techauction.queries.paging import Paging, cut
from techauction.queries.rounds import RoundHead, head_of
from techauction.queries.sale import PLACE, Sale, sale_of
from techauction.queries.seal import SealShown, seal_of
from techauction.queries.viewing import LISTED, PUBLIC
from techauction.store.auction import OutcomeRow
from techauction.store.consigning import LotRow, ReserveRow, ResultRow, RoundMarketRow, RoundRow
from techauction.store.loading import LOADED
from techauction.store.people import OrganisationRow

RESULTS_A_PAGE = 20
_BEFORE_SALE = (Stage.SUBMITTED, Stage.RETURNED, Stage.LISTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class MyResult:
    """One of the institute's results, in a list. `price` is the hammer price, or the bid that stands."""

    lot_id: int
    number: int | None
    title: Name
    field: Name
    round_title: Name
    stage: Stage
    start: Money | None
    price: Money | None
    bids: int
    ending: Ending | None
    reserve_announced: bool
    sealed: bool

    @property
    def value_added_rate(self) -> str | None:
        """Return by how much the hammer price is over the start price, if the lot was sold."""
        if self.ending is not Ending.SOLD or self.start is None or self.price is None:
            return None
        return rate(self.price - self.start, self.start)


@dataclass(frozen=True, slots=True)
class MyResultsPage:
    """The institute's results, those of the latest round first."""

    results: tuple[MyResult, ...]
    paging: Paging


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPage:
    """One of the institute's results. `public`: the lot has a page in the catalogue.

    `offers`: the opened ones of a sealed lot, which are the institute's to see also where they are not public.
    """

    lot_id: int
    number: int | None
    head: RoundHead
    reserve_deadline_at: datetime
    market: Name
    title: Name
    summary: Name
    field: Name
    field_key: str
    maturity: int
    instrument: Instrument
    owners: str
    rights: str
    stage: Stage
    return_reason: str
    start: Money | None
    increment: Money | None
    reserve_announced: bool
    seal: SealShown | None
    public: bool
    described: Described
    terms: Terms
    may_revise: bool
    may_seal: bool
    sale: Sale | None
    offers: tuple[OpenedOffer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundChoice:
    """A round to which the institute may bring a result now."""

    id: int
    title: Name
    opens_at: datetime
    registration_closes_at: datetime
    rehearsal: bool


def my_results(session: Session, *, institute_id: int, page: int) -> MyResultsPage:
    """Return a page of the institute's results."""
    statement = (
        select(LotRow, OutcomeRow, ReserveRow.lot_id)
        .join(LotRow.round)
        .join(LotRow.result)
        .join(ResultRow.field)
        .outerjoin(OutcomeRow, OutcomeRow.lot_id == LotRow.id)
        .outerjoin(ReserveRow, ReserveRow.lot_id == LotRow.id)
        .where(ResultRow.institute_id == institute_id, RoundRow.copy_of_id.is_(None), LOADED)
        .order_by(RoundRow.opens_at.desc(), LotRow.round_id, LotRow.number, LotRow.id)
        .options(contains_eager(LotRow.round), contains_eager(LotRow.result).contains_eager(ResultRow.field))
    )
    statement, paging = cut(session, statement, number=page, size=RESULTS_A_PAGE)
    return MyResultsPage(tuple(_line(*found) for found in session.execute(statement)), paging)


def _line(lot: LotRow, outcome: OutcomeRow | None, sealed: int | None) -> MyResult:
    result = lot.result
    return MyResult(
        lot_id=lot.id,
        number=lot.number,
        title=result.title,
        field=result.field.name,
        round_title=lot.round.title,
        stage=lot.stage,
        start=lot.start,
        price=lot.standing_amount if outcome is None else outcome.price,
        bids=lot.bids,
        ending=None if outcome is None else outcome.ending,
        reserve_announced=lot.reserve_announced,
        sealed=sealed is not None,
    )


def my_result(session: Session, *, lot_id: int, institute_id: int, officer: bool, now: datetime) -> ResultPage | None:
    """Return one of the institute's results, or nothing; `officer` says whether its sealing officer reads."""
    found = session.execute(
        select(LotRow, OutcomeRow, PLACE, ReserveRow, LISTED & PUBLIC)
        .join(LotRow.round)
        .join(LotRow.result)
        .join(ResultRow.field)
        .join(LotRow.market)
        .outerjoin(OutcomeRow, OutcomeRow.lot_id == LotRow.id)
        .outerjoin(ReserveRow, ReserveRow.lot_id == LotRow.id)
        .where(LotRow.id == lot_id, ResultRow.institute_id == institute_id, RoundRow.copy_of_id.is_(None), LOADED)
        .options(
            contains_eager(LotRow.round),
            contains_eager(LotRow.result).contains_eager(ResultRow.field),
            contains_eager(LotRow.market),
        )
    ).one_or_none()
    if found is None:
        return None
    lot, outcome, place, reserve, public = found
    return _page(
        lot,
        offers=all_offers(session, lot.id),
        seal=seal_of(lot, reserve, outcome),
        sale=sale_of(lot, outcome, place) if public and lot.stage is not Stage.LISTED else None,
        public=public,
        officer=officer,
        now=now,
    )


def _page(
    lot: LotRow,
    *,
    offers: tuple[OpenedOffer, ...],
    seal: SealShown | None,
    sale: Sale | None,
    public: bool,
    officer: bool,
    now: datetime,
) -> ResultPage:
    result, round_ = lot.result, lot.round
    return ResultPage(
        lot_id=lot.id,
        number=lot.number,
        head=head_of(round_),
        reserve_deadline_at=round_.reserve_deadline_at,
        market=lot.market.name,
        title=result.title,
        summary=result.summary,
        field=result.field.name,
        field_key=result.field_key,
        maturity=result.maturity,
        instrument=result.instrument,
        owners=result.owners,
        rights=result.rights,
        stage=lot.stage,
        return_reason=lot.return_reason,
        start=lot.start,
        increment=lot.increment,
        reserve_announced=lot.reserve_announced,
        seal=seal,
        public=public,
        described=result.as_described(),
        terms=lot.terms(),
        may_revise=lot.stage in (Stage.SUBMITTED, Stage.RETURNED) and _takes_lots(round_, now),
        may_seal=officer and lot.reserve_announced and lot.stage in _BEFORE_SALE and now < round_.reserve_deadline_at,
        sale=sale,
        offers=offers,
    )


def _takes_lots(round_: RoundRow, now: datetime) -> bool:
    return round_.phase is Phase.DRAFT or (round_.phase is Phase.PUBLISHED and now < round_.registration_closes_at)


def rounds_open_to(session: Session, *, institute_id: int, now: datetime) -> Sequence[RoundChoice]:
    """Return the rounds to which the institute may bring a result now, the next to open first."""
    rows = session.scalars(
        select(RoundRow)
        .join(RoundMarketRow, RoundMarketRow.round_id == RoundRow.id)
        .join(OrganisationRow, OrganisationRow.market_key == RoundMarketRow.market_key)
        .where(
            OrganisationRow.id == institute_id,
            RoundRow.copy_of_id.is_(None),
            (RoundRow.phase == Phase.DRAFT) | ((RoundRow.phase == Phase.PUBLISHED) & (RoundRow.registration_closes_at > now)),
        )
        .order_by(RoundRow.opens_at, RoundRow.id)
    )
    return tuple(
        RoundChoice(
            id=row.id,
            title=row.title,
            opens_at=row.opens_at,
            registration_closes_at=row.registration_closes_at,
            rehearsal=row.rehearsal,
        )
        for row in rows
    )
