"""Sweeping away what a broken load has left, a few rows at a time. It may be broken off at any point, and begun again."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from techauction.core.refusal import NoSuch
from techauction.services.discarding import AT_ONCE, rows_of
from techauction.store.consigning import LotRow, ResultRow, RoundRow
from techauction.store.loading import LOADING
from techauction.store.people import OrganisationRow


def left(session: Session) -> list[int]:
    """Return the rounds that are being loaded, or were when their load was broken off."""
    return list(session.scalars(select(RoundRow.id).where(LOADING).order_by(RoundRow.id)))


def sweep_some(session: Session, *, round_id: int, most: int = AT_ONCE) -> bool:
    """Delete at most so many rows of a load that nobody goes on with, and return whether there may be more.

    :raises NoSuch: there is no such load
    """
    row = session.get(RoundRow, round_id, with_for_update={"of": RoundRow}, populate_existing=True)
    if row is None or not row.is_loading:
        raise NoSuch
    brought = select(OrganisationRow.id).where(OrganisationRow.loaded_with_id == round_id)
    for key, its in rows_of(round_id, brought):
        some = session.scalars(select(key).where(its).limit(most)).all()
        if not some:
            continue
        results = session.scalars(select(LotRow.result_id).where(key.in_(some))).all() if key is LotRow.id else []
        session.execute(delete(key.class_).where(key.in_(some), its).execution_options(synchronize_session=False))
        session.execute(delete(ResultRow).where(ResultRow.id.in_(results)).execution_options(synchronize_session=False))
        return True
    session.expunge(row)
    session.execute(delete(RoundRow).where(RoundRow.id == round_id, LOADING))
    return False
