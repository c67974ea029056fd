"""A draft as its host decides about it: what its page shows of its terms and lots, for marks to be made of."""

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from techauction.core.lot import Stage
from techauction.core.seen import values_of
from techauction.store.consigning import LotRow, RoundRow

LOT = "lot_"
"""What the value of each lot is called, before its number."""


def shown(session: Session, row: RoundRow) -> dict[str, object]:
    """Return the draft's terms by name, the numbers of its `lots`, and under `lot_<number>` all that is said of each."""
    lots = session.scalars(
        select(LotRow)
        .where(LotRow.round_id == row.id, LotRow.stage == Stage.LISTED)
        .order_by(LotRow.number)
        .options(selectinload(LotRow.result))
    ).all()
    numbers = tuple(lot.number for lot in lots)
    return values_of(row.planned()) | {"lots": numbers} | {f"{LOT}{lot.number}": _said(lot) for lot in lots}


def _said(lot: LotRow) -> str:
    values = values_of(lot.terms(), lot.result.as_described()) | {"format": lot.format.value, "result": lot.result_id}
    return "\n".join(f"{name}={'' if value is None else value}" for name, value in values.items())
