"""Watching: lots that somebody wants to keep in sight."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from techauction.core.bidding import NoSuchLot
from techauction.core.lot import Stage
from techauction.store.consigning import LotRow, RoundRow, WatchRow
from techauction.store.people import UserRow


def watch(session: Session, *, user_id: int, lot_id: int) -> None:
    """Put a public lot on the user's watch list; twice does no harm.

    :raises NoSuchLot: no such lot was announced
    """
    session.get_one(UserRow, user_id, with_for_update=True)  # two clicks at once are one
    announced = session.scalar(
        select(LotRow.id)
        .join(RoundRow, LotRow.round_id == RoundRow.id)
        .where(
            LotRow.id == lot_id,
            LotRow.number.is_not(None),
            LotRow.stage.not_in((Stage.SUBMITTED, Stage.RETURNED)),
            RoundRow.published_at.is_not(None),
        )
    )
    if announced is None:
        raise NoSuchLot
    if session.get(WatchRow, (user_id, lot_id)) is None:
        session.add(WatchRow(user_id=user_id, lot_id=lot_id))


def unwatch(session: Session, *, user_id: int, lot_id: int) -> None:
    """Take a lot off the user's watch list, if it is there."""
    session.execute(delete(WatchRow).where(WatchRow.user_id == user_id, WatchRow.lot_id == lot_id))
