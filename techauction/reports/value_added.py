"""The value-added report: what a round brought over its start prices, from the record of its sale."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from techauction.core.money import ZERO
from techauction.core.names import Name
from techauction.core.value_added import AnnouncedLot, ValueAdded, add_up
from techauction.reports.recorded import RecordedLot, find_round, recorded_lots
from techauction.store.auction import PaddleRow
from techauction.store.consigning import LotRow, ResultRow
from techauction.store.people import FieldRow, MarketRow, OrganisationRow

GROUPINGS = ("field", "market", "institute")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The lots of one field, market or institute, added up."""

    key: str
    name: Name
    sums: ValueAdded


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueAddedReport:
    """A round's report. `enterprises` counts the paddles issued; a group's counts the paddles that bid in it."""

    slug: str
    title: Name
    synthetic: bool
    rehearsal: bool
    enterprises: int
    totals: ValueAdded
    by: dict[str, list[Group]]


def compile_report(session: Session, slug: str) -> ValueAddedReport:
    """Return the round's value-added report.

    :raises NoSuch: there is no such round
    """
    row = find_round(session, slug)
    lots = [lot for lot in recorded_lots(session, row.id) if lot.head is not None]
    places = _places(session, row.id)
    paddles = select(func.count()).where(PaddleRow.round_id == row.id, PaddleRow.issued_at.is_not(None))
    return ValueAddedReport(
        slug=row.slug,
        title=row.title,
        synthetic=row.synthetic,
        rehearsal=row.rehearsal,
        enterprises=session.scalars(paddles).one(),
        totals=add_up(map(announced, lots)),
        by={each: _groups(lots, places, each) for each in GROUPINGS},
    )


def report(session: Session, slug: str) -> dict[str, Any]:
    """Return the round's value-added report as JSON values.

    :raises NoSuch: there is no such round
    """
    return as_json(compile_report(session, slug))


def as_json(compiled: ValueAddedReport) -> dict[str, Any]:
    """Return a report as JSON values, sums as integer fen."""
    return {
        "round": compiled.slug,
        "totals": _sums(compiled.totals, compiled.enterprises),
        "by": {
            grouping: [
                {"key": group.key, "name_zh": group.name.zh, "name_en": group.name.en}
                | _sums(group.sums, group.sums.enterprises)
                for group in groups
            ]
            for grouping, groups in compiled.by.items()
        },
    }


def announced(lot: RecordedLot) -> AnnouncedLot:
    """Return a recorded lot as the sums need it."""
    return AnnouncedLot(start=lot.start or ZERO, ending=lot.ending, price=lot.price, bids=lot.bids, bidders=lot.bidders)


def _sums(sums: ValueAdded, enterprises: int) -> dict[str, int | str]:
    return {
        "lots_offered": sums.lots_offered,
        "lots_sold": sums.lots_sold,
        "lots_agreed": sums.lots_agreed,
        "lots_void": sums.lots_void,
        "start_fen": sums.start.minor,
        "sold_start_fen": sums.sold_start.minor,
        "hammer_fen": sums.hammer.minor,
        "value_added_fen": sums.value_added.minor,
        "value_added_rate": sums.value_added_rate,
        "enterprises": enterprises,
        "bids": sums.bids,
    }


@dataclass(frozen=True, order=True, slots=True)
class _Place:
    """Where a lot belongs in one grouping; groups stand in this order."""

    position: int
    key: str
    name: Name


def _places(session: Session, round_id: int) -> dict[int, dict[str, _Place]]:
    rows = session.execute(
        select(LotRow.id, LotRow.number, FieldRow, MarketRow, OrganisationRow)
        .join(ResultRow, LotRow.result_id == ResultRow.id)
        .join(FieldRow, ResultRow.field_key == FieldRow.key)
        .join(MarketRow, LotRow.market_key == MarketRow.key)
        .join(OrganisationRow, ResultRow.institute_id == OrganisationRow.id)
        .where(LotRow.round_id == round_id, LotRow.number.is_not(None))
        .order_by(LotRow.number)
    )
    first: dict[str, int] = {}
    return {
        lot_id: {
            "field": _Place(field.position, field.key, field.name),
            "market": _Place(market.position, market.key, market.name),
            # Institutes have no order of their own: they stand in that of their first lots.
            "institute": _Place(
                first.setdefault(institute.credit_code, number or 0),
                institute.credit_code,
                institute.name,
            ),
        }
        for lot_id, number, field, market, institute in rows
    }


def _groups(lots: Iterable[RecordedLot], places: dict[int, dict[str, _Place]], grouping: str) -> list[Group]:
    together: dict[_Place, list[RecordedLot]] = defaultdict(list)
    for lot in lots:
        together[places[lot.id][grouping]].append(lot)
    return [Group(key=place.key, name=place.name, sums=add_up(map(announced, together[place]))) for place in sorted(together)]
