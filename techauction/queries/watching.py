"""The lots that a user watches."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, exists, false, select
from sqlalchemy.orm import Session

from techauction.core.lot import Stage
from techauction.core.names import Name
from techauction.queries.catalogue import LotTile, tile_of, with_tiles
from techauction.queries.paging import Paging, cut
from techauction.queries.sale import PLACE
from techauction.queries.viewing import PUBLIC
from techauction.store.auction import AdmissionRow, OutcomeRow, PaddleRow, SealedBidRow
from techauction.store.consigning import LotRow, WatchRow

LOTS_A_PAGE = 24
IN_ORDER: ColumnElement[int] = case(
    (LotRow.stage.in_((Stage.OPEN, Stage.PAUSED, Stage.INTERRUPTED)), 0), (LotRow.stage == Stage.LISTED, 1), else_=2
)
"""Lots being sold come first, then those that will be."""
SEALED: ColumnElement[bool] = (
    exists().where(SealedBidRow.lot_id == LotRow.id, SealedBidRow.paddle_id == PaddleRow.id).correlate(LotRow, PaddleRow)
)
"""Whether the paddle has made a sealed offer for the lot: nothing that everybody sees says who has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedLot:
    """A lot on a watch list; with the reader's paddle, where that is admitted to it."""

    slug: str
    round_title: Name
    rehearsal: bool
    synthetic: bool
    paddle: int | None
    has_bid: bool
    tile: LotTile


@dataclass(frozen=True, slots=True)
class WatchedPage:
    """A watch list: lots being sold first, the next to close at the head."""

    lots: tuple[WatchedLot, ...]
    paging: Paging


def watched(session: Session, *, user_id: int, organisation_id: int | None, page: int, now: datetime) -> WatchedPage:
    """Return the lots that the user watches; the organisation's own paddles are marked."""
    of_mine = PaddleRow.round_id == LotRow.round_id
    of_mine &= false() if organisation_id is None else PaddleRow.organisation_id == organisation_id
    statement = (
        with_tiles(select(LotRow, OutcomeRow, PLACE, PaddleRow.number, AdmissionRow.id.is_not(None), SEALED))
        .join(WatchRow, WatchRow.lot_id == LotRow.id)
        .outerjoin(PaddleRow, of_mine)
        .outerjoin(AdmissionRow, (AdmissionRow.paddle_id == PaddleRow.id) & (AdmissionRow.lot_id == LotRow.id))
        .where(WatchRow.user_id == user_id, PUBLIC)
        .order_by(IN_ORDER, LotRow.closes_at, LotRow.number, LotRow.id)
    )
    statement, paging = cut(session, statement, number=page, size=LOTS_A_PAGE)
    lots = tuple(
        WatchedLot(
            slug=lot.round.slug,
            round_title=lot.round.title,
            rehearsal=lot.round.rehearsal,
            synthetic=lot.round.synthetic,
            paddle=paddle if admitted else None,
            has_bid=admitted and (sealed or paddle in lot.bidders),
            tile=tile_of(lot, outcome, place, now=now),
        )
        for lot, outcome, place, paddle, admitted, sealed in session.execute(statement)
    )
    return WatchedPage(lots, paging)


def watches(session: Session, *, user_id: int, lot_id: int) -> bool:
    """Return whether the user watches the lot."""
    return session.get(WatchRow, (user_id, lot_id)) is not None
