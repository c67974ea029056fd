"""Watching: lots that somebody wants to keep in sight."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from techauction.core.bidding import NoSuchLot
from techauction.store.consigning import LotRow, WatchRow
from techauction.store.people import Role, UserRow
from techauction.store.viewing import LISTED, Viewer, visible_to


def watch(session: Session, *, user_id: int, lot_id: int) -> None:
    """Put a lot that the user may see on its watch list; twice does no harm.

    :raises NoSuchLot: there is no such lot, or it is not the user's to see
    """
    user = session.get_one(UserRow, user_id, with_for_update=True)  # two clicks at once are one
    viewer = Viewer(user.market_key if user.role is Role.ORGANIZER else None, user.organisation_id)
    seen = select(LotRow.id).join(LotRow.round).where(LotRow.id == lot_id, LISTED, visible_to(viewer))
    if session.scalar(seen) is None:
        raise NoSuchLot
    if session.get(WatchRow, (user_id, lot_id)) is None:
        session.add(WatchRow(user_id=user_id, lot_id=lot_id))


def unwatch(session: Session, *, user_id: int, lot_id: int) -> None:
    """Take a lot off the user's watch list, if it is there."""
    session.execute(delete(WatchRow).where(WatchRow.user_id == user_id, WatchRow.lot_id == lot_id))
