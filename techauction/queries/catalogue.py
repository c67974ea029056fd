"""A round's lots as everybody may see them: by field, filtered and searched."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, contains_eager

from techauction.core.lot import Stage
from techauction.core.names import Name
from techauction.core.outcome import Ending
from techauction.queries.paging import Columns, Paging, cut
from techauction.queries.rounds import MoneyTerms, RoundHead, Totals, head_of, money_terms_of, public_round, totals_of
from techauction.queries.sale import PLACE, Sale, sale_of
from techauction.queries.viewing import ANYBODY, LISTED, Viewer
from techauction.store.auction import OutcomeRow
from techauction.store.consigning import LotRow, ResultRow
from techauction.store.people import FieldRow, MarketRow, OrganisationRow

LOTS_A_PAGE = 24
_MOST_WORDS = 8


class Shown(StrEnum):
    """The states of a lot between which a reader of the catalogue may choose."""

    UPCOMING = "upcoming"
    OPEN = "open"
    STOPPED = "stopped"
    SOLD = "sold"
    UNSOLD = "unsold"


@dataclass(frozen=True, slots=True)
class FilterValue:
    """One value of a filter, its name, and how many of the round's lots have it."""

    key: str
    name: Name
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LotTile:
    """A lot in a list, with its price."""

    number: int
    title: Name
    field: Name
    field_key: str
    field_position: int
    institute: Name
    market: Name
    reserve_announced: bool
    takes_bids: bool
    sale: Sale


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundPage:
    """A round and those of its lots that were asked for."""

    head: RoundHead
    totals: Totals
    terms: MoneyTerms
    fields: tuple[FilterValue, ...]
    markets: tuple[FilterValue, ...]
    stages: tuple[tuple[Shown, int], ...]
    lots: tuple[LotTile, ...]
    paging: Paging


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which of a round's lots are asked for; empty asks for all."""

    words: str = ""
    field: str = ""
    market: str = ""
    stage: Shown | None = None


def round_page(
    session: Session, slug: str, sought: Sought, *, page: int, now: datetime, viewer: Viewer = ANYBODY
) -> RoundPage | None:
    """Return a round with its lots by field, or nothing if the viewer may see none of that name."""
    row = public_round(session, slug, viewer=viewer)
    if row is None:
        return None
    lots = tiles().where(LotRow.round_id == row.id, *_conditions(sought)).order_by(FieldRow.position, LotRow.number)
    statement, paging = cut(session, lots, number=page, size=LOTS_A_PAGE)
    return RoundPage(
        head=head_of(row),
        totals=totals_of(session, [row.id])[row.id],
        terms=money_terms_of(row),
        fields=_choices(session, row.id, FieldRow, ResultRow.field_key),
        markets=_choices(session, row.id, MarketRow, LotRow.market_key),
        stages=_stages(session, row.id),
        lots=tuple(tile_of(*found, now=now) for found in session.execute(statement)),
        paging=paging,
    )


def with_tiles(statement: Select[*Columns]) -> Select[*Columns]:
    """Return the statement, which selects lots, of those that are listed; what their tiles take is joined and loaded."""
    return (
        statement.join(LotRow.round)
        .join(LotRow.result)
        .join(ResultRow.field)
        .join(ResultRow.institute)
        .join(LotRow.market)
        .outerjoin(OutcomeRow, OutcomeRow.lot_id == LotRow.id)
        .where(LISTED)
        .options(
            contains_eager(LotRow.round),
            contains_eager(LotRow.result).contains_eager(ResultRow.field),
            contains_eager(LotRow.result).contains_eager(ResultRow.institute),
            contains_eager(LotRow.market),
        )
    )


def tiles() -> Select[LotRow, OutcomeRow, int]:
    """Return listed lots as `tile_of` takes them: each lot, its outcome, its place."""
    return with_tiles(select(LotRow, OutcomeRow, PLACE))


def tiles_of_round(round_id: int) -> Select[LotRow, OutcomeRow, int]:
    """Return the same of one round's lots, by number."""
    return tiles().where(LotRow.round_id == round_id).order_by(LotRow.number)


def tile_of(lot: LotRow, outcome: OutcomeRow | None, place: int, *, now: datetime) -> LotTile:
    """Return a lot as a list shows it."""
    assert lot.number is not None
    result, sale = lot.result, sale_of(lot, outcome, place)
    return LotTile(
        number=lot.number,
        title=result.title,
        field=result.field.name,
        field_key=result.field_key,
        field_position=result.field.position,
        institute=result.institute.name,
        market=lot.market.name,
        reserve_announced=lot.reserve_announced,
        takes_bids=sale.stage is Stage.OPEN and not sale.held and sale.opens_at <= now < sale.closes_at,
        sale=sale,
    )


def _choices(
    session: Session, round_id: int, kind: type[FieldRow | MarketRow], column: InstrumentedAttribute[str]
) -> tuple[FilterValue, ...]:
    rows = session.execute(
        select(kind.key, kind.name_zh, kind.name_en, func.count())
        .select_from(LotRow)
        .join(LotRow.result)
        .join(kind, kind.key == column)
        .where(LotRow.round_id == round_id, LISTED)
        .group_by(kind.key, kind.name_zh, kind.name_en, kind.position)
        .order_by(kind.position)
    )
    return tuple(FilterValue(key, Name(zh, en), count) for key, zh, en, count in rows)


def _stages(session: Session, round_id: int) -> tuple[tuple[Shown, int], ...]:
    counts = session.execute(
        select(*(func.count(case((_is(shown), 1))) for shown in Shown))
        .select_from(LotRow)
        .outerjoin(OutcomeRow, OutcomeRow.lot_id == LotRow.id)
        .where(LotRow.round_id == round_id, LISTED)
    ).one()
    return tuple((shown, count) for shown, count in zip(Shown, counts, strict=True) if count)


def _is(shown: Shown) -> ColumnElement[bool]:
    match shown:
        case Shown.UPCOMING:
            return LotRow.stage == Stage.LISTED
        case Shown.OPEN:
            return LotRow.stage == Stage.OPEN
        case Shown.STOPPED:
            return LotRow.stage.in_((Stage.PAUSED, Stage.INTERRUPTED))
        case Shown.SOLD:
            return OutcomeRow.ending.in_((Ending.SOLD, Ending.AGREED))
        case Shown.UNSOLD:
            return and_(LotRow.stage == Stage.ENDED, OutcomeRow.ending.not_in((Ending.SOLD, Ending.AGREED)))


def _conditions(sought: Sought) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if sought.field:
        found.append(ResultRow.field_key == sought.field)
    if sought.market:
        found.append(LotRow.market_key == sought.market)
    if sought.stage is not None:
        found.append(_is(sought.stage))
    words = unicodedata.normalize("NFKC", sought.words).split()
    searched = (
        ResultRow.title_zh,
        ResultRow.title_en,
        ResultRow.summary_zh,
        ResultRow.summary_en,
        OrganisationRow.name_zh,
        OrganisationRow.name_en,
    )
    found += [or_(false(), *(column.icontains(word, autoescape=True) for column in searched)) for word in words[:_MOST_WORDS]]
    return found
