"""What a round's lots are, beside what the record says of their sale."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.names import Name
from techauction.reports.parties import Party, institute_of, market_of
from techauction.store.consigning import LotRow, ResultRow
from techauction.store.people import FieldRow, MarketRow, OrganisationRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What a lot is, where it is listed and whose it is."""

    lot: int
    title: Name
    field: Name
    market: Party
    institute: Party


def described_lots(session: Session, round_id: int) -> Iterator[Described]:
    """Yield what each lot of the round is."""
    rows = session.execute(
        select(LotRow.id, ResultRow, FieldRow, MarketRow, OrganisationRow)
        .join(ResultRow, LotRow.result_id == ResultRow.id)
        .join(FieldRow, ResultRow.field_key == FieldRow.key)
        .join(MarketRow, LotRow.market_key == MarketRow.key)
        .join(OrganisationRow, ResultRow.institute_id == OrganisationRow.id)
        .where(LotRow.round_id == round_id)
    )
    for lot_id, result, field, market, institute in rows:
        yield Described(
            lot=lot_id,
            title=result.title,
            field=field.name,
            market=market_of(market),
            institute=institute_of(institute),
        )
